package jsontext

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-faster/jx"
)

// FuzzTape: under strict the tape takes exactly what another strict parser
// takes, our limits apart.
func FuzzTape(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e-3,"\u00e9\\"],"":null}`, `01`, `-`, `[1,]`, `{"a"}`, "\"\x01\"", `tru`, `1.`, "[\x00]", "\"\xff\"", `{}x`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tp := Tape{Strict: true}
		if err := tp.Reset(data); err != nil {
			t.Fatal(err)
		}
		ok, err := tp.Root()
		if err != nil && (strings.Contains(err.Error(), "levels") || strings.Contains(err.Error(), "number of more")) {
			return
		}
		if got, want := ok && err == nil, jx.Valid(data) && utf8.Valid(data); got != want {
			t.Fatalf("taken: %v (%v), by jx: %v", got, err, want)
		}
		if !ok || err != nil {
			return
		}
		for i, n := range tp.Nodes {
			if int(n.Next) <= i || int(n.Next) > len(tp.Nodes) || n.Start > n.End || int(n.End) > len(data) {
				t.Fatalf("node %d of %d: %+v", i, len(tp.Nodes), n)
			}
		}
	})
}

func TestPlainLen(t *testing.T) {
	for n := range 40 {
		for _, c := range []byte{0, 0x1f, '"', '\\', 0x80, 0xff} {
			for _, filler := range []byte{' ', '!', '#', '[', ']', 'a', 0x7e, 0x7f} {
				s := append([]byte(strings.Repeat(string(rune(filler)), n)), c, '"', filler)
				if got := PlainLen(s); got != n {
					t.Fatalf("%q: %d, want %d", s, got, n)
				}
			}
		}
	}
}

// TestAppendString puts what is not plain at each place of texts of each
// length.
func TestAppendString(t *testing.T) {
	for n := range 40 {
		for at := range n + 1 {
			plain := strings.Repeat("x", n)
			for in, out := range map[string]string{"": "", `"`: `\"`, "\n": `\n`, "ä": "ä", "\x1f": `\u001F`} {
				got := string(AppendString([]byte("before"), []byte(plain[:at]+in+plain[at:])))
				if want := `before"` + plain[:at] + out + plain[at:] + `"`; got != want {
					t.Fatalf("%q at %d of %d: %s, want %s", in, at, n, got, want)
				}
			}
		}
	}
}
