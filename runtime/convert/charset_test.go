package convert_test

import (
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
)

// TestCharsets has what Java's String.getBytes and new String give.
func TestCharsets(t *testing.T) {
	for _, c := range []struct{ set, text, bytes, back string }{
		{"UTF-8", "é\xff", "é\xff", "é\xff"},
		{"US-ASCII", "aé😀\xff", "a???", "a???"},
		{"ISO-8859-1", "é€😀", "\xe9??", "é??"},
		{"UTF-16", "", "", ""},
		{"UTF-16", "a😀", "\xfe\xff\x00a\xd8\x3d\xde\x00", "a😀"},
		{"UTF-16BE", "a", "\x00a", "a"},
		{"UTF-16LE", "a😀", "a\x00\x3d\xd8\x00\xde", "a😀"},
	} {
		codec := open(t, convert.String{Encoding: c.set})
		var buf connect.Buffer
		got, err := codec.Encode(&buf, "t", connect.Datum{Value: connect.String(c.text)})
		if err != nil || string(got) != c.bytes {
			t.Errorf("%s: %q is written %q, %v, want %q", c.set, c.text, got, err, c.bytes)
		}
		if d, err := codec.Decode("t", []byte(c.bytes)); err != nil || d.Value.Str() != c.back {
			t.Errorf("%s: %q is read %q, %v, want %q", c.set, c.bytes, d.Value.Str(), err, c.back)
		}
	}
	for _, c := range []struct{ set, bytes, text string }{
		{"US-ASCII", "a\x80", "a\uFFFD"},
		{"UTF-16", "\xff\xfea\x00", "a"},
		{"UTF-16", "\x00a\x00", "a\uFFFD"},
		{"UTF-16", "\xd8\x3d\x00a", "\uFFFDa"},
		{"UTF-16BE", "\xde\x00\x00a", "\uFFFDa"},
		{"UTF-16LE", "\xff\xfea\x00", "\uFEFFa"},
	} {
		d, err := open(t, convert.String{Encoding: c.set}).Decode("t", []byte(c.bytes))
		if err != nil || d.Value.Str() != c.text {
			t.Errorf("%s: %q is read %q, %v, want %q", c.set, c.bytes, d.Value.Str(), err, c.text)
		}
	}
	var buf connect.Buffer
	if out, err := open(t, convert.String{Encoding: "UTF-16"}).Encode(&buf, "t", connect.Datum{}); out != nil || err != nil {
		t.Errorf("null became %q, %v", out, err)
	}
}
