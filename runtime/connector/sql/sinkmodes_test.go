package sql

import (
	"testing"

	"kcgen.dev/runtime/connect"
)

// Every mode with every kind of key.
func TestSinkModes(t *testing.T) {
	structKey := func(r connect.Record) connect.Record {
		r.Key = structOf(keySchema, connect.Int64(r.Value.Value.Struct().Get("id").Int()), connect.String("eu"))
		return r
	}
	cases := map[string]struct {
		o      Sink
		before string // statements
		batch  []connect.Record
		query  string
		want   string
	}{
		"insert": {
			batch: []connect.Record{order(0, 1, "a"), order(1, 2, "b"), order(2, 1, "c")},
			query: `SELECT id, name, n FROM orders`, want: "1|a|0\n2|b|1\n1|c|2"},
		"insert kafka": {
			o:     Sink{PkMode: "kafka"},
			batch: []connect.Record{order(7, 1, "a"), order(8, 2, "b")},
			query: `SELECT __connect_topic, __connect_partition, __connect_offset, id FROM orders`, want: "orders|0|7|1\norders|0|8|2"},
		"insert kafka renamed": {
			o:     Sink{PkMode: "kafka", PkFields: []string{"t", "p", "o"}},
			batch: []connect.Record{order(7, 1, "a")},
			query: `SELECT t, p, o, id FROM orders`, want: "orders|0|7|1"},
		"insert key": {
			o:     Sink{PkMode: "record_key", PkFields: []string{"k"}},
			batch: []connect.Record{order(0, 1, "a")},
			query: `SELECT k, id, name FROM orders`, want: "1|1|a"},
		"insert struct key": {
			o:     Sink{PkMode: "record_key"},
			batch: []connect.Record{structKey(order(0, 1, "a"))},
			query: `SELECT id, region, name FROM orders`, want: "1|eu|a"},
		"insert of a struct key": {
			o:     Sink{PkMode: "record_key", PkFields: []string{"region"}},
			batch: []connect.Record{structKey(order(0, 1, "a"))},
			query: `SELECT region, id, name FROM orders`, want: "eu|1|a"},
		"insert value": {
			o:     Sink{PkMode: "record_value", PkFields: []string{"id"}},
			batch: []connect.Record{order(0, 1, "a")},
			query: `SELECT id, name FROM orders`, want: "1|a"},
		"upsert kafka": {
			o:     Sink{InsertMode: "upsert", PkMode: "kafka"},
			batch: []connect.Record{order(0, 1, "a"), order(1, 1, "b"), order(0, 1, "again")},
			query: `SELECT __connect_offset, name FROM orders`, want: "0|again\n1|b"},
		"upsert key": {
			o:      Sink{InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"id"}},
			before: `CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT, n INTEGER, extra TEXT); INSERT INTO orders VALUES (1, 'old', 0, 'kept')`,
			batch:  []connect.Record{order(0, 1, "a"), order(1, 2, "b"), order(2, 1, "c")},
			query:  `SELECT id, name, n, extra FROM orders`, want: "1|c|2|kept\n2|b|1|NULL"},
		"upsert value, all fields": {
			o:     Sink{InsertMode: "upsert", PkMode: "record_value"},
			batch: []connect.Record{order(0, 1, "a"), order(0, 1, "a"), order(1, 1, "a")},
			query: `SELECT id, name, n FROM orders`, want: "1|a|0\n1|a|1"},
		"update key": {
			o:      Sink{InsertMode: "update", PkMode: "record_key", PkFields: []string{"id"}},
			before: orderTable + `; INSERT INTO orders VALUES (1, 'old', 0), (3, 'other', 0)`,
			batch:  []connect.Record{order(0, 1, "a"), order(1, 2, "b"), order(2, 1, "c")},
			query:  `SELECT id, name, n FROM orders`, want: "1|c|2\n3|other|0"},
		"update value": {
			o:      Sink{InsertMode: "update", PkMode: "record_value", PkFields: []string{"id", "n"}},
			before: orderTable + `; INSERT INTO orders VALUES (1, 'old', 0), (3, 'other', 0)`,
			batch:  []connect.Record{order(0, 1, "a"), order(1, 1, "b")},
			query:  `SELECT id, name, n FROM orders`, want: "1|a|0\n3|other|0"},
		"upsert and delete": {
			o: Sink{InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"id"}, DeleteEnabled: true},
			batch: []connect.Record{order(0, 1, "a"), order(1, 2, "b"), tombstone(2, 1), order(3, 3, "c"), tombstone(4, 3), order(5, 3, "d"),
				tombstone(6, 2), tombstone(7, 2), tombstone(8, 9)},
			query: `SELECT id, name FROM orders`, want: "3|d"},
		"insert and delete": {
			o:     Sink{PkMode: "record_key", PkFields: []string{"id"}, DeleteEnabled: true},
			batch: []connect.Record{order(0, 1, "a"), tombstone(1, 1), order(2, 1, "b"), order(3, 2, "c")},
			query: `SELECT id, name FROM orders`, want: "1|b\n2|c"},
		"update and delete": {
			o:      Sink{InsertMode: "update", PkMode: "record_key", PkFields: []string{"id"}, DeleteEnabled: true},
			before: orderTable + `; INSERT INTO orders VALUES (1, 'old', 0), (3, 'other', 0)`,
			batch:  []connect.Record{order(0, 1, "a"), tombstone(1, 3)},
			query:  `SELECT id, name FROM orders`, want: "1|a"},
		"a delete alone and a table that is not there": {
			o:     Sink{PkMode: "record_key", PkFields: []string{"id"}, DeleteEnabled: true},
			batch: []connect.Record{tombstone(0, 1)},
			query: `SELECT 0`, want: "0"},
		"fieldsWhitelist": {
			o:     Sink{PkMode: "record_key", PkFields: []string{"id"}, FieldsWhitelist: []string{"name"}},
			batch: []connect.Record{order(0, 1, "a")},
			query: `SELECT * FROM orders`, want: "1|a"},
		"tableNameFormat": {
			o:     Sink{TableNameFormat: "kafka_${topic}"},
			batch: []connect.Record{order(0, 1, "a")},
			query: `SELECT id FROM kafka_orders`, want: "1"},
		"a string": {
			o:     Sink{PkMode: "kafka"},
			batch: []connect.Record{{Topic: "orders", Value: connect.Datum{Schema: connect.StringSchema, Value: connect.String("x")}}},
			query: `SELECT __connect_offset, record_value FROM orders`, want: "0|x"},
		"a string, named": {
			o:     Sink{StringOutputValueColumnName: "text"},
			batch: []connect.Record{{Topic: "orders", Value: connect.Datum{Schema: connect.StringSchema, Value: connect.String("x")}}},
			query: `SELECT text FROM orders`, want: "x"},
		"names in another case": {
			before: `CREATE TABLE orders ("ID" INTEGER, "Name" TEXT, n INTEGER)`,
			batch:  []connect.Record{order(0, 1, "a")},
			query:  `SELECT "ID", "Name", n FROM orders`, want: "1|a|0"},
		"statements of two rows": {
			o:     Sink{BatchSize: 2},
			batch: orders(0, 5),
			query: `SELECT count(*), count(DISTINCT id) FROM orders`, want: "5|5"},
		"two tables": {
			o: Sink{},
			batch: func() []connect.Record {
				rs := orders(0, 4)
				rs[1].Topic, rs[3].Topic = "other", "other"
				return rs
			}(),
			query: `SELECT 'orders', id FROM orders UNION ALL SELECT 'other', id FROM other`, want: "orders|0\norders|2\nother|1\nother|3"},
	}
	eachShop(t, func(t *testing.T, s *shop) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				s := s.in(t)
				if c.before != "" {
					s.exec(c.before)
				}
				c.o.AutoCreate = true
				r := s.open(c.o)
				r.all(c.batch...)
				r.close()
				s.want(c.query, c.want)
			})
		}
	})
}

