package sqlite

import (
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// Any declaration has a schema, and what is decoded by it fits the schema.
func FuzzDeclared(f *testing.F) {
	for _, s := range []string{"NUMERIC(10,2)", "unsigned big int", "DATETIME", "TIME", "BOOLEAN", "VARCHAR(3)", "DECIMAL(999999999999,2)", "BLOB", ""} {
		f.Add(s, "2024-02-29 12:34:56.5+02:00", int64(5), 1.5)
	}
	f.Fuzz(func(t *testing.T, name, text string, i int64, r float64) {
		for _, m := range []database.Mapping{{}, {Numeric: "best_fit", Granularity: "nanos_string", Zone: time.FixedZone("", 3600)}} {
			d := declare(name)
			s := d.schema(m, false)
			decode := d.decode(s, m)
			for _, src := range []any{text, []byte(text), i, r} {
				v, err := decode(new(connect.Buffer), src)
				if err != nil {
					continue
				}
				if err := connect.Validate(s, v); err != nil {
					t.Errorf("%q: %v: %v", name, src, err)
				}
			}
			if at, err := instantOf(text, time.UTC); err == nil {
				if _, err := formatMoment(at, textForm(text, false), m); err != nil {
					t.Errorf("%q: %v", text, err)
				}
			}
		}
	})
}
