package cdc

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

func TestNames(t *testing.T) {
	for _, c := range []struct {
		name, mode string
		field      bool
		want       string
	}{
		{"p.shop.a-b", "none", false, "p.shop.a-b"},
		{"p.shop.a-b", "avro", false, "p.shop.a_b"},
		{"1a", "avro", false, "_1a"},
		{"-a", "avro", false, "_a"},
		{"a.b", "avro", true, "a_b"},
		{"a_b-c", "avro_unicode", false, "a_u005fb_u002dc"},
		{"1é😀", "avro_unicode", true, "_u0031_u00e9_ud83d_ude00"},
		{"", "avro", true, ""},
	} {
		adjust, err := newAdjuster(c.mode, c.field)
		if err != nil {
			t.Fatal(err)
		}
		if got := adjust(c.name); got != c.want {
			t.Errorf("%q by %s: %q, want %q", c.name, c.mode, got, c.want)
		}
	}
}

func TestTopics(t *testing.T) {
	catalogs := NewTopics(Options{TopicPrefix: "p"}, true)
	schemas := NewTopics(Options{TopicPrefix: "p"}, false)
	id := TableID{Catalog: "c", Schema: "s", Table: "t ü😀"}
	if got := catalogs.Of(id); got != "p.c.t____" {
		t.Error(got)
	}
	if got := schemas.Of(id); got != "p.s.t____" {
		t.Error(got)
	}
	if got := schemas.Of(TableID{Table: strings.Repeat("x", 300)}); len(got) != 249 {
		t.Error(len(got))
	}
	if schemas.Schema != "p" || schemas.Transaction != "p.transaction" {
		t.Error(schemas)
	}
}

func TestFilter(t *testing.T) {
	f, err := NewFilter(Options{TableIncludeList: []string{`shop\.(a|B)`}, SignalDataCollection: "ops.signals"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"a": true, "A": true, "b": true, "ab": false, "c": false} {
		if f.Table(TableID{Schema: "shop", Table: name}) != want {
			t.Error(name)
		}
	}
	if !f.Table(TableID{Schema: "ops", Table: "signals"}) {
		t.Error("the table of signals is left out")
	}
}

func TestTruncate(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{{"abc", 2, "ab"}, {"abc", 3, "abc"}, {"üüü", 2, "üü"}, {"a😀b", 2, "a?"}, {"a😀b", 3, "a😀"}, {"", 1, ""}} {
		if got := truncate(connect.String(c.text), c.n).Str(); got != c.want {
			t.Errorf("%q to %d: %q, want %q", c.text, c.n, got, c.want)
		}
	}
	if got := truncate(connect.Bytes([]byte("abc")), 2).Raw(); string(got) != "ab" {
		t.Error(got)
	}
}

func TestJavaText(t *testing.T) {
	if got := fmt.Sprintf("%x", javaText(nil, "a\x00😀")); got != "aced0005740009"+"61c080eda0bdedb880" {
		t.Error(got)
	}
}

// TestCounts has the order that java.util.HashMap gives these names in JDK 17.
func TestCounts(t *testing.T) {
	var c counts
	for i := range 20 {
		c.add(fmt.Sprintf("public.table_%d", i), 1)
	}
	var got []string
	for _, n := range c.inOrder() {
		got = append(got, strings.TrimPrefix(n.table, "public.table_"))
	}
	if !slices.Equal(got, hashOrder) {
		t.Errorf("got %q", got)
	}
}

func TestSignals(t *testing.T) {
	for _, c := range []struct{ kind, data, want string }{
		{"execute-snapshot", `{"data-collections": [" public.a ", "b.*"], "type": "INCREMENTAL", "additional-conditions": [{"data-collection": "b.*", "filter": "x = 1"}], "surrogate-key": "u"}`, ""},
		{"execute-snapshot", `{"data-collections": [], "type": "blocking"}`, "names no data-collections"},
		{"execute-snapshot", `{"data-collections": ["a"], "type": "other"}`, "must be incremental or blocking"},
		{"execute-snapshot", `{"data-collections": ["("]}`, "regular expression"},
		{"execute-snapshot", `{`, "no JSON"},
		{"stop-snapshot", ``, ""},
		{"log", `{"message": "hi"}`, ""},
		{"other", `x`, ""},
	} {
		s, err := ParseSignal("id", c.kind, c.data)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s %s: %v", c.kind, c.data, err)
		}
		if s.Type != c.kind || s.Known() != (c.kind != "other") {
			t.Errorf("%+v", s)
		}
	}
	s, _ := ParseSignal("id", "execute-snapshot", `{"data-collections": ["a", "b.*"], "additional-conditions": [{"data-collection": "B1", "filter": "x = 1"}]}`)
	got := fmt.Sprint(s.Of([]string{"b1", "b2", "a"}))
	if got != "[{a   id} {b1 x = 1  id} {b2   id}]" {
		t.Error(got)
	}
	all := s.Of([]string{"b1"})
	if back, err := loadCollections(storeCollections(all)); err != nil || !slices.Equal(back, all) {
		t.Errorf("%v, %v", back, err)
	}
	r, ok, err := SignalRecord([]byte("p"), []byte(`{"type":"log","data":{"message":"hi"}}`), "p")
	if !ok || err != nil || r.Message != "hi" {
		t.Errorf("%+v %v %v", r, ok, err)
	}
	if _, ok, _ := SignalRecord([]byte("q"), []byte(`{}`), "p"); ok {
		t.Error("a signal for another capture is heeded")
	}
}

func FuzzSignal(f *testing.F) {
	f.Add("execute-snapshot", `{"data-collections":["a"]}`)
	f.Fuzz(func(t *testing.T, kind, data string) {
		if s, err := ParseSignal("", kind, data); err == nil {
			s.Of([]string{"a"})
		}
		_, _, _ = SignalRecord(nil, []byte(data), "")
	})
}

// hashOrder is what System.out prints of such a map.
var hashOrder = []string{"9", "11", "8", "12", "7", "6", "10", "19", "17", "18", "15", "16", "13", "14", "1", "0", "5", "4", "3", "2"}
