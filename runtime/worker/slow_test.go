package worker

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/state"
)

// slowLines say late what their tasks are.
type slowLines struct {
	lines
	say   chan struct{}
	asked atomic.Int64
}

func (s *slowLines) Tasks(ctx context.Context, n int) ([]connect.SourceTask, error) {
	s.asked.Add(1)
	<-s.say
	return s.lines.Tasks(ctx, n)
}

// A source whose Tasks does not return holds up no other at the start, also
// where calls have no time-out. When it returns after all it has its tasks.
func TestSlowTasksHoldNobodyUp(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, lb := config(t, c)
	cfg.SplitPatience = 50 * time.Millisecond
	slow := &slowLines{lines: lines{topic: "slow", all: count(10), batch: 5}, say: make(chan struct{})}
	bad := source(nil)
	bad.Name, bad.Connector = "bad", slow
	good := source(&lines{topic: "good", all: count(10), batch: 5})
	good.Name = "good"
	cfg.Sources = []Source{bad, good}
	w, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.Open(ctx); err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	all := w.Connectors()
	if len(all) != 2 || all[0].Tasks != 0 || all[0].Err == nil || !strings.Contains(all[0].Err.Error(), "its Tasks has not returned") {
		t.Fatalf("connectors %+v", all)
	}
	if !strings.Contains(lb.String(), "going on without it until it does") {
		t.Errorf("the log says nothing of it: %s", lb)
	}
	moves := func(name, topic string) {
		t.Helper()
		if err := w.Start(state.TaskID{Connector: name}, Events{}); err != nil {
			t.Fatal(err)
		}
		if got := values(read(t, c, topic, 10)); !slices.Equal(got, count(10)()) {
			t.Errorf("topic %s holds %v", topic, got)
		}
	}
	moves("good", "good")
	close(slow.say)
	select {
	case late := <-w.Late():
		if late.Name != "bad" || late.Tasks != 1 || late.Err != nil {
			t.Errorf("late comes %+v", late)
		}
	case <-ctx.Done():
		t.Fatal("nobody hears of it when it has said what its tasks are")
	}
	moves("bad", "slow")
	if n := slow.asked.Load(); n != 1 {
		t.Errorf("it was asked %d times, want once: what it has said is taken", n)
	}
}

// muteStep is a transform that does not open.
type muteStep struct{ hang chan struct{} }

func (m muteStep) Open() (connect.Apply, error) {
	<-m.hang
	return func(*connect.Record) (bool, error) { return true, nil }, nil
}

// Nor does one whose transforms do not open: where calls have a time-out its
// tasks fail by that, and where they have none a stop leaves them behind.
func TestMuteTransformHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	for _, limit := range []time.Duration{0, time.Second} {
		t.Run(limit.String(), func(t *testing.T) {
			t.Parallel()
			hang := make(chan struct{})
			t.Cleanup(func() { close(hang) })
			c := cluster(t)
			cfg, _ := config(t, c)
			cfg.SplitPatience, cfg.CallTimeout = 50*time.Millisecond, limit
			mute := []Step{{Do: muteStep{hang}}}
			bad, good, sink := source(&lines{topic: "bad", all: count(10)}), source(&lines{topic: "good", all: count(10)}), sinkOf(&memory{}, "good")
			bad.Name, bad.Steps, good.Name, sink.Steps = "bad", mute, "good", mute
			cfg.Sources, cfg.Sinks = []Source{bad, good}, []Sink{sink}
			w, err := New(cfg)
			if err == nil {
				err = w.Open(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range w.Tasks() {
				if err := w.Start(id, Events{}); err != nil {
					t.Fatal(err)
				}
			}
			if got := values(read(t, c, "good", 10)); !slices.Equal(got, count(10)()) {
				t.Errorf("the other one moved %v", got)
			}
			alive := func(s Stats) bool { return s.Connector != "good" && s.State != Failed }
			for limit > 0 && slices.ContainsFunc(w.Stats(), alive) { // the test's own end is the limit
				time.Sleep(5 * time.Millisecond)
			}
			w.Close()
			for _, s := range w.Stats() {
				if s.Connector != "good" && limit > 0 && (s.State != Failed || !strings.Contains(s.Err.Error(), "hangs in Open")) ||
					s.Connector != "good" && limit == 0 && s.State != Stopped {
					t.Errorf("%+v", s)
				}
			}
		})
	}
}
