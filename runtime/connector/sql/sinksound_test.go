package sql

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

// opens is what becomes of a sink that is opened and given records.
func (s *shop) opens(o Sink, batch ...connect.Record) error {
	r := &run{t: s.t, refused: map[int]error{}}
	task, err := s.sink(o).Open(context.Background(), connect.SinkContext{Name: "orders", Log: slog.New(slog.DiscardHandler), Results: r})
	if err != nil {
		return err
	}
	defer task.Close()
	return task.Put(context.Background(), batch)
}

// finds are the findings of a check that are no warnings, a line each.
func (s *shop) finds(o Sink) string {
	return strings.Join(faulty(s.sink(o).Check(s.t.Context(), connect.CheckContext{Name: "orders", Topics: []string{"orders"}})), "\n")
}

// An upsert into a table without a unique key of its columns fails, and is found
// before: MariaDB would add each row once more.
func TestSinkUpsertWithoutKey(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		o := Sink{InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"id"}}
		for _, c := range []struct {
			table string
			good  bool
			none  bool // there is no unique key at all
		}{
			{`CREATE TABLE orders (id BIGINT, name VARCHAR(20), n INTEGER)`, false, true},
			{`CREATE TABLE orders (id BIGINT, name VARCHAR(20), n INTEGER); CREATE INDEX a ON orders (id); CREATE UNIQUE INDEX b ON orders (id, name)`, false, false},
			{`CREATE TABLE orders (id BIGINT, name VARCHAR(20), n INTEGER); CREATE UNIQUE INDEX c ON orders (id)`, true, false},
			{`CREATE TABLE orders ("ID" BIGINT PRIMARY KEY, name VARCHAR(20), n INTEGER)`, true, false},
		} {
			s := s.in(t)
			s.exec(c.table)
			found := s.finds(o)
			err := errors.Join(s.opens(o, orders(0, 3)...), s.opens(o, orders(0, 3)...))
			if (err == nil) != c.good {
				t.Errorf("%s: %v", c.table, err)
			}
			if (found == "") != c.good || !c.good && !strings.Contains(found, "ADD UNIQUE") {
				t.Errorf("%s: the check finds %q", c.table, found)
			}
			all := s.finds(Sink{InsertMode: "upsert", PkMode: "record_key"})
			if doubles := c.none && s.db.Dialect().Name() == "MySQL"; doubles != (all != "") {
				t.Errorf("%s: with keys of the records' the check finds %q", c.table, all)
			}
			want := "0"
			if c.good {
				want = "3"
			}
			s.want(`SELECT count(*) FROM orders`, want)
		}
	})
}

// What a view stands for has the key.
func TestSinkUpsertOfView(t *testing.T) {
	t.Parallel()
	o := Sink{InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"id"}}
	for name, open := range map[string]func(testing.TB) *shop{"postgres": postgresShop, "mariadb": mariaShop} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			s.exec(`CREATE TABLE kept (id BIGINT PRIMARY KEY, name VARCHAR(20), n INTEGER); CREATE VIEW orders AS SELECT * FROM kept`)
			if err := errors.Join(s.opens(o, orders(0, 3)...), s.opens(o, orders(0, 3)...)); err != nil {
				t.Error(err)
			}
			if found := s.finds(o); found != "" {
				t.Errorf("the check finds %s", found)
			}
			s.want(`SELECT count(*) FROM kept`, "3")
		})
	}
}

// Exactly once needs transactions, of the rows' table and of that of positions.
func TestSinkEngine(t *testing.T) {
	t.Parallel()
	s := mariaShop(t)
	const rows = `CREATE TABLE orders (id BIGINT, name VARCHAR(20), n INTEGER) ENGINE = `
	const offsets = `; CREATE TABLE kcgen_offsets (connector VARCHAR(50), topic VARCHAR(50), "partition" INTEGER, "offset" BIGINT, PRIMARY KEY (connector, topic, "partition")) ENGINE = `
	for tables, good := range map[string]bool{
		rows + "InnoDB" + offsets + "InnoDB": true, rows + "MyISAM": false, rows + "Aria": false, rows + "InnoDB" + offsets + "MyISAM": false,
	} {
		s := s.in(t)
		s.exec(tables)
		found, err := s.finds(Sink{ExactlyOnce: true}), s.opens(Sink{ExactlyOnce: true}, orders(0, 3)...)
		if (err == nil) != good || err != nil && (!errors.Is(err, connect.ErrFatal) || !strings.Contains(err.Error(), "transactions")) {
			t.Errorf("%s: %v", tables, err)
		}
		if (found == "") != good || !good && !strings.Contains(found, "ENGINE = InnoDB") {
			t.Errorf("%s: the check finds %q", tables, found)
		}
		if found := s.finds(Sink{}); found != "" {
			t.Errorf("%s: at least once, the check finds %s", tables, found)
		}
	}
}
