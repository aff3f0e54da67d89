package sql

import (
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/sqlite"
)

// What a check says is wrong, in words.
func TestSourceCheck(t *testing.T) {
	f := newFile(t, `CREATE TABLE good (id INTEGER NOT NULL PRIMARY KEY, at TIMESTAMP NOT NULL)`, `CREATE INDEX i ON good (at, id)`,
		`CREATE TABLE lax (id INTEGER, at TIMESTAMP)`, `CREATE TABLE texts (id TEXT NOT NULL, at TEXT NOT NULL)`)
	only := func(name string) func(*Source) { return func(s *Source) { s.TableWhitelist = []string{name} } }
	number := func(s *Source) { s.IncrementingColumnName = "id" }
	for what, c := range map[string]struct {
		src  Source
		want []string
	}{
		"bulk":                    {f.source(bulk), nil},
		"good":                    {f.source(timestampIncrementing, byColumns, only("good")), nil},
		"no table":                {f.source(bulk, only("none")), []string{"table none is there: it is not"}},
		"no tables":               {f.source(bulk, func(s *Source) { s.TableIncludeList = []string{"x.*"} }), []string{"there are tables to read: there are none among the 3"}},
		"null":                    {f.source(incrementing, number, only("lax")), []string{"table lax has what mode incrementing reads by: mode incrementing: column id may be null"}},
		"no number":               {f.source(incrementing, number, only("texts")), []string{"column id is text, not a whole number"}},
		"no time":                 {f.source(timestamp, byColumns, only("texts")), []string{"column at is text, not a point in time"}},
		"no column":               {f.source(incrementing, func(s *Source) { s.IncrementingColumnName = "key" }, only("good")), []string{"there is no column key; there are id, at"}},
		"no query":                {f.source(incrementing, number, func(s *Source) { s.Query = "SELECT nothing" }), []string{"the query can be run"}},
		"bulk query":              {f.source(bulk, func(s *Source) { s.Query = "SELECT * FROM good;" }), nil},
		"no bulk query":           {f.source(bulk, func(s *Source) { s.Query = "SELECT nothing" }), []string{"the query can be run: read the rows of the query"}},
		"a query that is no part": {f.source(bulk, func(s *Source) { s.Query = "PRAGMA table_list" }), nil},
		"query":                   {f.source(incrementing, number, func(s *Source) { s.Query = "SELECT * FROM good" }), nil},
		"no mode":                 {f.source("x"), []string{"the options of x fit together: mode is"}},
		"no database":             {Source{Connection: sqlite.Database{File: t.TempDir() + "/no/x.db"}, Mode: bulk, TopicPrefix: "t"}, []string{"it can be connected to"}},
	} {
		t.Run(what, func(t *testing.T) {
			bad := problems(c.src.Check(t.Context(), connect.CheckContext{Name: "x"}))
			if len(bad) != len(c.want) {
				t.Fatalf("%+v", bad)
			}
			for i, w := range c.want {
				if !strings.Contains(bad[i].What+": "+bad[i].Problem, w) {
					t.Errorf("%+v, not %q", bad[i], w)
				}
			}
		})
	}
	if grants, err := f.source(bulk).Grants(connect.CheckContext{}); err != nil || len(grants) > 0 {
		t.Errorf("SQLite has no rights: %q, %v", grants, err)
	}
}

// How far reading is behind the bound of its query.
func TestLag(t *testing.T) {
	f := newFile(t, timed)
	for i := range 10 {
		f.exec(`INSERT INTO a VALUES (` + string(rune('0'+i)) + `, '2024-01-01 00:00:0` + string(rune('0'+i)) + `')`)
	}
	s := f.source(timestamp, byColumns, func(s *Source) { s.BatchMaxRows = 5 })
	l := begin(t, s, memory{})
	lag := func() (int64, string, bool) { return lagOf(l) }
	if _, _, ok := lag(); ok {
		t.Error("it is known before anything was read")
	}
	l.until(5)
	if n, unit, ok := lag(); !ok || unit != "milliseconds" || time.Duration(n)*time.Millisecond < time.Hour {
		t.Errorf("%d %s, %v", n, unit, ok)
	}
	l.idle()
	if n, _, ok := lag(); !ok || n != 0 {
		t.Errorf("at the end: %d, %v", n, ok)
	}

	db := telling{f.Database, &openNow{}}
	l = begin(t, f.source(incrementing, byColumns, func(s *Source) { s.Connection, s.BatchMaxRows, s.TimestampColumnName = db, 4, nil }), memory{}).until(4)
	if n, unit, ok := lagOf(l); !ok || n != 6 || unit != "records" {
		t.Errorf("%d %s, %v", n, unit, ok)
	}
}

func lagOf(l *life) (int64, string, bool) { return l.task.(connect.Lagger).Lag() }
