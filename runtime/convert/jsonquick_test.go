package convert

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"kcgen.dev/runtime/connect"
)

// FuzzQuick reads a message by a reader that has seen another one (so that it
// guesses) and by one that has not: both say the same.
func FuzzQuick(f *testing.F) {
	for _, s := range [][2]string{
		{`{"a":1,"b":"x"}`, `{"a":-2,"b":"y"}`},
		{`{"a":1,"b":"x"}`, `{"a":1,"b":"x\n"}`},
		{`{"a":1,"b":"x"}`, `{"a":1,"a":"x"}`},
		{`{"a":1,"a":2}`, `{"a":1,"a":3}`},
		{`{"a":1.5}`, `{"a":-0.0}`},
		{`{"a":1.5}`, `{"a":1.5e3}`},
		{`{"a":1}`, `{"a":007}`},
		{`{"a":1}`, `{"a":12345678901234567890}`},
		{`{"a":1}`, `{"a":999999999999999999}`},
		{`{"a":1}`, `{"a":1x}`},
		{`{"a":1}`, `{"a":1} x`},
		{`{"a":1}`, `{"a":`},
		{`{"a":"ä"}`, `{"a":"ü€"}`},
		{`{"a":"ä"}`, "{\"a\":\"\xff\"}"},
		{`{"a":"ä"}`, "{\"a\":\"ä\x01\"}"},
		{`{"a":"ä"}`, `{"a":"ä\"b"}`},
		{`{ "a" : 1 , "b" : 2 }`, `{ "a" : 3 , "b" : 4 }`},
		{`{ "a" : 1 , "b" : 2 }`, `{"a":3,"b":4}`},
		{`{"a":{"b":1},"c":[1, {"d":true}]}`, `{"a":{"b":null},"c":[2, {"d":false}, {"d":false}]}`},
		{`{"a":{"b":1},"c":[1, {"d":true}]}`, `{"a":{},"c":[]}`},
		{`{}`, `{}`},
		{`{"":1}`, `{"":2}`},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		warm, cold := &jsonReader{}, &jsonReader{}
		for range 2 {
			_, _ = warm.plain([]byte(first), nil)
		}
		got, err := warm.plain([]byte(second), nil)
		want, wantErr := cold.plain([]byte(second), nil)
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("%q behind %q: %v, want %v", second, first, err, wantErr)
		}
		if !got.Equal(want) || got.Value.String() != want.Value.String() {
			t.Fatalf("%q behind %q: %v, want %v", second, first, got.Value, want.Value)
		}
	})
}

// What the guess gives is not changed by the messages that come later.
func TestQuickKeepsNothing(t *testing.T) {
	r := &jsonReader{}
	var all []connect.Value
	for _, s := range []string{`{"a":[1,2],"b":{"c":"x"}}`, `{"a":[3,4],"b":{"c":"y"}}`, `{"a":[5,6],"b":{"c":"z"}}`} {
		d, err := r.plain([]byte(s), nil)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d.Value)
	}
	for i, want := range []string{"x", "y", "z"} {
		m := all[i].Map()
		if got := m.Get("b").Map().Get("c").Str(); got != want || m.Get("a").Array().Elems[0].Int() != int64(1+2*i) {
			t.Errorf("message %d reads %v", i, all[i])
		}
	}
	if all[1].Map().Shared == nil || all[1].Map().Shared != all[2].Map().Shared {
		t.Error("messages of the same names do not share their keys")
	}
}

// Numbers with a point are the nearest float64, as strconv has it.
func TestQuickFractions(t *testing.T) {
	r := &jsonReader{}
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		text := strconv.FormatInt(random.Int64N(1e9), 10) + "." + strconv.FormatInt(random.Int64N(1e6), 10)
		if random.IntN(2) == 0 {
			text = "-" + text
		}
		d, err := r.plain([]byte(`{"a":`+text+`}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := strconv.ParseFloat(text, 64)
		if got := d.Value.Map().Get("a").Float(); got != want {
			t.Fatalf("%s: %v, want %v", text, got, want)
		}
	}
}

// A string is called plain only if nothing of it is escaped when it is written,
// by the guess and by the tape.
func TestPlainStrings(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "x": true, "plain text of some length": true, "a\x7f": true,
		`a\"b`: false, `\u0041`: false, "ä": false, "plain text of some length and €": false,
	} {
		r := &jsonReader{}
		for range 3 {
			d, err := r.plain([]byte(`{"a":"`+text+`"}`), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := d.Value.Map().Get("a").IsPlain(); got != want {
				t.Errorf("%q: %v, want %v", text, got, want)
			}
		}
	}
}
