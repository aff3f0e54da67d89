package sql

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// bareDatabase has none of the ways that a dialect may have beside those of all.
type bareDatabase struct{ database.Database }

func (b bareDatabase) Dialect() database.Dialect { return bareDialect{b.Database.Dialect()} }

type bareDialect struct{ database.Dialect }

// Many rows are updated as if each came alone: keys that are not there are passed
// over, and of equal keys the last counts.
func TestSinkUpdatesMany(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for name, keys := range map[string][]string{"a number": {"id"}, "a text": {"name"}, "both": {"name", "id"}} {
			for way, db := range map[string]database.Database{"at once": s.db, "row by row": bareDatabase{s.db}} {
				t.Run(name+", "+way, func(t *testing.T) {
					s := s.in(t)
					s.exec(`CREATE TABLE orders (id BIGINT NOT NULL, name VARCHAR(20) NOT NULL, n INTEGER, PRIMARY KEY (` + strings.Join(keys, ", ") + `))`)
					s.open(Sink{}).all(orders(0, 700)...)
					batch := orders(200, 600) // the last hundred are not there
					batch = append(batch, orders(300, 300)...)
					for i := range batch {
						r := &batch[i]
						r.Offset = int64(1000 + i)
						*r = order(r.Offset, r.Value.Value.Struct().Get("id").Int(), r.Value.Value.Struct().Get("name").Str())
					}
					r := s.open(Sink{Connection: db, InsertMode: "update", PkMode: "record_value", PkFields: keys})
					r.all(batch...)
					r.close()
					var want []string
					for id := range 700 {
						n := id
						switch {
						case id >= 300 && id < 600:
							n = 1600 + id - 300
						case id >= 200:
							n = 1000 + id - 200
						}
						want = append(want, fmt.Sprintf("%d|order %[1]d|%d", id, n))
					}
					s.want(`SELECT id, name, n FROM orders`, strings.Join(want, "\n"))
				})
			}
		}
	})
}

// Many rows are deleted, and no others.
func TestSinkDeletesMany(t *testing.T) {
	key := connect.NewStruct().Field("name", connect.StringSchema).Field("id", connect.Int64Schema).MustBuild()
	eachShop(t, func(t *testing.T, s *shop) {
		for name, fields := range map[string][]string{"a number": {"id"}, "a text": {"name"}, "both": {"name", "id"}} {
			t.Run(name, func(t *testing.T) {
				s := s.in(t)
				s.exec(`CREATE TABLE orders (id BIGINT NOT NULL, name CHAR(20) NOT NULL, n INTEGER, PRIMARY KEY (` + strings.Join(fields, ", ") + `))`)
				r := s.open(Sink{PkMode: "record_key", PkFields: fields, DeleteEnabled: true})
				batch := orders(0, 1000)
				for i := range batch {
					batch[i].Key = structOf(key, connect.String(fmt.Sprint("order ", i)), connect.Int64(int64(i)))
				}
				r.all(batch...)
				gone := slices.Clone(batch[500:])
				for i := range gone {
					gone[i].Value = connect.Datum{}
				}
				r.all(append(gone, gone[7])...)
				r.all(gone...) // they are not there
				r.close()
				s.want(`SELECT count(*), max(id) FROM orders`, "500|499")
			})
		}
	})
}

// Keys that the database takes for equal are updated in the order in which they
// came.
func TestSinkUpdatesEqualKeys(t *testing.T) {
	kinds := map[string]string{"SQLite": "VARCHAR(20) COLLATE NOCASE", "PostgreSQL": `VARCHAR(20) COLLATE "nocase"`, "MySQL": "VARCHAR(20)"}
	eachShop(t, func(t *testing.T, s *shop) {
		db := s.db.Dialect().Name()
		for _, last := range []string{"KEY", "key"} {
			s := s.in(t)
			if db == "PostgreSQL" {
				s.exec(`CREATE COLLATION IF NOT EXISTS "nocase" (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`)
			}
			s.exec(`CREATE TABLE orders (name ` + kinds[db] + ` PRIMARY KEY, id INTEGER, n INTEGER); INSERT INTO orders VALUES ('key', 0, 0)`)
			batch := orders(0, 300)
			first := map[string]string{"KEY": "key", "key": "KEY"}[last]
			batch[3], batch[200] = order(3, 3, first), order(200, 200, last)
			r := s.open(Sink{InsertMode: "update", PkMode: "record_value", PkFields: []string{"name"}})
			r.all(batch...)
			r.close()
			s.want(`SELECT id, n FROM orders`, "200|200")
		}
	})
}

