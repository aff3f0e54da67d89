package sql

import (
	"context"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"kcgen.dev/runtime/connector/database"
)

// telling is a database whose open transactions a test invents: a row of one is
// inserted when it is to be seen.
type telling struct {
	database.Database
	*openNow
}

type openNow struct {
	mu   sync.Mutex
	open map[string]bool
	all  bool // that was asked for last
}

func (d telling) Dialect() database.Dialect { return tellingDialect{d.Database.Dialect(), d.openNow} }

type tellingDialect struct {
	database.Dialect
	*openNow
}

func (o *openNow) Writers(_ context.Context, _ database.Querier, _ database.Table, all bool) (map[string]bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = all
	return maps.Clone(o.open), nil
}

func (o *openNow) set(names ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open = map[string]bool{}
	for _, n := range names {
		o.open[n] = true
	}
}

// A row that commits late, behind one of a higher number or time, is lost by
// Kafka Connect's way, and comes where transactions are waited for.
func TestLateCommits(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{incrementing, timestamp, timestampIncrementing} {
		for _, wait := range []bool{true, false} {
			t.Run(mode+" "+map[bool]string{true: "wait", false: "ignore"}[wait], func(t *testing.T) {
				f := newFile(t, timed, `INSERT INTO a VALUES (1, '2024-01-01 00:00:01')`, `CREATE TABLE b (id INTEGER NOT NULL PRIMARY KEY, at TIMESTAMP NOT NULL)`)
				db := telling{f.Database, &openNow{}}
				s := f.source(mode, byColumns, func(s *Source) {
					s.Connection = db
					if !s.byTime() {
						s.TimestampColumnName = nil
					}
					if !wait {
						s.LateCommits = "ignore"
					}
				})
				l := begin(t, s, memory{}).idle()
				same(t, l.take(), "t-a: id=1 at=2024-01-01T00:00:01")
				db.set("writes 2")
				f.exec(`INSERT INTO a VALUES (3, '2024-01-01 00:00:03')`)
				l.idle()
				if wait {
					same(t, l.take())
					db.set("writes 2", "writes 5") // which began later: nobody waits for it
					l.idle()
					same(t, l.take())
				}
				f.exec(`INSERT INTO a VALUES (2, '2024-01-01 00:00:02')`)
				db.set("writes 5")
				l.idle()
				if wait {
					same(t, l.take(), "t-a: id=2 at=2024-01-01T00:00:02", "t-a: id=3 at=2024-01-01T00:00:03")
				} else {
					same(t, l.take(), "t-a: id=3 at=2024-01-01T00:00:03")
				}
				if wait && db.all != s.byTime() {
					t.Errorf("it asked for all transactions: %v", db.all)
				}
			})
		}
	}
}

// Other tables go on while one waits.
func TestWaitingHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	f := newFile(t, timed, `INSERT INTO a VALUES (1, '2024-01-01 00:00:01')`, `CREATE TABLE b (id INTEGER NOT NULL PRIMARY KEY)`)
	o := &openNow{}
	o.set("x")
	d := oneWaits{telling{f.Database, o}}
	l := begin(t, f.source(incrementing, func(s *Source) { s.IncrementingColumnName, s.Connection = "id", d }), memory{}).idle()
	same(t, l.take())
	f.exec(`INSERT INTO b VALUES (7)`)
	same(t, l.until(1).take(), "t-b: id=7")
	o.set()
	same(t, l.until(1).take(), "t-a: id=1 at=2024-01-01T00:00:01")
}

// oneWaits has open transactions for table a alone.
type oneWaits struct{ telling }

func (d oneWaits) Dialect() database.Dialect {
	return oneWaitsDialect{d.telling.Dialect().(tellingDialect)}
}

type oneWaitsDialect struct{ tellingDialect }

func (d oneWaitsDialect) Writers(ctx context.Context, q database.Querier, t database.Table, all bool) (map[string]bool, error) {
	if t.Name != "a" {
		return nil, nil
	}
	return d.tellingDialect.Writers(ctx, q, t, all)
}

// A transaction has taken its time before it can be seen that it is open: rows as
// young as that are read the next time.
func TestClockMargin(t *testing.T) {
	t.Parallel()
	f := newFile(t, timed)
	for _, c := range []struct {
		late  string
		delay time.Duration
		want  time.Duration
	}{{"", 0, clockMargin}, {"", time.Hour, time.Hour}, {"ignore", 0, 0}} {
		l := begin(t, f.source(timestamp, byColumns, func(s *Source) {
			s.Connection, s.LateCommits, s.TimestampDelayInterval = stopped{telling{f.Database, &openNow{}}}, c.late, c.delay
		}), memory{})
		r := l.task.(*sourceTask).readers[0]
		w, err := r.bounded(t.Context(), columns{})
		if err != nil || !w.span.before.Equal(noon.Add(-c.want)) {
			t.Errorf("%+v: up to %v, %v", c, w.span.before, err)
		}
	}
}

var noon = time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)

// stopped is a database whose clock stands.
type stopped struct{ telling }

func (d stopped) Dialect() database.Dialect {
	return stoppedDialect{d.telling.Dialect().(tellingDialect)}
}

type stoppedDialect struct{ tellingDialect }

func (stoppedDialect) Now(context.Context, database.Querier) (time.Time, error) { return noon, nil }

func TestNumberOf(t *testing.T) {
	for _, c := range []struct {
		v    any
		want int64
		bad  string
	}{
		{int64(5), 5, ""}, {[]byte("-7"), -7, ""}, {"12.00", 12, ""}, {"9223372036854775807", 9223372036854775807, ""},
		{"9223372036854775808", 0, "not a whole number"}, {"1.5", 0, "not a whole number"}, {"", 0, "not a whole number"}, {1.5, 0, "float64"},
	} {
		got, err := numberOf(c.v)
		if got != c.want || (err == nil) != (c.bad == "") || err != nil && !strings.Contains(err.Error(), c.bad) {
			t.Errorf("%v: %d, %v", c.v, got, err)
		}
	}
}
