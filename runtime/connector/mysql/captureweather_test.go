package mysql_test

import (
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/weather"
)

// TestCutConnections cuts all connections again and again, within the snapshot and
// within the log: each row and each change comes once.
func TestCutConnections(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		db := s.Database(t).Name
		s.Exec(t, db, "CREATE TABLE t (id int PRIMARY KEY, v varchar(200))")
		var want []string
		insert := func(op string, from, to int) {
			var rows []string
			for id := from; id < to; id++ {
				rows = append(rows, fmt.Sprintf("(%d, '%s')", id, strings.Repeat("x", 200)))
				want = append(want, fmt.Sprint(op, id))
			}
			s.Exec(t, db, "INSERT INTO t VALUES "+strings.Join(rows, ", "))
		}
		insert("r", 0, 3000)
		p := weather.New(t)
		p.To(s.Addr())
		src := captureOf(t, s, db)
		src.Database.URL = "mysql://" + p.Addr() + "/" + db
		src.MaxBatchSize = 50
		c := newCapturing(t, src)
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		all := func() bool { return len(c.ids("p."+db+".t")) >= len(want) }
		storms := 0
		storm := func(done func() bool) {
			for !done() {
				p.Set(weather.Weather{Cut: true})
				p.Set(weather.Weather{})
				storms++
				more := len(c.records) + 400
				c.persist(func() bool { return done() || len(c.records) >= more })
			}
		}
		storm(c.snapshotDone)
		insert("c", 3000, 6000)
		storm(all)
		if got := c.ids("p." + db + ".t"); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%d records came, want %d once each and in order", len(got), len(want))
		}
		if storms < 8 {
			t.Errorf("there were %d storms", storms)
		}
	})
}
