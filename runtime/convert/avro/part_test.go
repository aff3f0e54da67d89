package avro

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

// parted compares what a plan for some fields makes of data with what the whole
// plan makes of them, and reports whether there are such data.
func parted(t *testing.T, w, as *schema, reading connect.Reading, data []byte) bool {
	t.Helper()
	o := plainConverter().options()
	s, err := o.connectSchema(as)
	if err != nil || s == nil {
		return false
	}
	plan, err := o.resolve(w, as, s, false)
	if err != nil {
		return false
	}
	c := &codec{options: o}
	r := &reader{schema: s, plan: plan, raw: w.kind == kindBytes}
	if r.less = r.part(reading); r.less == nil {
		return false
	}
	all, err := c.read(r, data, 0)
	some, ok := c.readPart(r, data, 0)
	if ok != (err == nil && !all.IsNull()) {
		t.Fatalf("%x under %s: %v %v, but in part: %v", data, w, all, err, ok)
	}
	if !ok {
		return true
	}
	if err := connect.Validate(some.Schema, some.Value); err != nil {
		t.Fatal(err)
	}
	for i, f := range some.Schema.Fields() {
		if want := all.Struct().Slots[s.FieldIndex(f.Name)]; !some.Value.Struct().Slots[i].Equal(want) {
			t.Fatalf("%x under %s: field %s is %v, want %v", data, w, f.Name, some.Value.Struct().Slots[i], want)
		}
	}
	return true
}

// FuzzPart holds that any bytes are refused in part where they are refused as a
// whole, under the recorded schemas.
func FuzzPart(f *testing.F) {
	var texts [][2]string
	for _, v := range readVectors(f) {
		if v.Op == "decode" && v.Bytes != nil {
			raw, _ := hex.DecodeString(*v.Bytes)
			f.Add(uint16(len(texts)), "a,id", true, raw)
			f.Add(uint16(len(texts)), "", false, raw)
			reader := v.Reader
			if reader == "" {
				reader = v.Writer
			}
			texts = append(texts, [2]string{v.Writer, reader})
		}
	}
	f.Fuzz(func(t *testing.T, which uint16, names string, only bool, data []byte) {
		if int(which) >= len(texts) {
			return
		}
		w, err := parse(texts[which][0], nil)
		as, err2 := parse(texts[which][1], nil)
		if err != nil || err2 != nil {
			return
		}
		reading := connect.Reading{Except: strings.Split(names, ",")}
		if only {
			reading = connect.Reading{Only: reading.Except}
		}
		parted(t, w, as, reading, data)
	})
}

// TestPartRandom is the same with random data of random schemas, whole and
// damaged.
func TestPartRandom(t *testing.T) {
	m := &maker{Rand: rand.New(rand.NewPCG(7, 8))}
	readings := []connect.Reading{{Only: []string{"f0", "f3"}}, {Except: []string{"f1", "f2"}}, {Only: []string{}}, {Except: []string{"f0", "f1", "f3", "f4"}}}
	parts := 0
	for i := range 3000 {
		m.named = 0
		w := m.written(t, m.record(4))
		a, err := parse(w.text, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if parted(t, a, a, readings[i%4], w.data) {
				parts++
			}
			if len(w.data) == 0 {
				break
			}
			w.data[m.IntN(len(w.data))] = byte(m.IntN(256))
			w.data = w.data[:len(w.data)-m.IntN(2)]
		}
	}
	t.Logf("%d were read in part", parts)
	if parts < 3000 {
		t.Error("too few")
	}
}
