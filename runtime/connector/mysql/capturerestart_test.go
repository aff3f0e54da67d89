package mysql_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/mysql"
	"kcgen.dev/runtime/servertest"
)

// captureOf is a source of one database of a server.
func captureOf(t testing.TB, s *servertest.MySQL, db string) mysql.Source {
	return mysql.Source{
		Database: databaseOf(t, s.Admin(db)), TopicPrefix: "p", DatabaseServerID: 5601, SchemaHistoryInternalKafkaTopic: "history",
		DatabaseIncludeList: []string{db}, TombstonesOnDelete: true, EnableTimeAdjuster: true,
	}
}

func (c *capturing) snapshotDone() bool {
	return c.offset["snapshot"] == nil && c.offset["file"] != nil
}

// ids are the keys of records of a table, with their operations: "c7".
func (c *capturing) ids(topic string) (all []string) {
	for _, r := range c.records {
		v, _ := r.value.(map[string]any)
		if r.topic != topic || v == nil {
			continue
		}
		p := v["payload"].(map[string]any)
		k := r.key.(map[string]any)["payload"].(map[string]any)
		all = append(all, fmt.Sprint(p["op"], k["id"]))
	}
	return all
}

// TestRestartWithin stops after every few changes, in the midst of transactions and of
// their events, and goes on from the offset: nothing is lost and nothing is doubled.
func TestRestartWithin(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) { restartWithin(t, s, "") })
}

// TestRestartCompressed does the same where the server compresses transactions.
func TestRestartCompressed(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		if strings.HasSuffix(t.Name(), "/mysql") {
			restartWithin(t, s, "SET SESSION binlog_transaction_compression = ON;")
			return
		}
		t.Cleanup(func() { _ = s.Run(context.Background(), "", "SET GLOBAL log_bin_compress = OFF") })
		restartWithin(t, s, "SET GLOBAL log_bin_compress = ON; SET GLOBAL log_bin_compress_min_len = 10;")
	})
}

// restartWithin runs a statement before the changes.
func restartWithin(t *testing.T, s *servertest.MySQL, before string) {
	t.Helper()
	db := s.Database(t)
	s.Exec(t, db.Name, "CREATE TABLE t (id int PRIMARY KEY, v varchar(200)); CREATE TABLE other (id int PRIMARY KEY)")
	src := captureOf(t, s, db.Name)
	src.TableIncludeList = []string{db.Name + ".t"}
	src.MaxBatchSize = 1
	c := newCapturing(t, src)
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	c.until(c.snapshotDone)
	const rows = 300
	var want []string
	var script strings.Builder
	script.WriteString(before)
	for tx := range 3 {
		script.WriteString("BEGIN; INSERT INTO other VALUES (" + fmt.Sprint(tx) + ");")
		for i := range rows / 3 {
			id := tx*rows/3 + i
			fmt.Fprintf(&script, "INSERT INTO t VALUES (%d, '%s');", id, strings.Repeat("x", 150))
			want = append(want, fmt.Sprint("c", id))
		}
		script.WriteString("COMMIT;")
		if tx == 1 {
			script.WriteString("ALTER TABLE t ADD w int DEFAULT 5 FIRST;ALTER TABLE t DROP w;")
		}
	}
	// One event of many rows.
	script.WriteString("UPDATE t SET v = 'y';")
	for id := range rows {
		want = append(want, fmt.Sprint("u", id))
	}
	s.Exec(t, db.Name, script.String())
	for len(c.ids("p."+db.Name+".t")) < len(want) {
		c.close()
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		before := len(c.records)
		c.until(func() bool { return len(c.records) > before+rand.IntN(40) })
	}
	got := c.ids("p." + db.Name + ".t")
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %d changes, want %d:\n%v", len(got), len(want), got)
	}
}

