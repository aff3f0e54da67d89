package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A record is the same whether kcgen or Java has written it.
func TestFields(t *testing.T) {
	const want = "amount=12.25\ncard=\ncustomer=Ada\npaid=true\ntags=[web, new]"
	for _, text := range []string{
		`{"customer":"Ada","amount":12.25,"paid":true,"card":"","tags":["web","new"]}`,
		`{amount=12.25, tags=[web, new], card=, paid=true, customer=Ada}`,
		`Struct{customer=Ada,amount=12.25,paid=true,card=,tags=[web, new]}`,
	} {
		got, err := fields([]byte(text))
		if err != nil || string(got) != want {
			t.Errorf("%s has the fields\n%s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", `{"a":`, "Struct"} {
		if _, err := fields([]byte(text)); err == nil {
			t.Errorf("%q has fields", text)
		}
	}
}

func TestBehindID(t *testing.T) {
	got, err := behindID([]byte("\x00\x00\x00\x00\x07data"))
	if err != nil || string(got) != "data" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := behindID([]byte("{}")); err == nil {
		t.Error("a record without an id has one")
	}
}

// Lines whose ends stand in the wrong places are the same lines.
func TestPieces(t *testing.T) {
	a, b := strings.Repeat("a", pieceSize), strings.Repeat("b", pieceSize)
	right, err := pieces(strings.NewReader(a + "\n" + b + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	mixed, err := pieces(strings.NewReader(b + a + "\n\n"))
	if err != nil || mixed.n != 2 || mixed.set != right.set || mixed.chain == right.chain {
		t.Errorf("%+v and %+v, %v", right, mixed, err)
	}
}

func TestLineCounter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	c := lineCounter{path: path}
	defer c.close()
	var text string
	for i, more := range []string{"", "one", "\ntwo\n", strings.Repeat("x\n", 1<<20)} {
		if i > 0 {
			text += more
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := c.count(); err != nil || n != strings.Count(text, "\n") {
			t.Errorf("step %d: %d lines, %v", i, n, err)
		}
	}
}
