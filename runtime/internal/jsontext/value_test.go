package jsontext

import "testing"

func TestSpecials(t *testing.T) {
	for _, word := range specials {
		tp := Tape{Specials: true}
		if err := tp.Reset([]byte(`{"a":` + word + `}`)); err != nil {
			t.Fatal(err)
		}
		if ok, err := tp.Root(); !ok || err != nil || !tp.Is(2, Special) || string(tp.Raw(2)) != word {
			t.Errorf("%s: %v", word, err)
		}
		tp.Specials = false
		_ = tp.Reset([]byte(word))
		if _, err := tp.Root(); err == nil {
			t.Errorf("%s is taken for JSON", word)
		}
	}
}

func TestAppend(t *testing.T) {
	const in = "a\"\n\x01é😀\xff"
	if got, want := string(AppendString(nil, []byte(in))), `"a\"\n\u0001é\uD83D\uDE00`+"\uFFFD\""; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := string(AppendText(nil, []byte(in))), `"a\"\n\u0001é😀`+"\uFFFD\""; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
