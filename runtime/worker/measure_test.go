package worker

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
)

// runScraped runs a worker that is asked for its figures all the while.
func runScraped(t *testing.T, cfg Config) []Stats {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	w, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	var scraper sync.WaitGroup
	scraper.Go(func() {
		for {
			select {
			case <-ended:
				return
			case <-time.After(5 * time.Millisecond):
				w.Stats()
			}
		}
	})
	_ = w.Run(ctx) // the tasks say what they failed of
	close(ended)
	scraper.Wait()
	if ctx.Err() != nil {
		t.Error("the worker did not end")
	}
	return w.Stats()
}

// openBad starts a worker of a well source and of one of which a hook that tells
// figures misbehaves, and waits until both have moved everything.
func openBad(t *testing.T, m *misbehaviour) (*Worker, *logBuffer) {
	t.Helper()
	cfg, lb := config(t, cluster(t))
	bad := source(nil)
	bad.Name, bad.Connector = "bad", &badSource{m, lines{topic: "bad", all: count(20)}}
	cfg.Sources = []Source{source(&lines{topic: "good", all: count(20)}), bad}
	w, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	for _, id := range w.Tasks() {
		if err := w.Start(id, Events{}); err != nil {
			t.Fatal(err)
		}
	}
	for { // counted calls no connector
		stats, _ := w.counted()
		if stats[0].Records == 20 && stats[1].Records == 20 {
			return w, lb
		}
		time.Sleep(time.Millisecond)
	}
}

// inTime fails the test where f does not return.
func inTime(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("%s does not return", what)
	}
}

// A connector that never says what it measures, or panics, keeps nobody from
// the figures of all, and from steering the others.
func TestFiguresThatHang(t *testing.T) {
	t.Parallel()
	for _, hook := range []string{"Lag", "Gauges", "Snapshot"} {
		for _, how := range []string{"block", "panic"} {
			t.Run(hook+" "+how, func(t *testing.T) {
				t.Parallel()
				m := &misbehaviour{hook: hook, how: how, hang: make(chan struct{})}
				w, lb := openBad(t, m)
				t.Cleanup(func() { close(m.hang) }) // the worker ends behind it
				want := "failed to say what it measures"
				if how == "block" {
					want = "does not say what it measures"
				}
				inTime(t, "Stats", func() {
					for !strings.Contains(lb.String(), want) {
						time.Sleep(time.Millisecond)
						for _, s := range w.Stats() {
							if s.Records != 20 || s.State != Running {
								t.Errorf("%+v", s)
							}
						}
					}
				})
				inTime(t, "the rest", func() {
					w.Connectors()
					id := w.Tasks()[0]
					w.Pause(id)
					w.Resume(id)
					w.Stop(t.Context(), id)
				})
				if how == "block" && m.done.Load() != 1 {
					t.Errorf("asked %d times while it did not answer", m.done.Load())
				}
			})
		}
	}
}

// slowGauges measures, at the second question, as long as it is told to.
type slowGauges struct {
	connect.SourceTask
	asked int
	slow  chan struct{}
}

func (s *slowGauges) Gauges() []connect.Gauge {
	s.asked++
	if s.asked == 2 {
		<-s.slow
	}
	return []connect.Gauge{{Value: float64(s.asked)}}
}

// What a connector said last stands until it says more; what one says that was
// closed meanwhile counts for nothing.
func TestLastFiguresStand(t *testing.T) {
	s := &slowGauges{slow: make(chan struct{})}
	var m meter
	first := func() float64 {
		t.Helper()
		got := m.read(slog.New(slog.DiscardHandler)).gauges
		if len(got) == 0 {
			return 0
		}
		return got[0].Value
	}
	m.use(s)
	for i, want := range []float64{1, 1, 1} { // the second and third without an answer
		if got := first(); got != want {
			t.Errorf("at %d: %v", i, got)
		}
	}
	q := m.asked
	m.use(nil)
	close(s.slow)
	<-q.answered
	if got := first(); got != 0 || s.asked != 2 {
		t.Errorf("a closed task said %v, asked %d times", got, s.asked)
	}
}
