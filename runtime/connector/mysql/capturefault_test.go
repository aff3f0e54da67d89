package mysql_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/servertest"
)

// persist polls on over errors that are to be tried again.
func (c *capturing) persist(done func() bool) (retries int) {
	c.t.Helper()
	deadline := time.Now().Add(60 * time.Second)
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
