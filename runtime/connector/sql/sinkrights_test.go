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
	return guarded{shopOf(t, postgresOf(t, admin)), postgresOf(t, guest), user, func(t *testing.T) {
		p.Exec(t, l.Name, fmt.Sprintf("REVOKE ALL ON SCHEMA public FROM %q", user))
	}}
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

// rightCases are sinks, with what they are given to write, batch by batch.
var rightCases = map[string]struct {
	o       Sink
	batches [][]connect.Record
	there   bool // the table is there before
}{
	"insert": {Sink{}, [][]connect.Record{orders(0, 3)}, true},
	"upsert": {Sink{InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"id"}}, [][]connect.Record{orders(0, 3)}, true},
	"upsert and delete": {Sink{InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"id"}, DeleteEnabled: true},
		[][]connect.Record{append(orders(0, 3), tombstone(3, 9))}, true},
	"update": {Sink{InsertMode: "update", PkMode: "record_key", PkFields: []string{"id"}}, [][]connect.Record{orders(0, 3)}, true},
	"exact":  {Sink{ExactlyOnce: true}, [][]connect.Record{orders(0, 3), orders(3, 3)}, true},
	"evolve": {Sink{AutoEvolve: true}, [][]connect.Record{orders(0, 3), {wide(3, 9)}}, true},
	"create": {Sink{AutoCreate: true, InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"id"}, DeleteEnabled: true},
		[][]connect.Record{append(orders(0, 3), tombstone(3, 1))}, false},
	"all": {Sink{AutoCreate: true, AutoEvolve: true, ExactlyOnce: true, InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"id"}, DeleteEnabled: true},
		[][]connect.Record{orders(0, 3), {wide(3, 9), tombstone(4, 1)}}, false},
}

// The rights that the sink says suffice, and without any one of them it cannot
// write: there the check says which.
func TestSinkRights(t *testing.T) {
	t.Parallel()
	for kind, open := range map[string]func(*testing.T) guarded{"postgres": guardedPostgres, "mariadb": guardedMaria} {
		t.Run(kind, func(t *testing.T) {
			g := open(t)
			for name, c := range rightCases {
				t.Run(name, func(t *testing.T) {
					o := c.o
					o.Connection = g.guest
					o = g.sink(o)
					grants, err := o.Grants(rightsOf)
					if err != nil {
						t.Fatal(err)
					}
					g.try(t, o, c.there, c.batches, grants, "")
					for i := range grants {
						for right, rest := range without(grants[i]) {
							g.try(t, o, c.there, c.batches, slices.Concat(grants[:i], rest, grants[i+1:]), right)
						}
					}
				})
			}
		})
	}
}

// rightsOf is what grants and checks are of.
var rightsOf = connect.CheckContext{Name: "orders", Topics: []string{"orders"}}

// without are what is left of a statement by each right that it gives. A comment
// gives none.
func without(grant string) map[string][]string {
	list, on, ok := strings.Cut(strings.TrimPrefix(grant, "GRANT "), " ON ")
	switch {
	case strings.HasPrefix(grant, "--"):
		return nil
	case !ok: // another statement
		return map[string][]string{grant: nil}
	}
	out := map[string][]string{}
	words := strings.Split(list, ", ")
	for i, word := range words {
		var rest []string
		if len(words) > 1 {
			of, to, _ := strings.Cut(on, " TO ")
			if word == "CREATE" {
				of = "*" // others cannot be given on a table that is not there
			}
			rest = []string{"GRANT " + strings.Join(slices.Delete(slices.Clone(words), i, i+1), ", ") + " ON " + of + " TO " + to}
		}
		out[word+" ON "+on] = rest
	}
	return out
}

// try runs the sink with what was granted: it writes all, and a check finds
// nothing, unless a right is missing.
func (g guarded) try(t *testing.T, o Sink, there bool, batches [][]connect.Record, grants []string, missing string) {
	t.Helper()
	g.revoke(t)
	owner := g.in(t)
	if there {
		owner.exec(`CREATE TABLE orders (id INTEGER PRIMARY KEY, name VARCHAR(20), n INTEGER)`)
	}
	for _, s := range grants {
		if !strings.HasPrefix(s, "--") {
			owner.exec(s)
		}
	}
	if bad := faulty(o.Check(t.Context(), rightsOf)); (len(bad) > 0) != (missing != "") {
		t.Errorf("without %q the check finds %v", missing, bad)
	}
	r := &run{t: t, refused: map[int]error{}}
	err := g.run(o, r, batches)
	if missing == "" && (err != nil || len(r.refused) > 0) {
		t.Errorf("with all rights: %v %v", err, r.refused)
	}
	if missing != "" && err == nil {
		t.Errorf("without %s: no error", missing)
	}
	if bad := faulty(o.Check(t.Context(), rightsOf)); missing == "" && len(bad) > 0 {
		t.Errorf("with all rights, afterwards: %v", bad)
	}
}

// run opens a task that writes the batches, as a worker does.
func (g guarded) run(o Sink, r *run, batches [][]connect.Record) error {
	ctx := context.Background()
	task, err := o.Open(ctx, connect.SinkContext{Name: "orders", Log: slog.New(slog.DiscardHandler), Results: r})
	if err != nil {
		return err
	}
	defer task.Close()
	if keeper, ok := task.(connect.PositionKeeper); ok {
		if _, err := keeper.Positions(ctx, []connect.TopicPartition{{Topic: "orders"}}); err != nil {
			return err
		}
	}
	for _, batch := range batches {
		if err := task.Put(ctx, batch); err != nil {
			return err
		}
	}
	return nil
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
