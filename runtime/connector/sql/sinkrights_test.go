package sql

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/servertest"
)

// guarded is a database with an owner, and one more user who may do nothing.
type guarded struct {
	*shop
	guest  database.Database
	user   string
	revoke func(t *testing.T) // what dropping its tables does not
}

func guardedPostgres(t *testing.T) guarded {
	p := servertest.SharedPostgres(t)
	l := p.Database(t)
	admin := p.Admin(l.Name)
	user := servertest.Unique("guest")
	p.Exec(t, l.Name, fmt.Sprintf("CREATE ROLE %q LOGIN PASSWORD 'guest'", user))
	guest := l
	guest.User, guest.Password = user, "guest"
	return guarded{shopOf(t, postgresOf(t, admin)), postgresOf(t, guest), user, func(*testing.T) {}}
}

func guardedMaria(t *testing.T) guarded {
	m := servertest.SharedMariaDB(t)
	l := m.Database(t)
	user := servertest.Unique("guest")
	m.Exec(t, "", fmt.Sprintf("CREATE USER '%s'@'%%' IDENTIFIED BY 'guest'; GRANT ALL ON `%s`.* TO '%s'@'%%' WITH GRANT OPTION", user, l.Name, l.User))
	guest := l
	guest.User, guest.Password = user, "guest"
	return guarded{shopOf(t, mariaOf(t, l)), mariaOf(t, guest), user, func(t *testing.T) {
		m.Exec(t, "", fmt.Sprintf("REVOKE ALL PRIVILEGES, GRANT OPTION FROM '%s'@'%%'", user))
	}}
}

// rightCases are sinks, with what they are given to write.
var rightCases = map[string]struct {
	o     Sink
	batch []connect.Record
}{
	"insert": {Sink{}, orders(0, 3)},
	"upsert": {Sink{InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"id"}}, orders(0, 3)},
	"upsert and delete": {Sink{InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"id"}, DeleteEnabled: true},
		append(orders(0, 3), tombstone(3, 9))},
	"update": {Sink{InsertMode: "update", PkMode: "record_key", PkFields: []string{"id"}}, orders(0, 3)},
	"exact":  {Sink{ExactlyOnce: true}, orders(0, 3)},
}

// The rights that the sink says suffice, and without any one of them it cannot
// write: there the check says which.
func TestSinkRights(t *testing.T) {
	t.Parallel()
	for kind, open := range map[string]func(*testing.T) guarded{"postgres": guardedPostgres, "mariadb": guardedMaria} {
		t.Run(kind, func(t *testing.T) {
			g := open(t)
			for name, c := range rightCases {
				t.Run(name, func(t *testing.T) { g.suffice(t, c.o, c.batch) })
			}
		})
	}
}

func (g guarded) suffice(t *testing.T, o Sink, batch []connect.Record) {
	owner := g.in(t)
	o.Connection = g.guest
	o = owner.sink(o)
	check := connect.CheckContext{Name: "orders", Topics: []string{"orders"}}
	d := g.db.Dialect().(database.Rights)
	table := database.Table{Name: "orders"}
	needs := o.rights()
	for leave := -1; leave < len(needs); leave++ {
		g.revoke(t)
		owner := g.in(t)
		owner.exec(`CREATE TABLE orders (id INTEGER PRIMARY KEY, name VARCHAR(20), n INTEGER)`)
		if leave < 0 {
			grants, err := o.Grants(check)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range grants {
				if !strings.HasPrefix(s, "--") {
					owner.exec(s)
				}
			}
			g.write(t, o, batch, "")
			if bad := faulty(o.Check(t.Context(), check)); len(bad) > 0 && !o.ExactlyOnce {
				t.Errorf("with all rights: %v", bad)
			}
			continue
		}
		rest := slices.Delete(slices.Clone(needs), leave, leave+1)
		if needs[leave] == database.Select && g.db.Dialect().Name() != "MySQL" { // others bring it with them in PostgreSQL
			continue
		}
		for _, s := range d.Grants(g.user, table, rest) {
			owner.exec(s)
		}
		g.write(t, o, batch, rightNames[needs[leave]])
		if bad := faulty(o.Check(t.Context(), check)); len(bad) == 0 {
			t.Errorf("without %s the check finds nothing", rightNames[needs[leave]])
		}
	}
}

