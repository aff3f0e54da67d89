package sql

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// The rights that a source says it needs suffice, and without any one of them it
// does not read all: there the check says so. They reach no other table.
func TestSourceRights(t *testing.T) {
	t.Parallel()
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		r := readingRights{guarded: guardedPostgres(t), other: "shop.other"}
		r.exec(`CREATE SCHEMA shop`)
		r.tables("shop.orders", "shop.other", "shop.items")
		r.reset = func() { r.exec(`DROP OWNED BY "` + r.user + `"; DROP TABLE IF EXISTS shop.later`) }
		r.later = func() { r.tables("shop.later") }
		r.try(t, "a name", func(s *Source) { s.TableWhitelist = []string{"shop.orders"} }, "orders")
		r.try(t, "a pattern", func(s *Source) { s.TableIncludeList = []string{`shop\.(orders|items)`} }, "orders", "items")
		r.try(t, "a schema", func(s *Source) { s.SchemaPattern = "shop" }, "orders", "other", "items", "later")
	})
	t.Run("mariadb", func(t *testing.T) {
		t.Parallel()
		g := guardedMaria(t)
		name := g.rows(`SELECT DATABASE()`)
		r := readingRights{guarded: g, other: name + ".other"}
		r.tables("orders", "other")
		r.reset = func() { r.revoke(t); r.exec(`DROP TABLE IF EXISTS later`) }
		r.later = func() { r.tables("later") }
		r.try(t, "a name", func(s *Source) { s.TableWhitelist = []string{"orders"} }, "orders")
		r.try(t, "a pattern", func(s *Source) { s.TableIncludeList = []string{name + `[.]orders`} }, "orders")
		r.try(t, "a database", func(*Source) {}, "orders", "other", "later")
	})
}

// readingRights is a database with a guest who is to read of it.
type readingRights struct {
	guarded
	other        string // a table that is not always read
	reset, later func() // takes the rights away; makes a table
}

// tables makes tables of one row.
func (r *readingRights) tables(names ...string) {
	for _, name := range names {
		r.exec(`CREATE TABLE ` + name + ` (id bigint PRIMARY KEY); INSERT INTO ` + name + ` VALUES (1)`)
	}
}

// try gives the rights of a source, which is to read one row of each of the
// tables, and then each time all but one.
func (r *readingRights) try(t *testing.T, what string, edit func(*Source), tables ...string) {
	s := Source{Connection: r.guest, Mode: incrementing, IncrementingColumnName: "id", TopicPrefix: "t-",
		PollInterval: time.Millisecond, TablePollInterval: time.Millisecond}
	edit(&s)
	grants, err := s.Grants(connect.CheckContext{})
	if err != nil || len(grants) == 0 || slices.ContainsFunc(grants, func(g string) bool { return strings.HasPrefix(g, "--") }) {
		t.Fatalf("%s: %q, %v", what, grants, err)
	}
	t.Run(what, func(t *testing.T) {
		for without := -1; without < len(grants); without++ {
			r.reset()
			for i, g := range grants {
				if i != without {
					r.exec(g)
				}
			}
			r.later()
			read := r.reads(t, s)
			switch {
			case without < 0 && read != len(tables):
				t.Errorf("with all rights %d tables are read, not %d", read, len(tables))
			case without >= 0 && read >= len(tables):
				t.Errorf("%q is superfluous", grants[without])
			}
			found := s.Check(t.Context(), connect.CheckContext{Name: "x"})
			if bad := faulty(found); without < 0 && len(bad) > 0 {
				t.Errorf("with all rights the check finds %q", bad)
			}
			if without >= 0 && read == 0 && len(problems(found)) == 0 {
				t.Errorf("without %q the check finds nothing", grants[without])
			}
			if err := r.peek(t); err == nil && !slices.Contains(tables, "other") {
				t.Errorf("without %d: %s can be read too", without, r.other)
			}
		}
	})
}

// reads gives how many tables are read; an error is none.
func (r *readingRights) reads(t *testing.T, s Source) int {
	l, err := tryBegin(t, s, memory{}, false)
	if err != nil {
		return 0
	}
	defer l.close()
	if err := l.tryIdle(); err != nil {
		return 0
	}
	return len(l.got)
}

// peek reads of the other table as the guest.
func (r *readingRights) peek(t *testing.T) error {
	pool, err := r.guest.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	d := r.db.Dialect()
	table, err := d.ParseTable(r.other)
	if err != nil {
		t.Fatal(err)
	}
	_, err = pool.ExecContext(t.Context(), string(database.AppendTable([]byte("SELECT * FROM "), d, table)))
	return err
}
