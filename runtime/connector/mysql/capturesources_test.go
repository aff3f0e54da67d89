package mysql_test

import (
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/servertest"
)

// TestOtherServers leaves out changes of a server that is not wanted, also behind a
// restart within.
func TestOtherServers(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		db := s.Database(t).Name
		s.Exec(t, db, "CREATE TABLE t (id int PRIMARY KEY)")
		src := captureOf(t, s, db)
		src.GtidSourceExcludes, src.GtidSourceFilterDmlEvents = []string{"aaaaaaaa-.*", "7-.*"}, true
		other, back := "SET SESSION gtid_domain_id = 7;", "SET SESSION gtid_domain_id = 0;"
		if strings.HasSuffix(t.Name(), "/mysql") {
			other, back = "SET SESSION gtid_next = 'aaaaaaaa-0000-0000-0000-000000000000:7';", "SET SESSION gtid_next = 'AUTOMATIC';"
		}
		c := newCapturing(t, src)
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		c.until(c.snapshotDone)
		s.Exec(t, db, "INSERT INTO t VALUES (1);"+other+"INSERT INTO t VALUES (2);"+back+"INSERT INTO t VALUES (3)")
		c.until(func() bool { return len(c.records) >= 2 })
		c.close()
		s.Exec(t, db, "UPDATE t SET id = 20 WHERE id = 2")
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		c.until(func() bool { return strings.Contains(fmt.Sprint(c.ids("p."+db+".t")), "c20") })
		if got := fmt.Sprint(c.ids("p." + db + ".t")); got != "[c1 c3 d2 c20]" {
			t.Errorf("got %s", got)
		}
	})
}
