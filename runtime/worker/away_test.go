package worker

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kcgen.dev/runtime/connect"
)

// absence is a system that is away for one text, until it was asked often
// enough; -1 is for ever.
type absence struct {
	mu    sync.Mutex
	text  string
	tries int
	asked func() // at each try, if not nil
}

func (a *absence) check(s string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s != a.text || a.tries == 0 {
		return nil
	}
	if a.asked != nil {
		a.asked()
	}
	a.tries--
	return connect.Unavailable(errors.New("the registry does not answer"))
}

func (a *absence) end() { a.mu.Lock(); defer a.mu.Unlock(); a.tries = 0 }

// tolerant errors would drop a record for anything.
func tolerant() Errors { return Errors{Tolerate: true, DeadLetters: &DeadLetters{Topic: "dlq"}} }

// A sink waits for what is away, longer than an idle pipeline lives and than
// errors.* allow, and drops nothing. What comes before is delivered and
// committed meanwhile.
func TestSinkWaitsForWhatIsAway(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	fill(t, c, "in", count(100)()...)
	m := &memory{}
	gone := &absence{text: "line-000057", tries: 4}
	var before []string
	gone.asked = func() { before = m.got() }
	cfg, log := config(t, c)
	cfg.Sinks = []Sink{sinkOf(m, "in")}
	cfg.Sinks[0].Value = raw{decode: gone.check}
	cfg.Sinks[0].Errors = tolerant()
	stats, err := run(t, cfg)
	if err != nil || stats[0].Records != 100 || stats[0].Bytes != 1100 || stats[0].DeadLettered != 0 || stats[0].Dropped != 0 {
		t.Fatalf("%v %+v", err, stats)
	}
	if got := m.got(); !slices.Equal(got, count(100)()) {
		t.Errorf("%d records", len(got))
	}
	if !slices.Equal(before, count(57)()) {
		t.Errorf("%d records were durable while it was away, want the 57 before", len(before))
	}
	if n := committed(t, c, "connect-snk", "in", 0); n != 100 {
		t.Errorf("committed %d", n)
	}
	for _, want := range []string{"is away; waiting", "VALUE_CONVERTER", "offset 57", "the registry does not answer", "is back"} {
		if n := strings.Count(log.String(), want); n != 1 {
			t.Errorf("the log says %q %d times:\n%s", want, n, log)
		}
	}
}

// A stop ends the wait at once; what was delivered is committed.
func TestSinkStopsWhileWaiting(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	fill(t, c, "in", count(100)()...)
	m := &memory{}
	ctx, cancel := context.WithCancel(context.Background())
	gone := &absence{text: "line-000057", tries: -1, asked: cancel}
	cfg, _ := config(t, c)
	cfg.Sinks = []Sink{sinkOf(m, "in")}
	cfg.Sinks[0].Value = raw{decode: gone.check}
	cfg.Sinks[0].Errors = tolerant()
	if _, err := runUntil(t, ctx, cfg); err != nil {
		t.Fatal(err)
	}
	if n := committed(t, c, "connect-snk", "in", 0); n != 57 {
		t.Errorf("committed %d, want 57", n)
	}
	gone.end()
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if got := m.got(); !slices.Equal(got, count(100)()) {
		t.Errorf("%d records", len(got))
	}
}

// A sink that waits does not hold a rebalance up, and leaves records of
// partitions that went away to their new owner.
func TestSinkRebalanceWhileWaiting(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	if err := c.CreateTopic("in", 2, nil); err != nil {
		t.Fatal(err)
	}
	fillPartition(t, c, "in", 0, count(100)()...)
	fillPartition(t, c, "in", 1, count(200)()[100:]...)
	var mu sync.Mutex
	away := true
	m := &memory{}
	cfg, log := config(t, c)
	cfg.IdleExit = 0
	cfg.Sinks = []Sink{sinkOf(m, "in")}
	cfg.Sinks[0].Consumer.HeartbeatInterval = 20 * time.Millisecond
	cfg.Sinks[0].Value = raw{decode: func(s string) error {
		mu.Lock()
		defer mu.Unlock()
		if away && (s == "line-000030" || s == "line-000130") {
			return connect.Unavailable(errors.New("the registry does not answer"))
		}
		return nil
	}}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	ends := make(chan error, 2)
	start := func() { go func() { _, err := runUntil(t, ctx, cfg); ends <- err }() }
	start()
	for !strings.Contains(log.String(), "is away") && ctx.Err() == nil {
		time.Sleep(5 * time.Millisecond)
	}
	start()
	if _, err := c.WaitGroupStable(t.Context(), "connect-snk", 2); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	away = false
	mu.Unlock()
	for committed(t, c, "connect-snk", "in", 0)+committed(t, c, "connect-snk", "in", 1) < 200 && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	for range 2 {
		if err := <-ends; err != nil {
			t.Fatal(err)
		}
	}
	got := m.got()
	slices.Sort(got)
	if !slices.Equal(got, count(200)()) {
		t.Errorf("%d records, %d distinct", len(got), len(slices.Compact(got)))
	}
}

