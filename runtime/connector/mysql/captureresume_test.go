package mysql_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/servertest"
)

// keyed are tables with keys of many kinds, of which each has a column v.
var keyed = map[string]string{
	"a_int":     "id int PRIMARY KEY, v int, f(id)",
	"b_big":     "id bigint unsigned PRIMARY KEY, v int, f(id + 18446744073709500000)",
	"c_text":    "id varchar(20) COLLATE utf8mb4_general_ci PRIMARY KEY, v int, f(CONCAT('ä', id, ' '))",
	"d_two":     "a date, v int, id decimal(30,5), PRIMARY KEY (id, a), f('2020-01-01' + INTERVAL id DAY, id MOD 7 + 0.00001)",
	"e_bytes":   "id varbinary(10) PRIMARY KEY, v int, f(UNHEX(HEX(id + 4000)))",
	"f_enum":    "id enum('z','y','x','w') PRIMARY KEY, v int, f((id - 1) MOD 4 + 1)",
	"g_keyless": "id int, v int, f(id)",
	"h_empty":   "id int PRIMARY KEY, v int, f()",
	"i_moment":  "id datetime(6) PRIMARY KEY, v int, f('2020-01-01 00:00:00.5' + INTERVAL id MINUTE)",
}

// fillKeyed makes the tables, with so many rows each.
func fillKeyed(t *testing.T, s *servertest.MySQL, db string, rows int) {
	t.Helper()
	var script strings.Builder
	for name, def := range keyed {
		columns, value, _ := strings.Cut(strings.TrimSuffix(def, ")"), ", f(")
		fmt.Fprintf(&script, "CREATE TABLE %s (%s);", name, columns)
		names := "id"
		if name == "d_two" {
			names = "a, id"
		}
		if value == "" {
			continue
		}
		n := rows
		if name == "f_enum" {
			n = 4
		}
		fmt.Fprintf(&script, "INSERT INTO %s (%s, v) SELECT %s, 0 FROM (WITH RECURSIVE n AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM n WHERE id < %d) SELECT id FROM n) AS n;", name, names, value, n)
	}
	s.Exec(t, db, script.String())
}

// told are the rows that records leave, by table and key.
func (c *capturing) rowsTold(prefix string) map[string]map[string]string {
	c.t.Helper()
	all := map[string]map[string]string{}
	for i, r := range c.records {
		table, ok := strings.CutPrefix(r.topic, prefix)
		if !ok || r.value == nil {
			continue
		}
		if all[table] == nil {
			all[table] = map[string]string{}
		}
		key, _ := json.Marshal(under(r.key, "payload"))
		if r.key == nil {
			key = fmt.Append(nil, i)
		}
		after := under(r.value, "payload", "after")
		if after == nil {
			delete(all[table], string(key))
			continue
		}
		all[table][string(key)] = fmt.Sprint(under(after, "v"))
	}
	return all
}

// rowsThere are how many rows a table has, and the sum of v.
func rowsThere(t testing.TB, s *servertest.MySQL, db, table string) (n, sum int) {
	t.Helper()
	conn, err := s.Admin(db).Open()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.QueryRow("SELECT COUNT(*), COALESCE(SUM(v), 0) FROM "+table).Scan(&n, &sum); err != nil {
		t.Fatal(err)
	}
	return n, sum
}

// checkMirror compares what records leave with what the tables have.
func (c *capturing) checkMirror(s *servertest.MySQL, db string) {
	c.t.Helper()
	c.until(c.snapshotDone)
	mark := rand.Int32()
	s.Exec(c.t, db, fmt.Sprintf("INSERT INTO h_empty VALUES (%d, 77)", mark))
	told := map[string]map[string]string{}
	c.until(func() bool {
		told = c.rowsTold("p." + db + ".")
		return told["h_empty"][fmt.Sprintf(`{"id":%d}`, mark)] == "77"
	})
	for table := range keyed {
		n, sum := rowsThere(c.t, s, db, table)
		got := 0
		for v := range maps.Values(told[table]) {
			var i int
			_, _ = fmt.Sscan(v, &i)
			got += i
		}
		if len(told[table]) != n || got != sum {
			if table == "g_keyless" && len(told[table]) > n {
				continue // begun anew
			}
			c.t.Errorf("%s: the records leave %d rows (%d), the table has %d (%d)", table, len(told[table]), got, n, sum)
		}
	}
}

