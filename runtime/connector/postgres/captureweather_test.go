package postgres_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connector/postgres"
	"kcgen.dev/runtime/servertest/weather"
)

// storms are what a way to a server can be like, one after the other.
var storms = []weather.Weather{
	{Cut: true}, {Delay: 20 * time.Millisecond}, {Hold: true}, {Cut: true}, {Deaf: true}, {Mute: true}, {Delay: 5 * time.Millisecond}, {Cut: true},
}

// behind captures through a proxy.
func (d *captured) behind(p *weather.Proxy) postgres.Source {
	d.Helper()
	p.To(d.server.Addr())
	l := d.server.Admin(d.name)
	l.Host = p.Addr()
	s := d.source()
	s.Database = login(d, l)
	s.Database.ConnectTimeout = time.Second
	return s
}

// numbers are 1 to n, as ids gives them.
func numbers(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = strconv.Itoa(i + 1)
	}
	return strings.Join(all, " ")
}

// TestCaptureWeather streams through connections that are cut, held, slow, or work
// in one direction only: every change comes, once.
func TestCaptureWeather(t *testing.T) {
	d := adminDatabase(t)
	// How soon the server and the capture notice that nothing comes.
	d.exec(fmt.Sprintf(`CREATE TABLE t (id int PRIMARY KEY); ALTER DATABASE %q SET wal_sender_timeout = '1s'`, d.name))
	p := weather.New(t)
	s := d.behind(p)
	s.StatusUpdateInterval, s.SlotMaxRetries = 100*time.Millisecond, 100
	l := d.capture(s)
	l.untilStreaming(d)
	n, noticed := 0, false
	insert := func() {
		for range 3 {
			n++
			d.exec(fmt.Sprintf("INSERT INTO t VALUES (%d)", n))
		}
	}
	for _, w := range storms {
		insert()
		l.patient(l.has(strconv.Itoa(n)))
		p.Set(w)
		insert()
		for begun := time.Now(); time.Since(begun) < 2500*time.Millisecond; {
			_, err := l.tryPoll()
			noticed = noticed || err != nil && strings.Contains(err.Error(), "nothing was heard")
		}
		p.Set(weather.Weather{})
	}
	l.patient(l.has(strconv.Itoa(n)))
	if got, want := strings.Join(l.ids(), " "), numbers(n); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !noticed {
		t.Error("nobody noticed that nothing came")
	}
}

// TestCaptureWeatherSnapshot reads rows through connections that are cut again and
// again: each row comes, and few come twice.
func TestCaptureWeatherSnapshot(t *testing.T) {
	const rows = 3000
	d := adminDatabase(t)
	d.exec(fmt.Sprintf("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, %d)", rows))
	p := weather.New(t)
	s := d.behind(p)
	s.SnapshotChunkSize, s.MaxBatchSize = 100, 50
	l := d.capture(s)
	for cut := 400; cut < rows; cut += 400 {
		l.patient(func() bool { return len(l.records) >= cut })
		p.Set(weather.Weather{Cut: true})
		_, _ = l.tryPoll()
		p.Set(weather.Weather{})
	}
	l.patient(l.has(strconv.Itoa(rows)))
	if got, want := strings.Join(l.ids(), " "), numbers(rows); got != want {
		t.Errorf("got  %s\nwant %s", head(got), head(want))
	}
}