// write fails unless the batch is written, or cannot be without a right.
func (g guarded) write(t *testing.T, o Sink, batch []connect.Record, without string) {
	t.Helper()
	r := &run{t: t, refused: map[int]error{}}
	task, err := o.Open(context.Background(), connect.SinkContext{Name: "orders", Log: slog.New(slog.DiscardHandler), Results: r})
	if err == nil {
		err = task.Put(context.Background(), batch)
		task.Close()
	}
	if without == "" && (err != nil || len(r.refused) > 0) {
		t.Errorf("with all rights: %v %v", err, r.refused)
	}
	if without != "" && err == nil {
		t.Errorf("without %s: no error", without)
	}
}

func faulty(all []connect.Finding) (out []string) {
	for _, f := range all {
		if f.Problem != "" && !f.Warning {
			out = append(out, f.What+": "+f.Problem+": "+f.Fix)
		}
	}
	return out
}

// What a check finds.
func TestSinkCheck(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		check := connect.CheckContext{Name: "orders", Topics: []string{"orders", "other"}}
		find := func(o Sink, want ...string) {
			t.Helper()
			got := strings.Join(faulty(s.sink(o).Check(t.Context(), check)), "\n")
			for _, w := range want {
				if !strings.Contains(got, w) {
					t.Errorf("the check says\n%s\nwant %q", got, w)
				}
			}
			if len(want) == 0 && got != "" {
				t.Errorf("the check says %s", got)
			}
		}
		find(Sink{}, "table orders is there: it is not", "table other is there")
		find(Sink{AutoCreate: true})
		s.exec(`CREATE TABLE orders (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL); CREATE TABLE other (id INTEGER PRIMARY KEY)`)
		find(Sink{})
		find(Sink{PkMode: "record_key", PkFields: []string{"key"}}, "has column key, of pkFields: it does not")
		find(Sink{FieldsWhitelist: []string{"id"}}, "name would be left out")
		find(Sink{ExactlyOnce: true, OffsetsTable: "other"}, "no column connector")
		find(Sink{ExactlyOnce: true})
		find(Sink{InsertMode: "upsert"}, "needs keys")
	})
}

// A build is told what no table can hold.
func TestSinkAccepts(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	nested := connect.NewStruct().Field("id", connect.Int64Schema).Field("in", orderSchema).MustBuild()
	key := Sink{PkMode: "record_key", PkFields: []string{"id"}}
	for name, c := range map[string]struct {
		o    Sink
		s    connect.Shape
		want string
	}{
		"unknown":             {key, connect.Shape{}, ""},
		"good":                {key, connect.Shape{Key: connect.Of(connect.Int64Schema), Value: connect.Of(orderSchema)}, ""},
		"a string":            {Sink{}, connect.Shape{Key: connect.Of(nil), Value: connect.Of(connect.OptionalStringSchema)}, ""},
		"schemaless":          {Sink{}, connect.Shape{Value: connect.Of(nil)}, "the value has no schema"},
		"schemaless key":      {key, connect.Shape{Key: connect.Of(nil)}, "pkMode: "},
		"no column for a key": {Sink{PkMode: "record_key"}, connect.Shape{Key: connect.Of(connect.StringSchema)}, "pkFields: "},
		"no such field":       {Sink{PkMode: "record_value", PkFields: []string{"ide"}}, connect.Shape{Value: connect.Of(orderSchema)}, "did you mean id?"},
		"nested":              {Sink{}, connect.Shape{Value: connect.Of(nested)}, "field in"},
		"nested, left out":    {Sink{FieldsWhitelist: []string{"id"}}, connect.Shape{Value: connect.Of(nested)}, ""},
		"tombstones":          {key, connect.Shape{Value: connect.Form{Nulls: connect.NullsAlways}}, "deleteEnabled"},
		"null keys":           {key, connect.Shape{Key: connect.Form{Nulls: connect.NullsAlways}}, "null"},
		"no record":           {key, connect.Shape{None: true, Key: connect.Of(nil)}, ""},
	} {
		err := s.sink(c.o).Accepts(c.s)
		if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// The rights of a sink that makes its tables suffice where there are none yet.
func TestSinkRightsToMake(t *testing.T) {
	t.Parallel()
	for kind, open := range map[string]func(*testing.T) guarded{"postgres": guardedPostgres, "mariadb": guardedMaria} {
		t.Run(kind, func(t *testing.T) {
			g := open(t)
			o := g.sink(Sink{Connection: g.guest, AutoCreate: true, AutoEvolve: true, ExactlyOnce: true, InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"id"}, DeleteEnabled: true})
			grants, err := o.Grants(connect.CheckContext{Name: "orders", Topics: []string{"orders"}})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range grants {
				if !strings.HasPrefix(s, "--") {
					g.exec(s)
				}
			}
			g.write(t, o, append(orders(0, 3), wide(3, 9), tombstone(4, 1)), "")
		})
	}
}