// TestTableChanges reads rows of each version of a table by what it was then, also
// after a restart behind which the table has changed again.
func TestTableChanges(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		db := s.Database(t)
		s.Exec(t, db.Name, "CREATE TABLE t (id int PRIMARY KEY, a varchar(10), b varchar(10))")
		c := newCapturing(t, captureOf(t, s, db.Name))
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		c.until(c.snapshotDone)
		c.close()
		s.Exec(t, db.Name, `INSERT INTO t VALUES (1, 'a1', 'b1');
			ALTER TABLE t RENAME COLUMN a TO tmp, RENAME COLUMN b TO a; ALTER TABLE t RENAME COLUMN tmp TO b;
			INSERT INTO t VALUES (2, 'b2', 'a2');
			ALTER TABLE t ADD COLUMN (c int NOT NULL DEFAULT 7, d enum('x','y') DEFAULT 'y'), DROP COLUMN b, MODIFY a varchar(20) NOT NULL FIRST;
			INSERT INTO t (id, a) VALUES (3, 'a3');
			RENAME TABLE t TO u; CREATE TABLE t LIKE u; INSERT INTO t (id, a) VALUES (4, 'a4');
			DROP TABLE u; /* nothing */ TRUNCATE TABLE t`)
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		c.until(func() bool { return len(c.records) >= 4 })
		want := []string{"map[a:a1 b:b1 id:1]", "map[a:a2 b:b2 id:2]", "map[a:a3 c:7 d:y id:3]", "map[a:a4 c:7 d:y id:4]"}
		for i, w := range want {
			after := c.records[i].value.(map[string]any)["payload"].(map[string]any)["after"]
			if fmt.Sprint(after) != w {
				t.Errorf("record %d: %v, not %s", i, after, w)
			}
		}
	})
}

// TestLost refuses to go on where the log no longer has what comes next, though it was
// there when the capture stopped.
func TestLost(t *testing.T) {
	for name, lose := range map[string]string{
		"reset": "RESET MASTER; INSERT INTO t VALUES (3)",
		"purge": "FLUSH BINARY LOGS; INSERT INTO t VALUES (3); FLUSH BINARY LOGS",
	} {
		t.Run(name, func(t *testing.T) { testLost(t, lose) })
	}
}

// purge takes all of the binary log away but its last file, which takes the server a
// while.
func purge(t *testing.T, s *servertest.MySQL) {
	t.Helper()
	db, err := s.Admin("").Open()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for files := 2; files > 1; {
		s.Exec(t, "", "FLUSH ENGINE LOGS; PURGE BINARY LOGS BEFORE NOW() + INTERVAL 1 DAY")
		rows, err := db.QueryContext(t.Context(), "SHOW BINARY LOGS")
		if err != nil {
			t.Fatal(err)
		}
		for files = 0; rows.Next(); files++ {
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func testLost(t *testing.T, lose string) {
	s := servertest.NewMariaDB(t)
	db := s.Database(t)
	s.Exec(t, db.Name, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
	c := newCapturing(t, captureOf(t, s, db.Name))
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	c.until(c.snapshotDone)
	c.close()
	s.Exec(t, db.Name, "INSERT INTO t VALUES (2); "+lose)
	purged := strings.HasPrefix(lose, "FLUSH")
	if purged {
		purge(t, s)
	}
	err := c.open()
	if purged && err == nil {
		t.Error("it is not found before the log is read")
	}
	for i := 0; err == nil && i < 100; i++ {
		_, err = c.poll()
	}
	if err == nil || errors.Is(err, connect.ErrRetry) || !strings.Contains(err.Error(), "the log no longer has it") {
		t.Fatalf("it goes on: %v; records %v", err, c.ids("p."+db.Name+".t"))
	}
	c.close()
	if purged { // a start without an offset that cannot go on from where the first began
		c.offset, c.records = nil, nil
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		c.until(c.snapshotDone)
		s.Exec(t, db.Name, "INSERT INTO t VALUES (4)")
		c.until(func() bool { return fmt.Sprint(c.ids("p."+db.Name+".t")) == "[r1 r2 r3 c4]" })
		return
	}
	// when_needed reads the rows again.
	c.src.SnapshotMode = "when_needed"
	c.records = nil
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	c.until(func() bool { return len(c.records) >= 3 && c.snapshotDone() })
	if got := fmt.Sprint(c.ids("p." + db.Name + ".t")); got != "[r1 r2 r3]" {
		t.Errorf("got %s", got)
	}
}
