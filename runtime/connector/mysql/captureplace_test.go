package mysql

import "testing"

func TestPlace(t *testing.T) {
	tables := func(names ...string) (all []*table) {
		for _, n := range names {
			all = append(all, &table{id: tableID{"s", n}})
		}
		return all
	}
	id := func(name string) tableID { return tableID{"s", name} }
	p := &place{}
	p.over(tables("a", "b", "c", "d"), tables("a", "b", "c", "d"))
	for _, step := range []struct {
		do   func()
		want string
	}{
		{func() {}, `{}`},
		{func() { p.reach(id("a"), []string{"5", "é"}) }, `{"keys":{"s.a":["5","é"]}}`},
		{func() { p.reach(id("b"), nil) }, `{"keys":{"s.a":["5","é"]}}`},
		{func() { p.finish(id("b")) }, `{"done":["s.b"],"keys":{"s.a":["5","é"]}}`},
		{func() { p.finish(id("a")) }, `{"before":"s.b"}`},
		{func() { p.finish(id("d")) }, `{"before":"s.b","done":["s.d"]}`},
		// A table that is new comes between those that are done.
		{func() { p.over(tables("a", "aa", "b", "c", "d"), tables("aa", "c")) }, `{"before":"s.a","done":["s.b","s.d"]}`},
		{func() { p.finish(id("aa")); p.finish(id("c")) }, `{"before":"s.d"}`},
	} {
		step.do()
		got := p.String()
		if got != step.want {
			t.Fatalf("%s, not %s", got, step.want)
		}
		again, err := parsePlace(got)
		if err != nil || again.String() != got {
			t.Fatalf("%s is read as %v, %v", got, again, err)
		}
		for _, name := range []string{"a", "b", "c", "d"} {
			if again.has(id(name)) != p.has(id(name)) {
				t.Errorf("%s: whether %s is done is not read back", got, name)
			}
		}
	}
	if _, err := parsePlace("{"); err == nil {
		t.Error("half an offset is read")
	}
}

func TestKeyArguments(t *testing.T) {
	for _, c := range []struct {
		typ  string
		src  any
		text string
		want any
	}{
		{"INT", int64(-5), "-5", int64(-5)},
		{"BIGINT UNSIGNED", uint64(1<<64 - 1), "18446744073709551615", uint64(1<<64 - 1)},
		{"VARCHAR", []byte("ä'"), "ä'", "ä'"},
		{"VARBINARY", []byte{0, 255}, "00ff", "\x00\xff"},
		{"DATE", []byte("2024-02-29"), "2024-02-29", "2024-02-29"},
	} {
		d := columnDef{typ: c.typ, length: -1, scale: -1}
		text := string(d.appendKey(nil, c.src))
		got := d.keyArgument(text)
		if b, ok := got.([]byte); ok {
			got = string(b)
		}
		if text != c.text || got != c.want {
			t.Errorf("%s %v: %q and %v, not %q and %v", c.typ, c.src, text, got, c.text, c.want)
		}
	}
}
