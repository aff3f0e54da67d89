package sql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"kcgen.dev/runtime/connect"
)

var wideSchema = connect.NewStruct().Name("Order").
	Field("id", connect.Int64Schema).Field("name", connect.OptionalStringSchema).
	Field("n", connect.OptionalInt32Schema).Field("note", connect.OptionalStringSchema).
	Field("size", connect.NewSchema(connect.KindInt32).Default(connect.Int32(7)).MustBuild()).MustBuild()

func wide(offset, id int64) connect.Record {
	r := order(offset, id, "")
	r.Value = structOf(wideSchema, connect.Int64(id), connect.String("w"), connect.Null, connect.String("new"), connect.Int32(3))
	return r
}

// A table that is not there, and columns that are not.
func TestSinkTables(t *testing.T) {
	t.Parallel()
	hard := connect.NewStruct().Field("id", connect.Int64Schema).Field("must", connect.StringSchema).MustBuild()
	mustHave := order(1, 20, "")
	mustHave.Value = structOf(hard, connect.Int64(20), connect.String("x"))

	s := newShop(t)
	err := s.open(Sink{}).fails(`CREATE TABLE "orders"`, order(0, 1, "a"))
	if !errors.Is(err, connect.ErrFatal) || !strings.Contains(err.Error(), "autoCreate") {
		t.Error(err)
	}
	r := s.open(Sink{AutoCreate: true, PkMode: "record_key", PkFields: []string{"id"}})
	r.all(order(0, 1, "a"))
	s.want(`SELECT name, "notnull", pk FROM pragma_table_info('orders')`, "id|1|1\nname|0|0\nn|0|0")
	r.some([]connect.Record{order(1, 2, "b"), wide(2, 3)}, `ALTER TABLE "orders"`, 1)

	r = s.open(Sink{AutoEvolve: true, PkMode: "record_key", PkFields: []string{"id"}})
	r.all(wide(2, 3), order(3, 4, "d"))
	s.want(`SELECT id, note, size FROM orders`, "1|NULL|7\n2|NULL|7\n3|new|3\n4|NULL|7")
	r.some([]connect.Record{mustHave, order(5, 5, "e")}, "optional or have a default", 0)

	s.exec(`ALTER TABLE orders ADD COLUMN must TEXT`)
	r.all(mustHave) // it is there by now
	s.exec(`DROP TABLE orders`)
	err = r.fails("autoCreate", order(6, 6, "f"))
	if !errors.Is(err, connect.ErrFatal) {
		t.Error(err)
	}
}

// Tables are dropped, columns dropped and renamed while the sink runs.
func TestSinkTablesChange(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for name, o := range map[string]Sink{
			"insert": {}, "upsert": {InsertMode: "upsert", PkMode: "record_value", PkFields: []string{"id"}}, "exact": {ExactlyOnce: true},
		} {
			t.Run(name, func(t *testing.T) { tablesChange(s.in(t), o) })
		}
	})
}

func tablesChange(s *shop, o Sink) {
	o.AutoCreate, o.AutoEvolve = true, true
	r := s.open(o)
	r.all(order(0, 1, "a"))
	s.exec(`DROP TABLE orders`)
	r.all(order(1, 2, "b"))
	s.want(`SELECT id FROM orders`, "2")
	s.exec(`ALTER TABLE orders DROP COLUMN name`)
	r.all(order(2, 3, "c"))
	s.want(`SELECT id, name FROM orders`, "2|NULL\n3|c")
	s.exec(`ALTER TABLE orders RENAME COLUMN n TO m`)
	r.all(order(3, 4, "d"))
	s.want(`SELECT id, m, n FROM orders`, "2|1|NULL\n3|2|NULL\n4|NULL|3")
	s.exec(`DROP TABLE orders`)
	r.all(append(orders(4, 200), wide(204, 300))...)
	s.exec(`DROP TABLE orders`)
	r.all(append(orders(205, 200), wide(405, 500))...)
	s.want(`SELECT count(*), count(note) FROM orders`, "201|1")
	r.close()
}

// Tasks that race for a table, and then for its columns.
func TestSinkTasksMakeOneTable(t *testing.T) { eachShop(t, makeOneTable) }

