package sql

import (
	"context"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

// Whatever a topic, a field and a value hold, the sink takes them as names and
// data, or says that it cannot: nothing else is read or changed.
func FuzzSinkNames(f *testing.F) {
	for _, s := range []string{"a", "", `"`, "`", "'", "]", ".", `a"."b`, "a\x00b", `x"); DROP TABLE canary; --`, "\xff", "select", "${topic}", `main."a"`} {
		f.Add(s, s, s)
		f.Add("t", s, "v")
		f.Add(s, "f", "v")
	}
	s := newShop(f)
	s.exec(`CREATE TABLE canary (x INTEGER); INSERT INTO canary VALUES (1)`)
	f.Fuzz(func(t *testing.T, topic, field, value string) {
		schema, err := connect.NewStruct().Field("id", connect.Int64Schema).Field(field, connect.OptionalStringSchema).Build()
		if err != nil || strings.Contains(strings.ToLower(topic), "canary") {
			return
		}
		s := &shop{t, s.db, s.pool}
		r := s.open(Sink{AutoCreate: true, AutoEvolve: true, InsertMode: "upsert", PkMode: "record_value", PkFields: []string{"id"}, DeleteEnabled: false})
		rec := connect.Record{Topic: topic, Value: structOf(schema, connect.Int64(1), connect.String(value))}
		if err := r.Put(context.Background(), []connect.Record{rec}); err == nil && len(r.refused) == 0 {
			id, _ := s.sink(Sink{}).tableOf(s.db.Dialect(), topic)
			var got string
			query := "SELECT " + s.quoted(field) + " FROM " + s.quoted(id.Name)
			if err := s.pool.QueryRow(query).Scan(&got); err != nil || got != value {
				t.Errorf("%s: %q, %v; want %q", query, got, err, value)
			}
			s.exec("DROP TABLE " + s.quoted(id.Name))
		}
		s.want(`SELECT count(*), max(x) FROM canary`, "1|1")
	})
}