// TestSnapshotGoesOn stops a snapshot again and again, while rows come, change and go,
// and tables too: what the records leave is what the tables have.
func TestSnapshotGoesOn(t *testing.T) {
	for _, threads := range []int{1, 3} {
		t.Run(fmt.Sprint("threads ", threads), func(t *testing.T) {
			eachServer(t, func(t *testing.T, s *servertest.MySQL) {
				db := s.Database(t).Name
				fillKeyed(t, s, db, 60)
				src := captureOf(t, s, db)
				src.MaxBatchSize, src.SnapshotMaxThreads = 10, threads
				c := newCapturing(t, src)
				lives := 0
				for ; !c.snapshotDone(); lives++ {
					if err := c.open(); err != nil {
						t.Fatal(err)
					}
					polls := rand.IntN(8) + 4
					c.until(func() bool { polls--; return polls < 0 || c.snapshotDone() })
					c.close()
					for table := range keyed {
						if table != "f_enum" && table != "h_empty" {
							s.Exec(t, db, fmt.Sprintf("DELETE FROM %[1]s ORDER BY RAND() LIMIT 2; UPDATE %[1]s SET v = v + 1 ORDER BY RAND() LIMIT 5", table))
						}
					}
					s.Exec(t, db, fmt.Sprintf("INSERT INTO a_int (id, v) VALUES (%d, 5); UPDATE a_int SET id = -id ORDER BY RAND() LIMIT 2", 1000+lives))
					if lives == 2 {
						s.Exec(t, db, "ALTER TABLE a_int ADD COLUMN more int DEFAULT 3 AFTER id; ALTER TABLE b_big ADD COLUMN more int FIRST")
					}
				}
				reads := 0
				for _, r := range c.records {
					if under(r.value, "payload", "op") == "r" {
						reads++
					}
				}
				t.Logf("%d lives, %d rows read", lives, reads)
				if lives < 4 {
					t.Errorf("the snapshot was done after %d lives", lives)
				}
				if err := c.open(); err != nil {
					t.Fatal(err)
				}
				c.checkMirror(s, db)
			})
		})
	}
}

// TestSnapshotExactly goes on behind each offset that a snapshot has given, and what
// comes is what came behind it.
func TestSnapshotExactly(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		db := s.Database(t).Name
		s.Exec(t, db, "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY);"+
			"INSERT INTO a VALUES (1), (2), (3); INSERT INTO b VALUES (1); INSERT INTO c VALUES (1), (2)")
		src := captureOf(t, s, db)
		src.MaxBatchSize = 1
		rows := func(c *capturing) (all []string) {
			for _, r := range c.records {
				if under(r.value, "payload", "op") == "r" {
					all = append(all, fmt.Sprint(r.topic, under(r.value, "payload", "after"), under(r.value, "payload", "source", "snapshot")))
				}
			}
			return all
		}
		first := newCapturing(t, src)
		if err := first.open(); err != nil {
			t.Fatal(err)
		}
		behind := []int{}
		first.until(func() bool {
			for len(behind) < len(first.marks) {
				behind = append(behind, len(rows(first)))
			}
			return first.snapshotDone()
		})
		want := rows(first)
		if len(want) != 6 {
			t.Fatalf("%d rows were read", len(want))
		}
		for i, m := range first.marks {
			c := newCapturing(t, src)
			c.journal, c.offset = first.journal, m
			if err := c.open(); err != nil {
				t.Fatal(err)
			}
			c.until(c.snapshotDone)
			c.close()
			if got := rows(c); fmt.Sprint(got) != fmt.Sprint(want[behind[i]:]) {
				t.Errorf("behind %v: got %v, want %v", m, got, want[behind[i]:])
			}
		}
	})
}

// TestFirstStart is killed before any offset was kept, having told of rows that are
// deleted then; a start that is meant to begin anew does.
func TestFirstStart(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		db := s.Database(t).Name
		fillKeyed(t, s, db, 20)
		c := newCapturing(t, captureOf(t, s, db))
		for range 3 {
			if err := c.open(); err != nil {
				t.Fatal(err)
			}
			c.until(c.snapshotDone)
			c.close()
			c.offset = nil
			s.Exec(t, db, "DELETE FROM a_int ORDER BY id LIMIT 3; DELETE FROM c_text LIMIT 1")
		}
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		c.checkMirror(s, db)
		if err := c.task.(connect.Committer).Committed(context.Background(), nil, c.offset); err != nil {
			t.Fatal(err)
		}
		c.close()
		c.offset, c.records = nil, nil
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		c.checkMirror(s, db)
		for _, r := range c.records {
			if op := under(r.value, "payload", "op"); op == "d" {
				t.Fatalf("an offset that was taken away does not begin anew: %v", r)
			}
		}
	})
}
