package sql

import (
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connect/connecttest"
	"kcgen.dev/runtime/connector/sqlite"
)

// The contract of all connectors, on a SQLite file.
func TestSourceContract(t *testing.T) { connecttest.Source(t, sourceDriver{}) }

type sourceDriver struct{}

func (sourceDriver) New(t testing.TB) connecttest.SourceWorld {
	return sourceWorld{newFile(t, `CREATE TABLE n (id INTEGER NOT NULL PRIMARY KEY, name TEXT)`)}
}

func (sourceDriver) Invalid(t testing.TB) map[string]connect.Source {
	f := newFile(t)
	return map[string]connect.Source{
		"no connection":       Source{Mode: bulk, TopicPrefix: "t"},
		"no mode":             f.source(""),
		"no topic":            f.source(bulk, func(s *Source) { s.TopicPrefix = "" }),
		"no time column":      f.source(timestamp),
		"query and tables":    f.source(bulk, func(s *Source) { s.Query, s.TableWhitelist = "SELECT 1", []string{"a"} }),
		"query, no column":    f.source(incrementing, func(s *Source) { s.Query = "SELECT 1" }),
		"negative batch":      f.source(bulk, func(s *Source) { s.BatchMaxRows = -1 }),
		"a bad pattern":       f.source(bulk, func(s *Source) { s.TableIncludeList = []string{"("} }),
		"a zone of no land":   f.source(bulk, func(s *Source) { s.DbTimezone = "Mars/Olympus" }),
		"waits without means": f.source(incrementing, func(s *Source) { s.LateCommits = "wait" }),
		"no file":             Source{Connection: sqlite.Database{File: t.TempDir() + "/no/such.db"}, Mode: bulk, TopicPrefix: "t"},
	}
}

type sourceWorld struct{ *file }

func (w sourceWorld) Source() connect.Source {
	return w.source(incrementing, func(s *Source) { s.IncrementingColumnName, s.BatchMaxRows, s.TableWhitelist = "id", 40, []string{"n"} })
}

func (w sourceWorld) Add(t testing.TB, first, n int) {
	t.Helper()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s(%d, 'row %d')", []string{"", ", "}[min(i, 1)], first+i, first+i)
	}
	w.exec("INSERT INTO n VALUES " + b.String())
}

func (w sourceWorld) Number(r *connect.Record) (int, error) {
	text := written(r)
	var n, again int
	if _, err := fmt.Sscanf(text, "t-n: id=%d name=row %d", &n, &again); err != nil || n != again || r.Value.Schema.Name() != "n" {
		return 0, fmt.Errorf("unexpected record %s", text)
	}
	return n, nil
}
