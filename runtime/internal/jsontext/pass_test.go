package jsontext

import (
	"strings"
	"testing"
)

// FuzzPass: what is passed over the tape takes, up to the same place, and its
// numbers are within bounds.
func FuzzPass(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,2.5e-3,"\u00e9\\"],"":null} `, `01`, `-`, `[1,]`, `{"a"}`, "\"\x01\"", `tru`, `1.`, "[\x00]", "\"\xff\"", `{}x`, `{"a" : [ ] , "b":{ } }`,
		`1e999999999`, `-1E-12345678`, `"ü\"é"`, `[-0.0,"\ud800"]`, strings.Repeat("[", 120) + strings.Repeat("]", 120), strings.Repeat("9", 1001), `"\u12`, `[1 2]`, `{"a":1,}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		end := Pass(data, 0)
		if end == Bad {
			return
		}
		tp := Tape{}
		if err := tp.Reset(data[:end]); err != nil {
			t.Fatal(err)
		}
		if ok, err := tp.Root(); !ok || err != nil || tp.pos != end {
			t.Fatalf("%q: passed up to byte %d, and the tape to %d: %v", data, end, tp.pos, err)
		}
		for n := range tp.Nodes {
			if k := tp.Nodes[n].Token; k == Int || k == Float {
				if _, err := tp.Float(n, 64); err != nil {
					t.Fatalf("%q: %v", data, err)
				}
			}
		}
	})
}

// TestPass: what is common is passed over.
func TestPass(t *testing.T) {
	for _, s := range []string{`{"a":[1,-2.5e-3,"\u00e9\\"],"":null,"x":{ }}`, `"ü"`, `[ true , false ]`, `-0`, `1.0E10`} {
		if got := Pass([]byte(s+","), 0); got != len(s) {
			t.Errorf("%s: passed up to byte %d of %d", s, got, len(s))
		}
	}
}

// BenchmarkPass is what is passed over beside the tape.
func BenchmarkPass(b *testing.B) {
	text := []byte("[" + strings.TrimSuffix(strings.Repeat(`{"name":"some text","number":12345,"more":[1.5,"x",null]},`, 100), ",") + "]")
	b.Run("pass", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if Pass(text, 0) != len(text) {
				b.Fatal("not passed")
			}
		}
	})
	b.Run("tape", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		tp := Tape{}
		for b.Loop() {
			if err := tp.Reset(text); err != nil {
				b.Fatal(err)
			}
			if _, err := tp.Root(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