func TestSourceWaitsForWhatIsAway(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	gone := &absence{text: "line-000057", tries: 4}
	sent := int64(0)
	gone.asked = func() {
		if gone.tries == 1 { // the last try
			for range 1000 {
				if sent = end(t, c, "out"); sent == 57 {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
		}
	}
	cfg, log := config(t, c)
	cfg.Sources = []Source{source(&lines{topic: "out", all: count(100), batch: 40})}
	cfg.Sources[0].Value = raw{encode: gone.check}
	cfg.Sources[0].Errors = tolerant()
	stats, err := run(t, cfg)
	if err != nil || stats[0].Records != 100 || stats[0].DeadLettered != 0 || stats[0].Dropped != 0 {
		t.Fatalf("%v %+v", err, stats)
	}
	if sent != 57 {
		t.Errorf("%d records were sent while it was away, want the 57 before", sent)
	}
	if got := values(read(t, c, "out", 100)); !slices.Equal(got, count(100)()) || end(t, c, "out") != 100 {
		t.Errorf("%d records", end(t, c, "out"))
	}
	for _, want := range []string{"is away; waiting", "topic out", "is back"} {
		if n := strings.Count(log.String(), want); n != 1 {
			t.Errorf("the log says %q %d times:\n%s", want, n, log)
		}
	}
}

// A source that is stopped while it waits goes on where it was.
func TestSourceStopsWhileWaiting(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	ctx, cancel := context.WithCancel(context.Background())
	gone := &absence{text: "line-000057", tries: -1, asked: cancel}
	cfg, _ := config(t, c)
	cfg.Sources = []Source{source(&lines{topic: "out", all: count(100), batch: 10})}
	cfg.Sources[0].Value = raw{encode: gone.check}
	cfg.Sources[0].Errors = tolerant()
	if _, err := runUntil(t, ctx, cfg); err != nil {
		t.Fatal(err)
	}
	gone.end()
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	got := values(read(t, c, "out", 100))
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, count(100)()) {
		t.Errorf("%d distinct records", len(got))
	}
}

// What no record is at fault for and no time mends ends the task, whatever is
// tolerated.
func TestFatalIsNotTolerated(t *testing.T) {
	t.Parallel()
	fatal := func(s string) error {
		if s == "line-000005" {
			return connect.Fatal(errors.New("the registry refuses the password"))
		}
		return nil
	}
	t.Run("sink", func(t *testing.T) {
		c := cluster(t)
		fill(t, c, "in", count(10)()...)
		m := &memory{}
		cfg, _ := config(t, c)
		cfg.Sinks = []Sink{sinkOf(m, "in")}
		cfg.Sinks[0].Value, cfg.Sinks[0].Errors = raw{decode: fatal}, tolerant()
		stats, err := run(t, cfg)
		if err == nil || !strings.Contains(err.Error(), "offset 5: the registry refuses the password") || stats[0].DeadLettered != 0 {
			t.Fatalf("%v %+v", err, stats)
		}
		if n := committed(t, c, "connect-snk", "in", 0); n != 5 || !slices.Equal(m.got(), count(5)()) {
			t.Errorf("committed %d, %d records", n, len(m.got()))
		}
	})
	t.Run("source", func(t *testing.T) {
		c := cluster(t)
		cfg, _ := config(t, c)
		cfg.Sources = []Source{source(&lines{topic: "out", all: count(10), batch: 3})}
		cfg.Sources[0].Value, cfg.Sources[0].Errors = raw{encode: fatal}, tolerant()
		stats, err := run(t, cfg)
		if err == nil || !strings.Contains(err.Error(), "refuses the password") || stats[0].DeadLettered != 0 {
			t.Fatalf("%v %+v", err, stats)
		}
		if got := values(read(t, c, "out", 5)); !slices.Equal(got, count(5)()) {
			t.Errorf("%v", got)
		}
	})
}

// A connector may find its system away too: that has no end either.
func TestConnectorsWaitForWhatIsAway(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	tries := func(n int) func() error {
		return func() error {
			if n--; n >= 0 {
				return connect.Unavailable(errors.New("the database does not answer"))
			}
			return nil
		}
	}
	poll, put := tries(2), tries(3)
	l := &lines{topic: "loop", all: count(20), batch: 10, open: tries(2), poll: func(*lineTask, int) error { return poll() }}
	m := &memory{put: func(int, []connect.Record) error { return put() }, flush: tries(1)}
	cfg, _ := config(t, c)
	cfg.IdleExit = 2 * time.Second
	cfg.Sources, cfg.Sinks = []Source{source(l)}, []Sink{sinkOf(m, "loop")}
	cfg.Sinks[0].Errors = Errors{RetryTimeout: time.Nanosecond}
	cfg.Sinks[0].Consumer.HeartbeatInterval = 20 * time.Millisecond
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.got(), count(20)()) {
		t.Errorf("%d records", len(m.got()))
	}
}

