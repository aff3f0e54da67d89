package sql

import (
	"context"
	"slices"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// longest is how many letters a column's name has at most.
var longest = map[string]int{"PostgreSQL": 63, "MySQL": 64}

// having is a record of fields of texts, beside its id.
func having(id int64, fields ...string) connect.Record {
	b := connect.NewStruct().Field("id", connect.Int64Schema)
	values := []connect.Value{connect.Int64(id)}
	for _, f := range fields {
		b.Field(f, connect.OptionalStringSchema)
		values = append(values, connect.String("x"))
	}
	return connect.Record{Topic: "orders", Offset: id, Value: structOf(b.MustBuild(), values...)}
}

// Names that the database cannot hold are the records' fault, and no others':
// one that it cuts would be another column's.
func TestSinkNamesTooLong(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		most, ok := longest[s.db.Dialect().Name()]
		if !ok { // SQLite takes any
			r := s.open(Sink{AutoCreate: true, AutoEvolve: true})
			r.all(having(0), having(1, strings.Repeat("n", 1000)))
			return
		}
		just, over := strings.Repeat("n", most), strings.Repeat("n", most+1)
		for name, o := range map[string]Sink{"made": {AutoCreate: true}, "amended": {AutoCreate: true, AutoEvolve: true}} {
			t.Run(name, func(t *testing.T) {
				s := s.in(t)
				r := s.open(o)
				r.some([]connect.Record{having(0, over)}, "at most", 0)
				if o.AutoEvolve {
					r.all(having(1))
				}
				r.some([]connect.Record{having(2, just), having(3, over), having(4), having(5, over+"1", over+"2")}, "at most", 1, 3)
				r.close()
				s.want(`SELECT id FROM orders WHERE id > 1`, "2\n4")
			})
		}
	})
}

// forgetful is a database that has never heard of a column that it was given.
type forgetful struct{ database.Database }

func (f forgetful) Dialect() database.Dialect { return forgetfulDialect{f.Database.Dialect()} }

type forgetfulDialect struct{ database.Dialect }

func (d forgetfulDialect) Columns(ctx context.Context, q database.Querier, t database.Table, m database.Mapping) ([]database.Column, error) {
	columns, err := d.Dialect.Columns(ctx, q, t, m)
	return slices.DeleteFunc(columns, func(c database.Column) bool { return c.Name == "note" }), err
}

func (d forgetfulDialect) AppendAddColumns([]byte, database.Table, []database.Definition) []byte {
	return []byte("SELECT 1")
}

// A column that is never there, however often it is added, is no reason to go on
// for ever.
func TestSinkAddsInVain(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.exec(orderTable)
	r := s.open(Sink{Connection: forgetful{s.db}, AutoEvolve: true})
	r.some([]connect.Record{order(0, 1, "a"), wide(1, 2)}, "has not got them", 1)
	s.want(`SELECT id FROM orders`, "1")
}
