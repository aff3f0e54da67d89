package sql

import (
	"strconv"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/servertest"
)

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

// A table that is read and written with the Julian calendar is the same on the
// other side, on each database.
func TestCalendarBack(t *testing.T) {
	for _, s := range []struct {
		name, moment string
		open         func(testing.TB) *shop
	}{{"sqlite", "TIMESTAMP", newShop}, {"postgres", "timestamp", postgresShop}, {"mariadb", "datetime(3)", mariaShop}} {
		t.Run(s.name, func(t *testing.T) {
			shop := s.open(t)
			shop.exec(`CREATE TABLE a (id INTEGER NOT NULL, at ` + s.moment + ` NOT NULL, d DATE)`)
			for i, at := range []string{"1001-02-03 04:05:06.5", "1500-02-28 23:59:59", "1582-10-04 00:00:00", "1582-10-15 00:00:00", "2024-02-29 12:00:00"} {
				shop.exec(`INSERT INTO a VALUES (` + strconv.Itoa(i) + `, '` + at + `', '` + at[:10] + `')`)
			}
			f := &file{t: t, db: shop.pool}
			task := begin(t, f.source(incrementing, func(s *Source) {
				s.Connection, s.IncrementingColumnName, s.DateCalendarSystem, s.TableWhitelist = shop.db, "id", "LEGACY", []string{"a"}
			}), memory{}).task
			var b connect.Batch
			for deadline := time.Now().Add(servertest.Patience); len(b.Records) < 5 && time.Now().Before(deadline); {
				if err := task.Poll(t.Context(), &b); err != nil {
					t.Fatal(err)
				}
			}
			if first := b.Records[0].Value.Value.Struct(); first.Slots[1].Milli() != -30575303693500 || first.Slots[2].Milli() != -30575318400000 {
				t.Errorf("%d and %d", first.Slots[1].Milli(), first.Slots[2].Milli())
			}
			shop.open(Sink{TableNameFormat: "b", AutoCreate: true, DateCalendarSystem: "LEGACY"}).all(b.Records...)
			if s.name != "sqlite" { // which writes numbers, unless dateClass says otherwise
				shop.want(`SELECT id, at, d FROM b`, shop.rows(`SELECT id, at, d FROM a`))
			}
			l := begin(t, f.source(incrementing, func(s *Source) {
				s.Connection, s.IncrementingColumnName, s.TableWhitelist = shop.db, "id", []string{"b"}
			}), memory{}).until(5)
			for i, want := range []string{"1001-02-03T04:05:06.5", "1500-02-28T23:59:59", "1582-10-04T00:00:00", "1582-10-15T00:00:00", "2024-02-29T12:00:00"} {
				same(t, l.got[i], "t-b: id="+strconv.Itoa(i)+" at="+want+" d="+want[:10]+"T00:00:00")
			}
		})
	}
}
