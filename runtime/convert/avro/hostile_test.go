package avro

import (
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/avrobin"
)

// laughs is a schema in which each record holds the next one twice.
func laughs(n int, last, def string) string {
	var b strings.Builder
	b.WriteString("[" + last)
	for i := n - 1; i >= 0; i-- {
		fmt.Fprintf(&b, `,{"type":"record","name":"R%d","fields":[{"name":"a","type":"R%d"%s},{"name":"b","type":"R%d"%s}]}`, i, i+1, def, i+1, def)
	}
	return b.String() + "]"
}

// TestHostileSchemas holds that few words of a schema never make endless work.
func TestHostileSchemas(t *testing.T) {
	empty := func(n int) string { return fmt.Sprintf(`{"type":"record","name":"R%d","fields":[]}`, n) }
	chain := "[" + empty(1001)
	for i := 1000; i >= 0; i-- {
		chain += fmt.Sprintf(`,{"type":"record","name":"R%d","fields":[{"name":"a","type":"R%d"}]}`, i, i+1)
	}
	tests := map[string]string{
		"twice and twice":       laughs(60, empty(60), ""),
		"defaults and defaults": laughs(60, empty(60), `,"default":{}`),
		"a long chain":          chain + "]",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseSchema(text, ""); err == nil {
				t.Error("no error")
			}
			// As the writer's schema alone it may be read past.
			w, err := parse(`{"type":"record","name":"W","fields":[{"name":"u","type":`+text+`},{"name":"x","type":"int"}]}`, nil)
			if err != nil {
				t.Fatal(err)
			}
			r, err := parse(`{"type":"record","name":"W","fields":[{"name":"x","type":"int"}]}`, nil)
			if err != nil {
				t.Fatal(err)
			}
			o := plainConverter().options()
			s, err := o.connectSchema(r)
			if err != nil {
				t.Fatal(err)
			}
			plan, err := o.resolve(w, r, s, false)
			if err != nil {
				t.Fatal(err)
			}
			d := &decoder{}
			outermost := int64(len(w.fields[0].schema.branches) - 1)
			d.reset(append(avrobin.AppendLong(nil, outermost), 2), 0)
			if _, err := d.value(plan); err == nil {
				t.Error("no error")
			}
		})
	}
}

// TestHostileData holds that few bytes never make much data.
func TestHostileData(t *testing.T) {
	wide := `{"type":"record","name":"Wide","fields":[`
	for i := range 1000 {
		wide += fmt.Sprintf(`{"name":"f%d","type":"int","default":1},`, i)
	}
	wide = strings.TrimSuffix(wide, ",") + "]}"
	items := func(of string) string { return `{"type":"array","items":` + of + `}` }
	nothing := `{"type":"record","name":"Wide","fields":[]}`
	tests := []struct{ name, w, r string }{
		{"elements without bytes", items(nothing), items(nothing)},
		{"arrays of such", items(items(nothing)), items(items(nothing))},
		{"defaults for nothing", items(nothing), items(wide)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := plainConverter().options()
			w, err1 := parse(tt.w, nil)
			r, err2 := parse(tt.r, nil)
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			s, err := o.connectSchema(r)
			if err != nil {
				t.Fatal(err)
			}
			plan, err := o.resolve(w, r, s, false)
			if err != nil {
				t.Fatal(err)
			}
			d := &decoder{}
			data := []byte(strings.Repeat("\xfe\xff\x07", 1000)) // 65535 elements, and again
			d.reset(data, 0)
			v, err := d.value(plan)
			wantError(t, err, "byte")
			if v.Kind() != connect.KindNull {
				t.Errorf("got %v", v.Kind())
			}
		})
	}
}
