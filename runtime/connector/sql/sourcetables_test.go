package sql

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/sqlite"
)

func table(name string) database.Table {
	schema, name, ok := strings.Cut(name, ".")
	if !ok {
		return database.Table{Name: schema}
	}
	return database.Table{Schema: schema, Name: name}
}

func tables(names ...string) (all []database.Table) {
	for _, n := range names {
		all = append(all, table(n))
	}
	return all
}

// Which tables the lists take.
func TestChoose(t *testing.T) {
	all := tables("public.orders", "public.customers", "audit.log", "audit.Odd name")
	for what, c := range map[string]struct {
		src  Source
		want string
	}{
		"all":               {Source{}, "public.orders public.customers audit.log audit.Odd name"},
		"by name":           {Source{TableWhitelist: []string{"orders", "audit.log"}}, "public.orders audit.log"},
		"quoted":            {Source{TableWhitelist: []string{`"public"."orders"`, `"Odd name"`}}, "public.orders audit.Odd name"},
		"other capitals":    {Source{TableWhitelist: []string{"Orders"}}, ""},
		"not by name":       {Source{TableBlacklist: []string{"orders", "audit.log"}}, "public.customers audit.Odd name"},
		"by pattern":        {Source{TableIncludeList: []string{`public\..*`}}, "public.orders public.customers"},
		"of the bare name":  {Source{TableIncludeList: []string{"(orders|log)"}}, "public.orders audit.log"},
		"as a whole":        {Source{TableIncludeList: []string{"order"}}, ""},
		"look-ahead":        {Source{TableIncludeList: []string{`public\.(?!cust).*`}}, "public.orders"},
		"without some":      {Source{TableIncludeList: []string{`public\..*`}, TableExcludeList: []string{".*s", "x"}}, ""},
		"excluded alone":    {Source{TableExcludeList: []string{`audit\..*`}}, "public.orders public.customers"},
		"several of a list": {Source{TableIncludeList: []string{"orders", "log"}}, "public.orders audit.log"},
	} {
		t.Run(what, func(t *testing.T) {
			sel, err := newSelection(c.src)
			if err != nil {
				t.Fatal(err)
			}
			got, err := sel.choose(sqlite.Database{}.Dialect(), all)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, x := range got {
				names = append(names, x.String())
			}
			if strings.Join(names, " ") != c.want {
				t.Errorf("got %q", names)
			}
		})
	}
	if _, err := (selection{}).choose(sqlite.Database{}.Dialect(), tables("a.x", "b.x")); err == nil || !strings.Contains(err.Error(), "a.x and b.x") {
		t.Errorf("two tables of one topic: %v", err)
	}
}

// Each table is owned by one task, and each task comes to the same alone.
func TestOwners(t *testing.T) {
	d := sqlite.Database{}.Dialect()
	var all []database.Table
	for i := range 200 {
		all = append(all, table(fmt.Sprintf("s.t%d", i)))
	}
	for _, n := range []int{1, 2, 7} {
		count := make([]int, n)
		for _, x := range all {
			owners := 0
			for i := range n {
				if (selection{task: i, tasks: n}).owns(d, x) {
					owners++
					count[i]++
				}
			}
			if owners != 1 {
				t.Fatalf("%s has %d owners of %d", x, owners, n)
			}
		}
		if slices.Min(count) < 200/n/2 {
			t.Errorf("%d tasks have %v", n, count)
		}
	}
	src := Source{Connection: sqlite.Database{File: "x"}, Mode: bulk, TopicPrefix: "t", TableWhitelist: []string{"c", "a", "b"}}
	tasks, err := src.Tasks(context.Background(), 5)
	if err != nil || len(tasks) != 3 {
		t.Fatalf("%d tasks, %v", len(tasks), err)
	}
	for i, name := range src.TableWhitelist {
		for j, task := range tasks {
			if task.(*sourceTask).pick.owns(d, table(name)) != (i == j) {
				t.Errorf("table %s and task %d", name, j)
			}
		}
	}
	src.TableWhitelist, src.Query = nil, "SELECT 1"
	if tasks, err := src.Tasks(context.Background(), 5); err != nil || len(tasks) != 1 {
		t.Errorf("a query has %d tasks, %v", len(tasks), err)
	}
}