func makeOneTable(t *testing.T, s *shop) {
	const tasks = 4
	var wg sync.WaitGroup
	errs := make([]error, tasks)
	for i := range tasks {
		r := s.open(Sink{AutoCreate: true, AutoEvolve: true})
		wg.Go(func() {
			for n := range 20 {
				rec := order(int64(n), int64(100*i+n), "a")
				if n >= 10 {
					rec = wide(int64(n), int64(100*i+n))
				}
				if errs[i] = r.Put(context.Background(), []connect.Record{rec}); errs[i] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	s.want(`SELECT count(*), count(DISTINCT id), count(note) FROM orders`, "80|80|40")
}

// Whatever names hold, they name what they say, and nothing else is touched.
func TestSinkNames(t *testing.T) { eachShop(t, oddNames) }

func oddNames(t *testing.T, s *shop) {
	s.exec(`CREATE TABLE canary (x INTEGER); INSERT INTO canary VALUES (1)`)
	names := []string{
		"two words", `a"b`, "a`b", "a'b", "select", "Order", "ORDER", "größe", "日本", "😀",
		`x"; DROP TABLE canary; --`, `id" OR 1=1 --`, "a;b", "--", "a\\", "$1", "?", "%s", strings.Repeat("n", 50),
	}
	if s.db.Dialect().Name() == "MySQL" { // it has no names outside of the basic plane
		names = slices.DeleteFunc(names, func(n string) bool { return n == "😀" })
	}
	for _, name := range names {
		schema := connect.NewStruct().Field(name, connect.Int64Schema).Field(name+" too", connect.OptionalStringSchema).MustBuild()
		r := s.open(Sink{InsertMode: "upsert", PkMode: "record_value", PkFields: []string{name}, TableNameFormat: "${topic}", AutoCreate: true, AutoEvolve: true})
		topic := s.quoted("t " + name)
		for _, value := range []string{`'); DROP TABLE canary; --`, "ok"} {
			r.all(connect.Record{Topic: topic, Value: structOf(schema, connect.Int64(1), connect.String(value))})
		}
		more := connect.NewStruct().Field(name, connect.Int64Schema).Field(name+" more", connect.OptionalStringSchema).MustBuild()
		r.all(connect.Record{Topic: topic, Value: structOf(more, connect.Int64(2), connect.String("m"))})
		r.close()
		rows, err := s.pool.Query("SELECT * FROM " + s.quoted("t "+name))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := text(t, rows), "1|ok|NULL\n2|NULL|m"; got != want {
			t.Errorf("table t %s holds %s, want %s", name, got, want)
		}
		if r := s.open(Sink{TableNameFormat: "${topic}", AutoCreate: true}); !strings.Contains(name, `"`) {
			_ = r.Put(context.Background(), []connect.Record{{Topic: name, Value: structOf(schema, connect.Int64(1))}})
		}
	}
	s.want(`SELECT x FROM canary`, "1")
}

// Bad rows anywhere in a batch are found, and no other is refused.
func TestSinkFindsBadRows(t *testing.T) { eachShop(t, findBadRows) }

func findBadRows(t *testing.T, s *shop) {
	for _, n := range []int{1, 2, 3, 100, 257} {
		for name, bad := range map[string][]int{"first": {0}, "middle": {n / 2}, "last": {n - 1}, "some": {0, n / 3, n - 1}} {
			s := s.in(t)
			s.exec(`CREATE TABLE orders (id INTEGER, name TEXT CHECK (name <> 'bad'), n INTEGER)`)
			batch := orders(0, n)
			want := map[int]bool{}
			for _, i := range bad {
				batch[i] = order(int64(i), int64(i), "bad")
				want[i] = true
			}
			r := s.open(Sink{})
			r.put(batch...)
			for i := range batch {
				if err := r.refused[i]; (err != nil) != want[i] {
					t.Errorf("%d, %s: record %d: %v", n, name, i, err)
				} else if err != nil && !strings.Contains(strings.ToLower(err.Error()), "constraint") {
					t.Errorf("%v says not what the database said", err)
				}
			}
			s.want(`SELECT count(*), count(DISTINCT id) FROM orders`, fmt.Sprintf("%d|%[1]d", n-len(want)))
			r.all(orders(1000, 3)...)
			r.close()
			s.pool.Close()
		}
	}
}

// Of an upsert's equal keys the last counts, unless it is refused.
func TestSinkBadRowAmongEqualKeys(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.exec(`CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT CHECK (name <> 'bad'), n INTEGER)`)
	r := s.open(Sink{InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"id"}, DeleteEnabled: true})
	r.some([]connect.Record{order(0, 1, "a"), order(1, 1, "bad"), order(2, 2, "b"), tombstone(3, 2), order(4, 2, "bad")}, "CHECK", 1, 4)
	s.want(`SELECT id, name FROM orders`, "1|a")
}

// Keys that the database takes for equal are one row, in the order in which they
// came.
func TestSinkEqualKeys(t *testing.T) {
	kinds := map[string]string{"SQLite": "VARCHAR(20) COLLATE NOCASE", "PostgreSQL": "CHAR(20)", "MySQL": "VARCHAR(20)"}
	equal := map[string][2]string{"SQLite": {"key", "KEY"}, "PostgreSQL": {"key", "key  "}, "MySQL": {"key", "KEY"}}
	eachShop(t, func(t *testing.T, s *shop) {
		db := s.db.Dialect().Name()
		for _, n := range []int{2, 10, 300} {
			s := s.in(t)
			s.exec(`CREATE TABLE orders (name ` + kinds[db] + ` PRIMARY KEY, id INTEGER, n INTEGER)`)
			batch := orders(0, n)
			for at, name := range map[int]string{0: equal[db][0], n - 1: equal[db][1]} {
				batch[at] = order(int64(at), int64(at), name)
			}
			r := s.open(Sink{InsertMode: "upsert", PkMode: "record_value", PkFields: []string{"name"}})
			r.all(batch...)
			r.close()
			s.want(`SELECT count(*), max(id), min(id) FROM orders`, fmt.Sprintf("%d|%d|1", n-1, n-1))
		}
	})
}
