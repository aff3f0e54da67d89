package sql

import "testing"

// Dates before 1582 are other numbers by Java's old calendar, and offsets stay as
// they are.
func TestCalendar(t *testing.T) {
	f := newFile(t, `CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY, at TIMESTAMP NOT NULL, d DATE)`,
		`INSERT INTO a VALUES (1, '0001-01-01 12:00:00', '1500-02-28'), (2, '2024-01-01 00:00:00', '2024-01-01'), (3, '2024-01-01 00:00:01', NULL)`)
	for _, mode := range []string{incrementing, timestamp} {
		mem := memory{}
		julian := func(s *Source) { s.DateCalendarSystem = "LEGACY" }
		l := begin(t, f.source(mode, byColumns, julian), mem).until(3)
		same(t, l.take(), "t-a: id=1 at=0000-12-30T12:00:00 d=1500-03-09T00:00:00", "t-a: id=2 at=2024-01-01T00:00:00 d=2024-01-01T00:00:00", "t-a: id=3 at=2024-01-01T00:00:01 d=null")
		f.exec(`INSERT INTO a VALUES (4, '2024-01-01 00:00:02', NULL)`)
		same(t, l.until(1).take(), "t-a: id=4 at=2024-01-01T00:00:02 d=null")
		f.exec(`DELETE FROM a WHERE id = 4`)
		l.close()
	}
	f.exec(`DELETE FROM a WHERE id > 1`)
	for granularity, want := range map[string]string{"micros_long": "-62135726400000000", "nanos_string": "-62135726400000000000", "micros_iso_datetime_string": "0000-12-30T12:00:00.000000"} {
		mem := memory{}
		l := begin(t, f.source(timestamp, byColumns, func(s *Source) { s.DateCalendarSystem, s.TimestampGranularity = "LEGACY", granularity }), mem).until(1).idle()
		same(t, l.take(), "t-a: id=1 at="+want+" d=1500-03-09T00:00:00")
		if got := mem[`{"protocol":"1","table":"a"}`]; got != `{"timestamp":-62135553600000,"timestamp_nanos":0}` {
			t.Errorf("%s: offset %s", granularity, got)
		}
	}
}