// Tables come and go while others are read.
func TestTablesComeAndGo(t *testing.T) {
	t.Parallel()
	f := newFile(t, `CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY)`, `INSERT INTO a VALUES (1)`)
	mem := memory{}
	l := begin(t, f.source(incrementing, func(s *Source) { s.IncrementingColumnName = "id" }), mem).idle()
	same(t, l.take(), "t-a: id=1")
	f.exec(`CREATE TABLE b (id INTEGER NOT NULL PRIMARY KEY)`, `INSERT INTO b VALUES (5)`, `INSERT INTO a VALUES (2)`)
	l.until(2)
	slices.Sort(l.got)
	same(t, l.take(), "t-a: id=2", "t-b: id=5")
	f.exec(`DROP TABLE a`, `INSERT INTO b VALUES (6)`)
	same(t, l.until(1).take(), "t-b: id=6")
	delete(mem, `{"protocol":"1","table":"a"}`) // it is not committed yet
	f.exec(`BEGIN; CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY); INSERT INTO a VALUES (1), (2), (3); COMMIT`)
	same(t, l.until(1).take(), "t-a: id=3")
	if log := l.log.String(); strings.Count(log, "a table is gone") != 1 || strings.Count(log, "a table is there again") != 1 {
		t.Errorf("log:\n%s", log)
	}
}

// No table waits for a large one, and no more queries than mostOpen stay open.
func TestTablesInTurn(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{bulk, incrementing, timestamp, timestampIncrementing} {
		t.Run(mode, func(t *testing.T) {
			f := newFile(t)
			const n, rows = 7, 100
			for i := range n {
				f.exec(fmt.Sprintf(`CREATE TABLE t%d (id INTEGER NOT NULL PRIMARY KEY, at TIMESTAMP NOT NULL)`, i),
					fmt.Sprintf(`WITH RECURSIVE s(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM s WHERE x < %d) INSERT INTO t%d SELECT x, printf('2024-01-01 00:%%02d:%%02d', x/60, x%%60) FROM s`, rows, i))
			}
			l := begin(t, f.source(mode, byColumns, func(s *Source) {
				s.BatchMaxRows, s.PollInterval = 10, time.Hour
				if !s.byTime() {
					s.TimestampColumnName = nil
				}
			}), memory{})
			for len(l.got) < n*rows {
				if _, err := l.poll(t.Context()); err != nil {
					t.Fatal(err)
				}
				open := 0
				for _, r := range l.task.(*sourceTask).readers {
					if r.open != nil {
						open++
					}
				}
				if open > mostOpen {
					t.Fatalf("%d queries are open", open)
				}
			}
			seen := map[string]bool{}
			for _, r := range l.got {
				seen[r] = true
			}
			if len(seen) != n*rows || len(l.got) != n*rows {
				t.Errorf("%d rows, %d of them different", len(l.got), len(seen))
			}
		})
	}
}

// Columns may come, go and change their names.
func TestColumnsChange(t *testing.T) {
	t.Parallel()
	f := newFile(t, `CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY, x TEXT)`, `INSERT INTO a VALUES (1, 'x')`)
	l := begin(t, f.source(incrementing, func(s *Source) { s.IncrementingColumnName = "id" }), memory{}).idle()
	f.exec(`ALTER TABLE a ADD COLUMN y INTEGER`, `INSERT INTO a VALUES (2, 'x', 7)`)
	l.idle()
	f.exec(`ALTER TABLE a RENAME COLUMN x TO z`, `INSERT INTO a VALUES (3, 'z', 7)`)
	l.idle()
	f.exec(`ALTER TABLE a DROP COLUMN y`, `INSERT INTO a VALUES (4, 'z')`)
	l.idle()
	same(t, l.take(), "t-a: id=1 x=x", "t-a: id=2 x=x y=7", "t-a: id=3 z=z y=7", "t-a: id=4 z=z")
	f.exec(`ALTER TABLE a RENAME COLUMN id TO key`)
	if err := l.tryIdle(); err == nil || !strings.Contains(err.Error(), "table a: incrementingColumnName: there is no column id; there are key, z") {
		t.Errorf("error %v", err)
	}
}