// Values of every type are the same, however they are updated; and what does not
// fit is refused alone.
func TestSinkUpdatesTypes(t *testing.T) {
	schema := connect.NewStruct().Field("id", connect.Int64Schema)
	values := []connect.Value{connect.Int64(0)}
	for i, v := range []struct {
		schema *connect.SchemaBuilder
		value  connect.Value
	}{
		{connect.NewSchema(connect.KindInt8), connect.Int8(-7)}, {connect.NewSchema(connect.KindInt16), connect.Int16(-700)},
		{connect.NewSchema(connect.KindInt32), connect.Int32(1 << 30)}, {connect.NewSchema(connect.KindInt64), connect.Int64(-1 << 62)},
		{connect.NewSchema(connect.KindFloat32), connect.Float32(0.1)}, {connect.NewSchema(connect.KindFloat64), connect.Float64(1.25e-7)},
		{connect.NewSchema(connect.KindFloat64), connect.Float64(123456789.5)}, {connect.NewSchema(connect.KindBool), connect.Bool(true)},
		{connect.NewSchema(connect.KindString), connect.String(`ä 😀 "'\ NULL`)}, {connect.NewSchema(connect.KindBytes), connect.Bytes([]byte{0, 255, '\\'})},
		{connect.NewDecimal(3), (&connect.Decimal{Unscaled: big.NewInt(-1234567), Scale: 3}).Value()},
		{connect.NewDate(), connect.Instant(time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC))},
		{connect.NewTime(), connect.InstantMilli(3723004)}, {connect.NewTimestamp(), connect.InstantMilli(1719828000123)},
	} {
		schema.Field(fmt.Sprint("c", i), v.schema.Optional().MustBuild())
		values = append(values, v.value)
	}
	wide := schema.MustBuild()
	record := func(id int64, values ...connect.Value) connect.Record {
		values[0] = connect.Int64(id)
		return connect.Record{Topic: "orders", Offset: id, Value: structOf(wide, values...)}
	}
	eachShop(t, func(t *testing.T, s *shop) {
		seen := map[string]string{}
		for way, db := range map[string]database.Database{"at once": s.db, "row by row": bareDatabase{s.db}} {
			s := s.in(t)
			o := Sink{Connection: db, PkMode: "record_value", PkFields: []string{"id"}}
			o.AutoCreate = true
			none := make([]connect.Value, len(values))
			s.open(o).all(record(1, none...), record(2, none...), record(3, values...))
			o.InsertMode = "update"
			r := s.open(o)
			r.all(record(1, slices.Clone(values)...), record(3, none...))
			seen[way] = s.rows(`SELECT * FROM orders`)
			r.close()
		}
		if lines := strings.Split(seen["at once"], "\n"); seen["at once"] != seen["row by row"] || strings.Contains(lines[0], "NULL|NULL") {
			t.Errorf("at once there is\n%s\nrow by row\n%s", seen["at once"], seen["row by row"])
		}
	})
}

func TestSinkUpdatesBadRow(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.exec(`CREATE TABLE orders (id BIGINT PRIMARY KEY, name VARCHAR(20) CHECK (name <> 'bad'), n INTEGER)`)
		s.open(Sink{}).all(orders(0, 300)...)
		batch := orders(0, 300)
		for i := range batch {
			batch[i] = order(int64(1000+i), int64(i), "new")
		}
		batch[7], batch[290] = order(1007, 7, "bad"), order(1290, 290, "bad")
		s.open(Sink{InsertMode: "update", PkMode: "record_key", PkFields: []string{"id"}}).some(batch, "", 7, 290)
		s.want(`SELECT count(*) FROM orders WHERE name = 'new' AND n >= 1000`, "298")
	})
}
