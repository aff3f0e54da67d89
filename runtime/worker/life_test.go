package worker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/secret"
	"kcgen.dev/runtime/state"
)

// opened opens a worker whose tasks the test starts itself.
func opened(t *testing.T, cfg Config) *Worker {
	t.Helper()
	w, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	if err := w.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// start starts a task and gives the states it moves to, and its end.
func start(t *testing.T, w *Worker, id state.TaskID) (moved chan State, ended chan error) {
	t.Helper()
	moved, ended = make(chan State, 16), make(chan error, 1)
	if err := w.Start(id, Events{Moved: func(s State) { moved <- s }, Ended: func(err error) { ended <- err }}); err != nil {
		t.Fatal(err)
	}
	return moved, ended
}

// until waits for something to hold.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for begun := time.Now(); !holds(); time.Sleep(time.Millisecond) {
		if time.Since(begun) > patience {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func next(t *testing.T, moved chan State, want State) {
	t.Helper()
	if got := <-moved; got != want {
		t.Fatalf("the task moved to %v, want %v", got, want)
	}
}

// A task that is stopped and started again goes on where it was.
func TestStopAndStart(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	src := &lines{topic: "t", all: count(1000), batch: 10}
	out := &memory{}
	cfg, _ := config(t, c)
	cfg.Sources, cfg.Sinks = []Source{source(src)}, []Sink{sinkOf(out, "t")}
	w := opened(t, cfg)
	from, to := state.TaskID{Connector: "src"}, state.TaskID{Connector: "snk"}
	for range 5 {
		_, fromEnded := start(t, w, from)
		_, toEnded := start(t, w, to)
		if err := w.Start(from, Events{}); err == nil {
			t.Fatal("a running task was started again")
		}
		n := len(out.got())
		until(t, "records", func() bool { got := len(out.got()); return got > n || got == 1000 })
		w.Stop(t.Context(), from)
		w.Stop(t.Context(), to)
		if err := <-fromEnded; err != nil {
			t.Fatal(err)
		}
		if err := <-toEnded; err != nil {
			t.Fatal(err)
		}
	}
	start(t, w, from)
	start(t, w, to)
	until(t, "the last record", func() bool { return len(out.got()) >= 1000 })
	if got := out.got(); !slices.Equal(got, count(1000)()) {
		t.Errorf("%d records, out of order or twice", len(got))
	}
	if s := w.Stats(); s[0].Records != 1000 || s[1].Records != 1000 {
		t.Errorf("the figures of all lives: %d and %d records", s[0].Records, s[1].Records)
	}
}

// A task that has failed is started again from what was committed.
func TestStartAfterFailure(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	fail := true
	src := &lines{topic: "t", all: count(100), batch: 10, poll: func(_ *lineTask, n int) error {
		if n == 5 && fail {
			return fmt.Errorf("broken")
		}
		return nil
	}}
	cfg, _ := config(t, c)
	cfg.Sources = []Source{source(src)}
	w := opened(t, cfg)
	id := state.TaskID{Connector: "src"}
	_, ended := start(t, w, id)
	if err := <-ended; err == nil || w.Failure() == nil {
		t.Fatal("the task did not fail")
	}
	fail = false
	start(t, w, id)
	until(t, "all records", func() bool { return end(t, c, "t") >= 100 })
	w.Stop(t.Context(), id)
	if got := values(read(t, c, "t", 100)); !slices.Equal(got, count(100)()) || end(t, c, "t") != 100 {
		t.Errorf("%d records", end(t, c, "t"))
	}
	if w.Failure() != nil {
		t.Errorf("the failure of the life before stays: %v", w.Failure())
	}
}

// A task that is started again takes up what references say by then, and tells
// which topics it uses.
func TestRefresh(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	cfg.Sources = []Source{source(&lines{topic: "old", all: count(10), batch: 10})}
	cfg.Refresh = func() (Config, error) {
		again := cfg
		again.Sources = []Source{source(&lines{topic: "new", all: count(20), batch: 10})}
		return again, nil
	}
	w := opened(t, cfg)
	id := state.TaskID{Connector: "src"}
	used := make(chan string, 10)
	for _, want := range []string{"old", "new"} {
		if err := w.Start(id, Events{Used: func(topic string) { used <- topic }}); err != nil {
			t.Fatal(err)
		}
		if got := <-used; got != want {
			t.Errorf("it uses %s, want %s", got, want)
		}
		until(t, "records", func() bool { return end(t, c, want) == 10 })
		w.Stop(t.Context(), id)
	}
}

// A paused source does not poll, and a paused sink does not consume; what was
// done before is committed. A pause holds for the next life.
func TestPause(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	src := &lines{topic: "t", all: count(100_000), batch: 10}
	out := &memory{}
	cfg, _ := config(t, c)
	cfg.Sources, cfg.Sinks = []Source{source(src)}, []Sink{sinkOf(out, "t")}
	w := opened(t, cfg)
	from, to := state.TaskID{Connector: "src"}, state.TaskID{Connector: "snk"}
	moved, _ := start(t, w, from)
	next(t, moved, Running)
	until(t, "records", func() bool { return end(t, c, "t") > 0 })
	w.Pause(from)
	next(t, moved, Paused)
	until(t, "the last batch", func() bool { return w.living0().(*sourceTask).inFlight.Load() == 0 })
	at := end(t, c, "t")

	taken, _ := start(t, w, to)
	next(t, taken, Running)
	until(t, "all records", func() bool { return int64(len(out.got())) == at })
	w.Pause(to)
	next(t, taken, Paused)
	if got := end(t, c, "t"); got != at {
		t.Errorf("a paused source went on from %d to %d", at, got)
	}
	w.Resume(from)
	next(t, moved, Running)
	until(t, "more records", func() bool { return end(t, c, "t") > at })
	if got := int64(len(out.got())); got != at {
		t.Errorf("a paused sink went on from %d to %d", at, got)
	}

	w.Stop(context.Background(), to)
	taken, _ = start(t, w, to)
	next(t, taken, Running)
	next(t, taken, Paused)
	w.Resume(to)
	next(t, taken, Running)
	until(t, "more records", func() bool { return int64(len(out.got())) > at })
}

// living0 is the first task.
func (w *Worker) living0() runner {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.slots[0].life.runner
}

// A task that is killed commits nothing more.
func TestKill(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	src := &lines{topic: "t", all: count(100), batch: 10}
	cfg, _ := config(t, c)
	cfg.FlushInterval = time.Hour
	cfg.Sources = []Source{source(src)}
	w := opened(t, cfg)
	id := state.TaskID{Connector: "src"}
	_, ended := start(t, w, id)
	until(t, "all records", func() bool { return end(t, c, "t") == 100 })
	w.Kill(t.Context(), id)
	<-ended
	if n := end(t, c, "connect-offsets"); n != 0 {
		t.Errorf("%d offsets were written", n)
	}
}

// A task whose lease is over does nothing that others can see, until it is its
// instance's again.
func TestLease(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	var over atomic.Bool
	cfg, _ := config(t, c)
	cfg.Leased = func() bool { return !over.Load() }
	out := &memory{}
	cfg.Sources, cfg.Sinks = []Source{source(&lines{topic: "t", all: count(10_000), batch: 10})}, []Sink{sinkOf(out, "t")}
	w := opened(t, cfg)
	start(t, w, state.TaskID{Connector: "src"})
	start(t, w, state.TaskID{Connector: "snk"})
	until(t, "records", func() bool { return len(out.got()) > 0 })
	over.Store(true)
	until(t, "the last batch", func() bool { return w.living0().(*sourceTask).inFlight.Load() == 0 })
	time.Sleep(100 * time.Millisecond) // for a batch that passed the question before
	at, put := end(t, c, "t"), len(out.got())
	offsets := end(t, c, "connect-offsets")
	time.Sleep(300 * time.Millisecond)
	if end(t, c, "t") != at || end(t, c, "connect-offsets") != offsets {
		t.Error("the source went on")
	}
	if n := len(out.got()); n != put {
		t.Errorf("the sink went on from %d to %d", put, n)
	}
	over.Store(false)
	until(t, "more records", func() bool { return len(out.got()) == 10_000 })
}

// A task that is lost while it cannot commit is given up, and is no failure: of
// the worker neither.
func TestLose(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	cfg.FlushInterval = time.Hour
	cfg.Sources = []Source{source(&lines{topic: "t", all: count(100), batch: 10})}
	w := opened(t, cfg)
	id := state.TaskID{Connector: "src"}
	_, ended := start(t, w, id)
	until(t, "all records", func() bool { return end(t, c, "t") == 100 })
	w.Lose(t.Context(), id)
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
	if n := end(t, c, "connect-offsets"); n != 0 {
		t.Errorf("%d offsets were written", n)
	}
	if s := w.Stats()[0]; s.State != Stopped || s.Err != nil {
		t.Errorf("it is %v: %v", s.State, s.Err)
	}
	if err := w.Failure(); err != nil {
		t.Errorf("the worker has failed: %v", err)
	}
}

// A task that is started again logs in to Kafka with what references say by
// then.
func TestStartWithANewLogin(t *testing.T) {
	c := cluster(t, kfake.EnableSASL(), kfake.User("PLAIN", "before", "x"), kfake.User("PLAIN", "after", "x"))
	var after atomic.Int64
	c.ControlKey(int16(kmsg.SASLAuthenticate), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if strings.Contains(string(r.(*kmsg.SASLAuthenticateRequest).SASLAuthBytes), "after") {
			after.Add(1)
		}
		return nil, nil, false
	})
	t.Setenv("KCGEN_TEST_SECRET", "x")
	cfg, _ := config(t, c)
	as := func(user string) Config {
		cfg := cfg
		sasl := &kafka.SASL{Mechanism: "PLAIN", Username: user, Password: secret.Ref("${env:KCGEN_TEST_SECRET}"), AllowWithoutTLS: true}
		if err := secret.Resolve(sasl); err != nil {
			t.Fatal(err)
		}
		cfg.Cluster.SASL = sasl
		return cfg
	}
	m := &memory{}
	cfg.Sources, cfg.Sinks = []Source{source(&lines{topic: "t", all: count(10)})}, []Sink{sinkOf(m, "t")}
	before := as("before")
	before.Refresh = func() (Config, error) { return as("after"), nil }
	w := opened(t, before)
	from, to := state.TaskID{Connector: "src"}, state.TaskID{Connector: "snk"}
	start(t, w, from)
	start(t, w, to)
	until(t, "the records", func() bool { return len(m.got()) == 10 })
	if n := after.Load(); n > 0 {
		t.Fatalf("%d logins as what the references did not say", n)
	}
	w.Stop(t.Context(), to)
	start(t, w, to)
	until(t, "a login with what they say now", func() bool { return after.Load() > 0 })
}