// The schema is one as long as the table is one, so that what is made of it once
// serves all rows.
func TestSchemaStays(t *testing.T) {
	f := newFile(t, `CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY, x TEXT)`)
	l := begin(t, f.source(incrementing, func(s *Source) { s.IncrementingColumnName = "id" }), memory{})
	var first *connect.Schema
	for i := range 4 {
		f.exec(fmt.Sprintf(`INSERT INTO a VALUES (%d, 'x')`, i))
		for {
			var b connect.Batch
			if err := l.task.Poll(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
			if len(b.Records) == 0 {
				continue
			}
			if s := b.Records[0].Value.Schema; first == nil {
				first = s
			} else if s != first {
				t.Error("another schema of the same columns")
			}
			break
		}
	}
}

func TestNulls(t *testing.T) {
	f := newFile(t, `CREATE TABLE a (id INTEGER, at TIMESTAMP, made TIMESTAMP)`, `INSERT INTO a VALUES (1, '2024-01-01', NULL), (NULL, '2024-01-02', NULL)`)
	number := func(s *Source) { s.IncrementingColumnName = "id" }
	times := func(s *Source) { s.TimestampColumnName = []string{"at", "made"} }
	lax := func(s *Source) { s.ValidateNonNull = false }
	for what, c := range map[string]struct {
		src  Source
		want string
	}{
		"number":         {f.source(incrementing, number), "table a: mode incrementing: column id may be null"},
		"times":          {f.source(timestamp, times), "of the columns at, made each may be null"},
		"both":           {f.source(timestampIncrementing, number, times), "column id may be null"},
		"a row's number": {f.source(timestampIncrementing, number, times, lax), "table a: mode timestamp+incrementing: column id of a row behind "},
		"no column":      {f.source(incrementing, func(s *Source) { s.IncrementingColumnName = "no" }), "there is no column no; there are id, at, made"},
		"no time":        {f.source(timestamp, lax, func(s *Source) { s.TimestampColumnName = []string{"id"} }), "column id is integer, not a point in time"},
		"no number":      {f.source(incrementing, lax, func(s *Source) { s.IncrementingColumnName = "at" }), "column at is timestamp, not a whole number"},
		"not numbered":   {f.source(incrementing), "the database numbers the rows by none of its columns"},
	} {
		t.Run(what, func(t *testing.T) {
			if err := begin(t, c.src, memory{}).tryIdle(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v", err)
			}
		})
	}
	f.exec(`UPDATE a SET id = 2 WHERE id IS NULL`)
	same(t, begin(t, f.source(timestampIncrementing, number, times, lax), memory{}).idle().take(),
		"t-a: id=1 at=2024-01-01T00:00:00 made=null", "t-a: id=2 at=2024-01-02T00:00:00 made=null")
}

func TestAlterOffsets(t *testing.T) {
	f := newFile(t)
	tab, one := map[string]any{"protocol": "1", "table": "public.a"}, connect.SourceOffset{"incrementing": int64(5)}
	query := func(s *Source) { s.Query = "SELECT 1" }
	for _, c := range []struct {
		src       Source
		partition map[string]any
		offset    connect.SourceOffset
		want      string
	}{
		{f.source(incrementing), tab, one, ""},
		{f.source(incrementing), map[string]any{"table": "a"}, one, ""},
		{f.source(incrementing), map[string]any{"anything": "a"}, nil, ""},
		{f.source(timestamp), tab, connect.SourceOffset{"timestamp": int64(5), "timestamp_nanos": int64(5000000)}, ""},
		{f.source(incrementing, query), map[string]any{"query": "query"}, one, ""},
		{f.source(incrementing, query), tab, one, "partition: must be"},
		{f.source(incrementing), map[string]any{"query": "query"}, one, "partition: must be"},
		{f.source(incrementing), map[string]any{"protocol": "2", "table": "a"}, one, "partition: must be"},
		{f.source(incrementing), tab, connect.SourceOffset{"incrementing": "5"}, "incrementing is 5, not a whole number"},
		{f.source(incrementing), tab, connect.SourceOffset{"timestamp": int64(5)}, `must have "incrementing"`},
		{f.source(timestamp), tab, one, `must have "timestamp"`},
		{f.source(timestamp), tab, connect.SourceOffset{"timestamp": int64(5), "timestamp_nanos": int64(1e9)}, "timestamp_nanos is 1000000000"},
		{f.source(incrementing), tab, connect.SourceOffset{"incrementing": int64(5), "id": int64(5)}, `"id" is not one of`},
		{f.source(bulk), tab, one, "keeps no offsets"},
	} {
		err := c.src.AlterOffsets([]connect.AlteredOffset{{Partition: c.partition, Offset: c.offset}})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v %v: %v, not %q", c.partition, c.offset, err, c.want)
		}
	}
}

func TestExactlyOnce(t *testing.T) {
	for mode, can := range map[string]bool{bulk: false, incrementing: true, timestamp: true, timestampIncrementing: true} {
		if err := (Source{Mode: mode}).ExactlyOnce(); (err == nil) != can {
			t.Errorf("%s: %v", mode, err)
		}
	}
}