// A record that cannot be a row is refused, in words, and the others are
// written.
func TestSinkRefuses(t *testing.T) {
	t.Parallel()
	with := func(f func(r *connect.Record)) connect.Record {
		r := order(1, 2, "b")
		f(&r)
		return r
	}
	nested := connect.NewStruct().Field("id", connect.Int64Schema).Field("in", orderSchema).MustBuild()
	key := Sink{PkMode: "record_key", PkFields: []string{"id"}}
	for name, c := range map[string]struct {
		o    Sink
		bad  connect.Record
		text string
	}{
		"tombstone":           {key, tombstone(1, 2), "deleteEnabled"},
		"schemaless":          {Sink{}, with(func(r *connect.Record) { r.Value = connect.Datum{Value: connect.Int32(1)} }), "schemasEnable"},
		"schemaless map":      {Sink{}, with(func(r *connect.Record) { r.Value = connect.Datum{Value: (&connect.Map{}).Value()} }), "schemasEnable"},
		"a number":            {Sink{}, with(func(r *connect.Record) { r.Value = connect.Datum{Schema: connect.Int32Schema, Value: connect.Int32(1)} }), "has to be a struct"},
		"no key":              {key, with(func(r *connect.Record) { r.Key = connect.Datum{} }), "the key is null"},
		"schemaless key":      {key, with(func(r *connect.Record) { r.Key = connect.Datum{Value: connect.Int64(1)} }), "key with a schema"},
		"no column for a key": {Sink{PkMode: "record_key", PkFields: []string{"a", "b"}}, order(1, 2, "b"), "pkFields has to give the one column"},
		"no such key field":   {Sink{PkMode: "record_value", PkFields: []string{"idd"}}, order(1, 2, "b"), "did you mean id?"},
		"nothing left":        {Sink{FieldsWhitelist: []string{"x"}}, order(1, 2, "b"), "fieldsWhitelist"},
		"a struct in a field": {Sink{}, with(func(r *connect.Record) { r.Topic, r.Value = "nested", structOf(nested, connect.Int64(1)) }), "field in"},
		"a string's key": {Sink{PkMode: "record_value"}, with(func(r *connect.Record) {
			r.Value = connect.Datum{Schema: connect.StringSchema, Value: connect.String("x")}
		}), "needs a value that is a struct"},
		"too many parts": {Sink{}, with(func(r *connect.Record) { r.Topic = "a.b.c.d" }), "tableNameFormat"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			c.o.AutoCreate = true
			good := order(0, 1, "a")
			batch, refused := []connect.Record{good, c.bad, order(2, 3, "c")}, []int{1}
			if name == "no column for a key" || name == "no such key field" || name == "nothing left" {
				batch, refused = []connect.Record{c.bad}, []int{0}
			}
			r := s.open(c.o)
			r.some(batch, c.text, refused...)
			if len(batch) == 3 {
				s.want(`SELECT id, name FROM orders`, "1|a\n3|c")
			}
		})
	}
}