// An outage is told at once and then ever more rarely; one that comes and goes
// does not fill the log.
func TestOutageIsToldRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &logBuffer{}
		var task task
		task.init(about{connector: "c", sink: true, log: slog.New(slog.NewTextHandler(log, nil))})
		told := func() int { return strings.Count(log.String(), "is away") }
		cause := errors.New("no answer")
		for begun := time.Now(); time.Since(begun) < time.Hour; {
			if err := task.await(t.Context(), cause); err != nil {
				t.Fatal(err)
			}
		}
		// At 0, 10, 30, 70, 150, 310 s, and then every five minutes.
		if n := told(); n < 15 || n > 18 {
			t.Errorf("told %d times in an hour:\n%s", n, log)
		}
		task.back()
		if !strings.Contains(log.String(), "is back") || task.away.Load() {
			t.Errorf("the end is not told:\n%s", log)
		}
		before := told()
		for begun := time.Now(); time.Since(begun) < time.Minute; {
			if err := task.await(t.Context(), cause); err != nil {
				t.Fatal(err)
			}
			task.back()
		}
		if n := told() - before; n > 1 {
			t.Errorf("told %d times in a minute of comings and goings", n)
		}
	})
}

// A poll that is sent in parts keeps its books: dead letters, dropped records
// and several marks, on both sides of the cut.
func TestSourcePartsKeepTheirBooks(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	absences := []*absence{{text: "line-000043", tries: 1}, {text: "line-000057", tries: 2}, {text: "line-000058", tries: 1}}
	bad := refuse("line-000041", "line-000057", "line-000077")
	cfg, _ := config(t, c)
	l := &lines{topic: "out", all: count(100), batch: 40, told: &told{}}
	cfg.Sources = []Source{source(l)}
	cfg.Sources[0].Value = raw{encode: func(s string) error {
		for _, a := range absences {
			if err := a.check(s); err != nil {
				return err
			}
		}
		return bad(s)
	}}
	cfg.Sources[0].Errors = tolerant()
	cfg.Sources[0].Steps = []Step{{Do: dropping{"line-000042", "line-000056", "line-000099"}}}
	stats, err := run(t, cfg)
	if err != nil || stats[0].Records != 94 || stats[0].DeadLettered != 3 || stats[0].Dropped != 3 || stats[0].Bytes != 94*11 {
		t.Fatalf("%v %+v", err, stats)
	}
	if got := values(read(t, c, "dlq", 3)); !slices.Equal(got, []string{"line-000041", "line-000057", "line-000077"}) {
		t.Errorf("dead letters %v", got)
	}
	if n := end(t, c, "out"); n != 94 {
		t.Errorf("%d records in the topic", n)
	}
	if _, err := run(t, cfg); err != nil { // from the last committed position
		t.Fatal(err)
	}
	if n := end(t, c, "out"); n != 94 {
		t.Errorf("%d records in the topic after a second start", n)
	}
}

// dropping is a step that drops some lines.
type dropping []string

func (d dropping) Open() (connect.Apply, error) {
	return func(r *connect.Record) (bool, error) { return !slices.Contains(d, r.Value.Value.Str()), nil }, nil
}
