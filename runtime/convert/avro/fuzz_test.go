package avro

import (
	"encoding/hex"
	"testing"
	"unicode/utf8"

	"kcgen.dev/runtime/connect"
)

// FuzzParseSchema holds that any text is a schema or an error, and that what
// becomes of a schema can be written again.
func FuzzParseSchema(f *testing.F) {
	for _, v := range readVectors(f) {
		f.Add(v.Writer + v.Text)
	}
	o := plainConverter().options()
	f.Fuzz(func(t *testing.T, in string) {
		s, err := ParseSchema(in, "")
		if err != nil || s == nil {
			return
		}
		own, err := o.avroSchema(s)
		if err != nil {
			return
		}
		if again, err := text(own); err == nil && !utf8.ValidString(again) {
			t.Fatalf("text %q", again)
		}
	})
}

// FuzzDecode holds that any bytes are data or an error, under a schema and its
// successor, and that what is read can be written and read again.
func FuzzDecode(f *testing.F) {
	var texts []string
	for _, v := range readVectors(f) {
		if v.Op == "decode" && v.Bytes != nil && v.Reader == "" {
			raw, _ := hex.DecodeString(*v.Bytes)
			f.Add(uint16(len(texts)), raw)
			texts = append(texts, v.Writer)
		}
	}
	o := plainConverter().options()
	f.Fuzz(func(t *testing.T, which uint16, data []byte) {
		if int(which) >= len(texts) {
			return
		}
		w, err := parse(texts[which], nil)
		if err != nil {
			return
		}
		s, err := o.connectSchema(w)
		if err != nil {
			return
		}
		plan, err := o.resolve(w, w, s, false)
		if err != nil {
			t.Fatal(err)
		}
		c := &codec{options: o}
		v, err := c.read(&reader{schema: s, plan: plan, raw: w.kind == kindBytes}, data, 0)
		if err != nil {
			return
		}
		if err := connect.Validate(s, v); err != nil {
			t.Fatalf("read %v, which is no %v: %v", v, s, err)
		}
		skip := &decoder{}
		skip.reset(data, 0)
		if err := skip.skip(w, 0); err != nil && w.kind != kindBytes {
			t.Fatalf("what is read cannot be passed over: %v", err)
		}
	})
}
