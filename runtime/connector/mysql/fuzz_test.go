package mysql

import (
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// Any type is read without a panic, and what is decoded by it fits its schema.
func FuzzType(f *testing.F) {
	for _, s := range []string{"decimal(10,2) unsigned", "int(5) unsigned zerofill", "enum('a)','b(')", "bit(64)", "year(4)", "timestamp(6)", "point", "decimal(99999999999)"} {
		f.Add(s, []byte("2024-02-29 12:34:56.5"), int64(5))
	}
	f.Fuzz(func(t *testing.T, typ string, text []byte, i int64) {
		for _, zero := range []string{"exception", convertToNull, round} {
			d := dialect{zero: zero}
			c := database.Column{Name: "v", Type: typ}
			if d.describe(&c, database.Mapping{Numeric: "best_fit"}); c.Schema == nil {
				return
			}
			decode := d.decoder(c, database.Mapping{})
			for _, src := range []any{text, i, uint64(i), 1.5} {
				v, err := decode(new(connect.Buffer), src)
				if err != nil {
					continue
				}
				if err := connect.Validate(c.Schema, v); err != nil {
					t.Errorf("%q: %v: %v", typ, src, err)
				}
			}
		}
	})
}

func FuzzMatches(f *testing.F) {
	f.Add(`db\_%`, "db_1")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if len(pattern)+len(name) > 50 {
			return
		}
		if !matches(escapePattern(name), name) {
			t.Errorf("%q is not itself", name)
		}
		_ = matches(pattern, name)
	})
}
