package sql

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/servertest"
)

// TestAhead has rows whose times are ahead of the clock, as where dbTimezone is not
// the zone in which they are written.
func TestAhead(t *testing.T) {
	t.Parallel()
	f := newFile(t, timed)
	tellsAhead(t, f, f.Database)
	if testing.Short() {
		return
	}
	onPG, pg := onPostgres(t, servertest.SharedPostgres(t))
	onPG.exec(timed)
	tellsAhead(t, onPG, pg)
	onMaria, maria := onMariaDB(t, servertest.SharedMariaDB(t))
	onMaria.exec(strings.Replace(timed, "TIMESTAMP", "DATETIME", 1))
	tellsAhead(t, onMaria, maria)
}

func tellsAhead(t *testing.T, f *file, d database.Database) {
	t.Helper()
	const said, column = "ahead of the database's clock", "column=at"
	insert := func(id int, ahead time.Duration) {
		f.exec(fmt.Sprintf(`INSERT INTO a VALUES (%d, '%s')`, id, time.Now().UTC().Add(ahead).Format("2006-01-02 15:04:05")))
	}
	for _, query := range []string{"", "SELECT * FROM a"} {
		f.exec(`DELETE FROM a`)
		insert(1, -time.Hour)
		insert(2, aheadMargin/2)
		for _, mode := range []string{timestamp, timestampIncrementing} {
			s := f.source(mode, byColumns, func(s *Source) { s.Connection, s.Query = d, query })
			if l := begin(t, s, memory{}).until(1).idle().idle(); strings.Contains(l.log.String(), said) {
				t.Errorf("%s, mode %s %s: clocks may differ by so much: %s", d, mode, query, l.log)
			}
		}
		insert(3, time.Hour)
		for _, mode := range []string{timestamp, timestampIncrementing} {
			s := f.source(mode, byColumns, func(s *Source) { s.Connection, s.Query = d, query })
			l := begin(t, s, memory{}).until(1)
			for !strings.Contains(l.log.String(), said) {
				l.idle()
			}
			l.idle()
			if text := l.log.String(); strings.Count(text, said) != 1 || !strings.Contains(text, column) || !strings.Contains(text, "dbTimezone=UTC") {
				t.Errorf("%s, mode %s %s: %s", d, mode, query, text)
			}
			found := problems(s.Check(t.Context(), connect.CheckContext{Name: "x"}))
			if last := found[len(found)-1]; !strings.Contains(last.What, said) || !strings.Contains(last.Fix, "set dbTimezone") {
				t.Errorf("%s, mode %s %s: %+v", d, mode, query, found)
			}
		}
	}
}
