package mysql_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/servertest"
)

// persist polls on over errors that are to be tried again.
func (c *capturing) persist(done func() bool) (retries int) {
	c.t.Helper()
	deadline := time.Now().Add(servertest.Patience)
	for !done() {
		_, err := c.poll()
		switch {
		case errors.Is(err, connect.ErrRetry):
			retries++
			time.Sleep(20 * time.Millisecond)
		case err != nil:
			c.t.Fatal(err)
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("after %d records nothing comes", len(c.records))
		}
	}
	return retries
}

// TestServerAway goes on when the server is killed and comes back, and when it cuts
// the connection: nothing is lost and nothing is doubled.
func TestServerAway(t *testing.T) {
	s := servertest.NewMariaDB(t)
	db := s.Database(t)
	s.Exec(t, db.Name, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (0)")
	c := newCapturing(t, captureOf(t, s, db.Name))
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	c.until(c.snapshotDone)
	want := "r0"
	insert := func(id int) {
		t.Helper()
		s.Exec(t, db.Name, fmt.Sprintf("INSERT INTO t VALUES (%d)", id))
		want += fmt.Sprintf(" c%d", id)
	}
	all := func() bool { return fmt.Sprint(c.ids("p."+db.Name+".t")) == "["+want+"]" }
	insert(1)
	c.persist(all)
	s.Kill()
	if _, err := c.poll(); err != nil && !errors.Is(err, connect.ErrRetry) {
		t.Fatalf("a server that is away is no reason to give up: %v", err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	insert(2)
	if c.persist(all) == 0 {
		t.Log("the connection was made anew without a retry")
	}
	s.Stop()
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	s.Exec(t, db.Name, "FLUSH BINARY LOGS")
	insert(3)
	c.persist(all)
}

// TestFormatChanged stops where a client writes statements instead of rows.
func TestFormatChanged(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		db := s.Database(t)
		s.Exec(t, db.Name, "CREATE TABLE t (id int PRIMARY KEY, v int)")
		for name, statement := range map[string]string{
			"format": "SET SESSION binlog_format = 'STATEMENT'; INSERT INTO t VALUES (1, 1)",
			"image":  "INSERT INTO t VALUES (2, 2); SET SESSION binlog_row_image = 'MINIMAL'; UPDATE t SET v = 3 WHERE id = 2",
		} {
			t.Run(name, func(t *testing.T) {
				s.Exec(t, db.Name, "DELETE FROM t")
				c := newCapturing(t, captureOf(t, s, db.Name))
				if err := c.open(); err != nil {
					t.Fatal(err)
				}
				c.until(c.snapshotDone)
				s.Exec(t, db.Name, statement)
				var err error
				for i := 0; err == nil && i < 30; i++ {
					_, err = c.poll()
				}
				if err == nil || errors.Is(err, connect.ErrRetry) {
					t.Fatalf("it goes on: %v, %v", err, c.ids("p."+db.Name+".t"))
				}
				t.Log(err)
			})
		}
	})
}

// TestNoBlob has a placeholder for long texts and bytes that an update leaves as they
// are.
func TestNoBlob(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		db := s.Database(t).Name
		s.Exec(t, db, "CREATE TABLE t (id int PRIMARY KEY, a longtext, b int, c blob, d json, e varchar(10))")
		c := newCapturing(t, captureOf(t, s, db))
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		c.until(c.snapshotDone)
		s.Exec(t, db, `SET SESSION binlog_row_image = 'NOBLOB'; INSERT INTO t VALUES (1, 'long', NULL, 'bytes', '{}', 'e');
			UPDATE t SET b = 7; UPDATE t SET a = NULL, e = 'f'; DELETE FROM t`)
		c.until(func() bool { return len(c.records) >= 5 }) // the last is a tombstone
		const gone, bytes = "__debezium_unavailable_value", "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="
		doc := gone
		if strings.HasSuffix(t.Name(), "/mysql") {
			doc = "{}" // which logs documents all the same
		}
		for i, want := range []string{
			"<nil> map[a:long b:<nil> c:Ynl0ZXM= d:{} e:e id:1]",
			"map[a:" + gone + " b:<nil> c:" + bytes + " d:" + doc + " e:e id:1] map[a:" + gone + " b:7 c:" + bytes + " d:" + doc + " e:e id:1]",
			"map[a:" + gone + " b:7 c:" + bytes + " d:" + doc + " e:e id:1] map[a:<nil> b:7 c:" + bytes + " d:" + doc + " e:f id:1]",
			"map[a:" + gone + " b:7 c:" + bytes + " d:" + doc + " e:f id:1] <nil>",
		} {
			v := c.records[i].value
			if got := fmt.Sprint(under(v, "payload", "before"), " ", under(v, "payload", "after")); got != want {
				t.Errorf("record %d:\ngot  %s\nwant %s", i, got, want)
			}
		}
	})
}