// What null stands for, and numbers that are times.
func TestSinkValues(t *testing.T) {
	t.Parallel()
	value := connect.NewStruct().
		Field("id", connect.Int64Schema).
		Field("word", connect.NewSchema(connect.KindString).Optional().Default(connect.String("none")).MustBuild()).
		Field("at", connect.OptionalInt64Schema).
		Field("text", connect.OptionalStringSchema).MustBuild()
	rec := connect.Record{Topic: "orders", Value: structOf(value, connect.Int64(1), connect.Null, connect.Int64(1_700_000_000_123_456), connect.String("-1"))}

	s := newShop(t)
	s.open(Sink{AutoCreate: true}).all(rec)
	s.want(`SELECT id, word, at, text FROM orders`, "1|NULL|1700000000123456|-1")

	s = newShop(t)
	r := s.open(Sink{AutoCreate: true, ReplaceNullWithDefault: true, TimestampFieldsList: []string{"at", "text"}, TimestampPrecisionMode: "microseconds"})
	r.all(rec)
	s.want(`SELECT id, word, at, text FROM orders`, "1|none|1700000000123|-1")
	rec.Value = structOf(value, connect.Int64(1), connect.Null, connect.Null, connect.String("x"))
	r.some([]connect.Record{rec}, "timestampFieldsList", 0)
	rec.Value = structOf(value, connect.Int64(2))
	r.all(rec)
	s.want(`SELECT at, text FROM orders WHERE id = 2`, "NULL|NULL")

	s.open(Sink{TimestampFieldsList: []string{"word"}, TableNameFormat: "x", AutoCreate: true}).some([]connect.Record{order(0, 1, "a")}, "", []int{}...)
}
