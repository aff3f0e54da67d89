package mysql_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/mysql"
	"kcgen.dev/runtime/servertest"
)

// streaming is a capture that reads the log.
func streaming(t *testing.T, src mysql.Source) *capturing {
	t.Helper()
	c := newCapturing(t, src)
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	c.until(c.snapshotDone)
	if _, err := c.poll(); err != nil {
		t.Fatal(err)
	}
	return c
}

// fails polls until that fails, for good.
func (c *capturing) fails(t *testing.T) string {
	t.Helper()
	for range 40 {
		if _, err := c.poll(); errors.Is(err, connect.ErrRetry) {
			t.Fatalf("it would try again: %v", err)
		} else if err != nil {
			return err.Error()
		}
	}
	t.Fatal("it goes on")
	return ""
}

// TestClash says what to do where two readers have one number, and only one of them
// stops.
func TestClash(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		db := s.Database(t).Name
		s.Exec(t, db, "CREATE TABLE t (id int PRIMARY KEY)")
		first := streaming(t, captureOf(t, s, db))

		src := captureOf(t, s, db)
		src.TopicPrefix = "another"
		other := newCapturing(t, src)
		if err := other.open(); err != nil {
			t.Fatal(err)
		}
		other.until(other.snapshotDone)
		if err := other.fails(t); !strings.Contains(err, `"kcgen p" has the number 5601`) || !strings.Contains(err, "databaseServerId") {
			t.Errorf("another capture with the number: %s", err)
		}

		for prefix, want := range map[string]string{"another": `"kcgen p" has it`, "p": ""} {
			src.TopicPrefix = prefix
			for _, f := range src.Check(t.Context(), connect.CheckContext{}) {
				if strings.Contains(f.What, "has the number") && !strings.Contains(f.Problem, want) || want == "" && f.Problem != "" && strings.Contains(f.What, "number") {
					t.Errorf("the check of %s: %+v", prefix, f)
				}
			}
		}

		again := streaming(t, captureOf(t, s, db))
		if strings.HasSuffix(t.Name(), "/mysql") { // which tells readers apart by ids of their own, and lets both be
			s.Exec(t, db, "INSERT INTO t VALUES (0)")
			for _, c := range []*capturing{first, again} {
				c.until(func() bool { return fmt.Sprint(c.ids("p."+db+".t")) == "[c0]" })
			}
			return
		}
		if err := first.fails(t); !strings.Contains(err, "started twice") || !strings.Contains(err, "databaseServerId") {
			t.Errorf("the same capture, twice: %s", err)
		}
		s.Exec(t, db, "INSERT INTO t VALUES (1)")
		again.until(func() bool { return fmt.Sprint(again.ids("p."+db+".t")) == "[c1]" })
	})
}
