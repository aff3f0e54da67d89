package sql

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

// Each table is read by the columns that its mapping names.
func TestColumnMappings(t *testing.T) {
	f := newFile(t, `CREATE TABLE a (id INTEGER NOT NULL, changed TIMESTAMP, made TIMESTAMP NOT NULL)`, `CREATE TABLE b (n INTEGER NOT NULL, at TIMESTAMP NOT NULL)`,
		`INSERT INTO a VALUES (2, '2024-01-01 00:00:02', '2024-01-01'), (1, NULL, '2024-01-01')`, `INSERT INTO b VALUES (7, '2024-01-02')`)
	s := f.source(timestampIncrementing, func(s *Source) {
		s.IncrementingColumnMapping = []string{"a:id", "b.*: n"}
		s.TimestampColumnsMapping = []string{"a : [changed| made]", "[b-z]:[at]"}
	})
	mem := memory{}
	l := begin(t, s, mem).until(3)
	l.close()
	if log := l.take(); !strings.Contains(log, "id=1 changed=null made=2024-01-01T00:00:00\nt-a: id=2") || !strings.Contains(log, "t-b: n=7") {
		t.Errorf("%s", log)
	}
	if got := mem[`{"protocol":"1","table":"b"}`]; got != `{"incrementing":7,"timestamp":1704153600000,"timestamp_nanos":0}` {
		t.Errorf("offset %s", got)
	}
	if bad := problems(s.Check(t.Context(), connect.CheckContext{Name: "x"})); len(bad) != 1 || !strings.Contains(bad[0].What, "index that begins with at") {
		t.Errorf("%+v", bad)
	}
	f.exec(`CREATE TABLE c (id INTEGER NOT NULL)`)
	const problem = "table c: incrementingColumnMapping: no pattern matches it"
	if bad := problems(s.Check(t.Context(), connect.CheckContext{Name: "x"})); len(bad) != 2 || !strings.Contains(bad[1].Problem, problem) {
		t.Errorf("%+v", bad)
	}
	if _, err := tryBegin(t, s, mem, false); err == nil || !strings.Contains(err.Error(), problem) {
		t.Errorf("a table without a column: %v", err)
	}
}

func TestColumnMaps(t *testing.T) {
	for _, entry := range []string{"", "a", "a:", ":id", " : ", "a:b:c", "a: ", "(:id"} {
		if maps, err := columnMaps("x", []string{entry}, false); err == nil {
			t.Errorf("%q: %+v", entry, maps)
		}
	}
	for _, entry := range []string{"a:id", "a:[]", "a:[", "a:]", "a:[x|]", "a:[x", "a:[x:y]", "[:[x]"} {
		if maps, err := columnMaps("x", []string{entry}, true); err == nil {
			t.Errorf("%q: %+v", entry, maps)
		}
	}
	maps, err := columnMaps("x", []string{"s[.]a.*:id", "t.a:n", ".*b:m"}, false)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"s.ab": "both match", "s.a": "id", "t.a": "n", "x.b": "m", "s.c": "no pattern"} {
		got, err := columnsFor("x", maps, table(name))
		if err != nil {
			got = []string{err.Error()}
		}
		if !strings.Contains(got[0], want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// What excludes what, for those who fill in a Source in Go.
func TestSourceExclusions(t *testing.T) {
	f := newFile(t)
	for want, edit := range map[string]func(*Source){
		"timestampColumnName or timestampColumnsMapping":       func(s *Source) { s.Mode = timestamp },
		"timestampColumnName and timestampColumnsMapping":      func(s *Source) { s.TimestampColumnName, s.TimestampColumnsMapping = []string{"a"}, []string{"a:[b]"} },
		"incrementingColumnName and incrementingColumnMapping": func(s *Source) { s.IncrementingColumnName, s.IncrementingColumnMapping = "a", []string{"a:b"} },
		"query and mappings": func(s *Source) {
			s.Query, s.IncrementingColumnName, s.TimestampColumnsMapping = "SELECT 1", "a", []string{"a:[b]"}
		},
		"transactionIsolationMode is \"X\"":                      func(s *Source) { s.TransactionIsolationMode = "X" },
		"transactionIsolationMode: SQLite has no READ_COMMITTED": func(s *Source) { s.TransactionIsolationMode = "READ_COMMITTED" },
	} {
		if _, err := f.source(incrementing, edit).Tasks(t.Context(), 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, not %q", err, want)
		}
	}
}

// Entries come from specs: no panic, and no column without a name.
func FuzzColumnMaps(f *testing.F) {
	f.Add("a.*:[x|y]", true)
	f.Add(" a : id ", false)
	f.Fuzz(func(t *testing.T, entry string, several bool) {
		maps, err := columnMaps("x", []string{entry}, several)
		if err != nil {
			return
		}
		for _, name := range maps[0].columns {
			if name == "" || !several && len(maps[0].columns) != 1 {
				t.Errorf("%q: %q", entry, maps[0].columns)
			}
		}
		_, _ = columnsFor("x", maps, table("s.a"))
	})
}
