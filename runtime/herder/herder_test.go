package herder

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kcgen.dev/runtime/state"
)

// fakeTasks are tasks that do nothing, but what a test has them do.
type fakeTasks struct {
	mu     sync.Mutex
	name   string
	census *census
	on     map[state.TaskID]TaskEvents
	calls  []string
	hang   map[state.TaskID]bool // does not end when it is stopped, nor when it is killed
	paused map[state.TaskID]bool
}

func newFakeTasks(name string, c *census) *fakeTasks {
	return &fakeTasks{name: name, census: c, on: map[state.TaskID]TaskEvents{}, hang: map[state.TaskID]bool{}, paused: map[state.TaskID]bool{}}
}

func (f *fakeTasks) note(what string, id state.TaskID) {
	f.calls = append(f.calls, what+" "+id.String())
}

func (f *fakeTasks) Start(id state.TaskID, on TaskEvents) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.on[id] != nil {
		return errors.New("it is running already")
	}
	f.note("start", id)
	f.on[id] = on
	f.census.begin(id, f.name)
	go func() {
		on.Moved(state.Running)
	}()
	return nil
}

func (f *fakeTasks) Pause(id state.TaskID)  { f.pause(id, true) }
func (f *fakeTasks) Resume(id state.TaskID) { f.pause(id, false) }

func (f *fakeTasks) pause(id state.TaskID, paused bool) {
	f.mu.Lock()
	f.note(map[bool]string{true: "pause", false: "resume"}[paused], id)
	f.paused[id] = paused
	on := f.on[id]
	f.mu.Unlock()
	if on != nil {
		on.Moved(map[bool]state.Phase{true: state.PausedPhase, false: state.Running}[paused])
	}
}

func (f *fakeTasks) Stop(_ context.Context, id state.TaskID) { f.end("stop", id, nil) }
func (f *fakeTasks) Kill(_ context.Context, id state.TaskID) { f.end("kill", id, nil) }

func (f *fakeTasks) end(how string, id state.TaskID, err error) {
	f.mu.Lock()
	f.note(how, id)
	on := f.on[id]
	if on == nil || f.hang[id] {
		f.mu.Unlock()
		return
	}
	delete(f.on, id)
	f.census.end(id, f.name)
	f.mu.Unlock()
	on.Ended(err)
}

func (f *fakeTasks) running() []state.TaskID {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.SortedFunc(maps.Keys(f.on), func(a, b state.TaskID) int { return strings.Compare(a.String(), b.String()) })
}

func (f *fakeTasks) count(call string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c == call {
			n++
		}
	}
	return n
}

// census counts who runs what.
type census struct {
	mu     sync.Mutex
	owner  map[state.TaskID]string
	faults []string
	starts int
}

func newCensus() *census { return &census{owner: map[state.TaskID]string{}} }

func (c *census) begin(id state.TaskID, who string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.starts++
	if other := c.owner[id]; other != "" {
		c.faults = append(c.faults, fmt.Sprintf("%s runs at %s and at %s", id, other, who))
	}
	c.owner[id] = who
}

func (c *census) end(id state.TaskID, who string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.owner[id] == who {
		delete(c.owner, id)
	}
}

// all reports whether n tasks run.
func (c *census) all(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.owner) == n
}

func (c *census) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.starts
}

func (c *census) check(t *testing.T) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.faults {
		t.Error(f)
	}
}

// board holds statuses as readers of the topic see them: what is older than
// what is there does not count.
type board struct {
	mu   sync.Mutex
	of   map[Unit]state.Status
	fail error
}

func newBoard() *board { return &board{of: map[Unit]state.Status{}} }

func (b *board) put(u Unit, s state.Status) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	if old, ok := b.of[u]; !ok || s.Generation >= old.Generation {
		b.of[u] = s
	}
	return nil
}

func (b *board) PutConnector(_ context.Context, name string, s state.Status) error {
	return b.put(ConnectorUnit(name), s)
}

func (b *board) PutTask(_ context.Context, id state.TaskID, s state.Status) error {
	return b.put(TaskUnit(id), s)
}

func (b *board) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, u := range slices.SortedFunc(maps.Keys(b.of), Unit.compare) {
		out = append(out, u.String()+"="+string(b.of[u].Phase))
	}
	return strings.Join(out, " ")
}

// alone runs a herder without a group in a bubble of virtual time.
func alone(t *testing.T, change func(*Config), then func(h *Herder, tasks *fakeTasks, b *board)) {
	synctest.Test(t, func(t *testing.T) {
		tasks, b := newFakeTasks("me", newCensus()), newBoard()
		cfg := Config{
			Worker: "me:1", Shared: "configs", Tasks: tasks, Statuses: b, StopTimeout: 5 * time.Second,
			Connectors: []Connector{{Name: "a", Tasks: 2}, {Name: "b", Tasks: 1}},
		}
		if change != nil {
			change(&cfg)
		}
		h := New(cfg)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- h.Run(ctx) }()
		synctest.Wait()
		then(h, tasks, b)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		tasks.census.check(t)
		if left := tasks.running(); len(left) > 0 && len(tasks.hang) == 0 {
			t.Errorf("%v run on", left)
		}
	})
}

func show(t *testing.T, b *board, want string) {
	t.Helper()
	synctest.Wait()
	if got := b.String(); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestAlone(t *testing.T) {
	alone(t, nil, func(h *Herder, tasks *fakeTasks, b *board) {
		show(t, b, "a=RUNNING a-0=RUNNING a-1=RUNNING b=RUNNING b-0=RUNNING")
		if s := h.Snapshot(); !s.Member || !s.Leads || s.Leader != "me:1" || len(s.Tasks) != 3 || len(s.Connectors) != 2 || s.Generation != 1 {
			t.Errorf("%+v", s)
		}
		h.Aim("a", state.Paused)
		show(t, b, "a=PAUSED a-0=PAUSED a-1=PAUSED b=RUNNING b-0=RUNNING")
		h.Aim("a", state.Stopped)
		show(t, b, "a=STOPPED a-0=DESTROYED a-1=DESTROYED b=RUNNING b-0=RUNNING")
		h.Aim("b", state.Paused)
		h.Aim("a", state.Started)
		show(t, b, "a=RUNNING a-0=RUNNING a-1=RUNNING b=PAUSED b-0=PAUSED")
		if tasks.count("resume a-0") != 1 {
			t.Errorf("a task that starts after a pause and a stop must be resumed: %v", tasks.calls)
		}
	})
}

func TestGoodbye(t *testing.T) {
	var last *board
	alone(t, nil, func(_ *Herder, _ *fakeTasks, b *board) { last = b })
	if got := last.String(); got != "a=UNASSIGNED a-0=UNASSIGNED a-1=UNASSIGNED b=UNASSIGNED b-0=UNASSIGNED" {
		t.Error(got)
	}
}

func TestStopHasOneBudget(t *testing.T) {
	var begun, ended time.Time
	synctest.Test(t, func(t *testing.T) {
		tasks := newFakeTasks("me", newCensus())
		id := state.TaskID{Connector: "a"}
		tasks.hang[id] = true
		h := New(Config{Tasks: tasks, Statuses: newBoard(), StopTimeout: 5 * time.Second, Connectors: []Connector{{Name: "a", Tasks: 2}}})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- h.Run(ctx) }()
		synctest.Wait()
		begun = time.Now()
		cancel()
		<-done
		ended = time.Now()
		if tasks.count("kill a-0") != 1 || tasks.count("kill a-1") != 0 {
			t.Error(tasks.calls)
		}
	})
	if took := ended.Sub(begun); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

// Targets that there were before the start hold from the start.
func TestTargets(t *testing.T) {
	alone(t, func(c *Config) { c.Targets = map[string]state.Target{"a": state.Paused, "b": state.Stopped} }, func(_ *Herder, tasks *fakeTasks, b *board) {
		show(t, b, "a=PAUSED a-0=PAUSED a-1=PAUSED b=STOPPED b-0=DESTROYED")
		if len(tasks.calls) > 0 {
			t.Errorf("%v", tasks.calls)
		}
	})
}

func TestRestartPolicy(t *testing.T) {
	rule := &Restart{Delay: time.Second, DelayMax: 4 * time.Second, Limit: 3}
	alone(t, func(c *Config) { c.Restart = rule }, func(h *Herder, tasks *fakeTasks, b *board) {
		id := state.TaskID{Connector: "b"}
		fail := func() {
			synctest.Wait()
			tasks.end("fail", id, errors.New("no such table"))
			synctest.Wait()
		}
		for n, pause := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
			fail()
			show(t, b, "a=RUNNING a-0=RUNNING a-1=RUNNING b=RUNNING b-0=FAILED")
			time.Sleep(pause - time.Millisecond)
			synctest.Wait()
			if got := tasks.count("start b-0"); got != n+1 {
				t.Fatalf("failure %d: %d starts before the pause was over", n+1, got)
			}
			time.Sleep(2 * time.Millisecond)
			synctest.Wait()
			if got := tasks.count("start b-0"); got != n+2 {
				t.Fatalf("failure %d: %d starts after the pause", n+1, got)
			}
		}
		time.Sleep(5 * time.Second) // it has run for as long as the longest pause
		fail()
		time.Sleep(1100 * time.Millisecond)
		show(t, b, "a=RUNNING a-0=RUNNING a-1=RUNNING b=RUNNING b-0=RUNNING")
		for range 3 {
			fail()
			time.Sleep(4100 * time.Millisecond)
		}
		time.Sleep(time.Hour)
		show(t, b, "a=RUNNING a-0=RUNNING a-1=RUNNING b=RUNNING b-0=FAILED")
		if got := b.of[TaskUnit(id)].Trace; got != "no such table" {
			t.Errorf("trace %q", got)
		}
		h.RestartTask(id)
		show(t, b, "a=RUNNING a-0=RUNNING a-1=RUNNING b=RUNNING b-0=RUNNING")
	})
}

func TestRestartRequests(t *testing.T) {
	alone(t, nil, func(h *Herder, tasks *fakeTasks, b *board) {
		tasks.end("fail", state.TaskID{Connector: "a", Task: 1}, errors.New("x"))
		show(t, b, "a=RUNNING a-0=RUNNING a-1=FAILED b=RUNNING b-0=RUNNING")
		h.RestartConnector("a", false, false)
		show(t, b, "a=RUNNING a-0=RUNNING a-1=FAILED b=RUNNING b-0=RUNNING")
		h.RestartConnector("a", true, true)
		show(t, b, "a=RUNNING a-0=RUNNING a-1=RUNNING b=RUNNING b-0=RUNNING")
		if tasks.count("start a-0") != 1 {
			t.Errorf("only failed tasks were to start: %v", tasks.calls)
		}
		h.RestartConnector("a", true, false)
		synctest.Wait()
		if tasks.count("start a-0") != 2 || tasks.count("start a-1") != 3 || tasks.count("start b-0") != 1 {
			t.Errorf("%v", tasks.calls)
		}
		h.Aim("a", state.Stopped)
		h.RestartConnector("a", true, false)
		h.RestartTask(state.TaskID{Connector: "nobody"})
		show(t, b, "a=STOPPED a-0=DESTROYED a-1=DESTROYED b=RUNNING b-0=RUNNING")
	})
}

// A task that hangs is not started beside itself.
func TestStuck(t *testing.T) {
	alone(t, nil, func(h *Herder, tasks *fakeTasks, b *board) {
		id := state.TaskID{Connector: "b"}
		tasks.hang[id] = true
		h.RestartTask(id)
		time.Sleep(5 * time.Second)
		show(t, b, "a=RUNNING a-0=RUNNING a-1=RUNNING b=RUNNING b-0=FAILED")
		if tasks.count("kill b-0") != 1 || tasks.count("start b-0") != 1 {
			t.Error(tasks.calls)
		}
		delete(tasks.hang, id)
		tasks.end("return", id, nil)
		show(t, b, "a=RUNNING a-0=RUNNING a-1=RUNNING b=RUNNING b-0=RUNNING")
	})
}

// A connector that could not say what its tasks are is asked again.
func TestReload(t *testing.T) {
	alone(t, func(c *Config) {
		c.Connectors[1] = Connector{Name: "b", Err: errors.New("no route to host")}
		c.Reload = func(_ context.Context, name string) Connector { return Connector{Name: name, Tasks: 2} }
	}, func(h *Herder, _ *fakeTasks, b *board) {
		show(t, b, "a=RUNNING a-0=RUNNING a-1=RUNNING b=FAILED")
		h.RestartConnector("b", false, false)
		show(t, b, "a=RUNNING a-0=RUNNING a-1=RUNNING b=RUNNING b-0=RUNNING b-1=RUNNING")
	})
}

// Statuses that cannot be written are, when they can be.
func TestStatusesWait(t *testing.T) {
	alone(t, nil, func(h *Herder, _ *fakeTasks, b *board) {
		b.mu.Lock()
		b.fail = errors.New("no leader")
		b.mu.Unlock()
		h.Aim("a", state.Paused)
		h.Aim("b", state.Paused)
		show(t, b, "a=RUNNING a-0=RUNNING a-1=RUNNING b=RUNNING b-0=RUNNING")
		h.Aim("b", state.Started)
		time.Sleep(time.Minute)
		b.mu.Lock()
		b.fail = nil
		b.mu.Unlock()
		time.Sleep(10 * time.Second)
		show(t, b, "a=PAUSED a-0=PAUSED a-1=PAUSED b=RUNNING b-0=RUNNING")
	})
}

// Nothing is done, and nothing published, where nothing has changed.
func TestNothingToDo(t *testing.T) {
	c := newCore(Rules{Worker: "w", StopTimeout: time.Second, Margin: time.Second}, []Connector{{Name: "a", Tasks: 2}}, 0)
	now := epochStart
	c.step(now, Tick{})
	given := units{ConnectorUnit("a"), {"a", 0}, {"a", 1}}
	for n, e := range []Event{
		Assigned{Assignment: Assignment{Epoch: 1, Given: given}, Lease: now.Add(time.Hour)},
		Moved{Unit{"a", 0}, 1, state.Running}, Moved{Unit{"a", 1}, 2, state.Running},
	} {
		if effects := c.step(now, e); len(effects) < 2 {
			t.Fatalf("event %d: %+v", n, effects)
		}
	}
	for n, e := range []Event{
		Tick{}, Alive{Lease: now.Add(2 * time.Hour)}, Aim{"a", state.Started}, Aim{"zzz", state.Paused},
		Known{Connector{Name: "a", Tasks: 2}}, Seen{7}, RestartTask{state.TaskID{Connector: "zzz"}},
		RestartConnector{"zzz", true, false}, RestartConnector{"a", true, true},
		Moved{Unit{"a", 0}, 99, state.PausedPhase}, Ended{Unit: Unit{"a", 0}, Run: 99}, Lost{0},
		Assigned{Assignment: Assignment{Epoch: 2, Given: given}, Lease: now.Add(time.Hour)},
	} {
		for _, effect := range c.step(now, e) {
			switch effect.(type) {
			case Wake, Sweep: // which writes only where there is something to take away
			default:
				t.Errorf("event %d: %T%+v", n, effect, effect)
			}
		}
	}
}

// Who is given a connector takes away what is said of tasks that it has no
// longer, once an assignment; not while the group knows another version of it,
// whose tasks may run.
func TestSweep(t *testing.T) {
	c := newCore(Rules{Worker: "w"}, []Connector{{Name: "a", Tasks: 2}, {Name: "b", Tasks: 1}}, 0)
	now := epochStart
	own := ConnectorUnit("a")
	round := func(epoch int, given ...Unit) Event {
		return Assigned{Assignment: Assignment{Epoch: epoch, Given: given}, Lease: now.Add(time.Hour)}
	}
	for n, step := range []struct {
		Event
		want string
	}{
		{Tick{}, ""},
		{round(1, Unit{"a", 0}, Unit{"a", 1}), ""}, // without the connector itself
		{round(2, own, Unit{"a", 0}), "{a 2 2}"},
		{Tick{}, ""},
		{Aim{"a", state.Stopped}, ""},
		{Known{Connector{Name: "a", Tasks: 1}}, ""},
		{Aim{"a", state.Started}, ""}, // the group does not know yet
		{round(3, own, Unit{"a", 0}), "{a 1 3}"},
		{Known{Connector{Name: "a", Err: errors.New("down")}}, ""},
		{round(4, own), ""}, // nobody knows which there are
		{round(5), ""},
	} {
		got := ""
		for _, effect := range c.step(now, step.Event) {
			if s, ok := effect.(Sweep); ok {
				got += fmt.Sprint(s)
			}
		}
		if got != step.want {
			t.Errorf("event %d: swept %q, want %q", n, got, step.want)
		}
	}
}

// Near its end a lease has tasks stop as they should, and at its end they are
// killed; when it is renewed, they start again.
func TestLease(t *testing.T) {
	c := newCore(Rules{Worker: "w", StopTimeout: time.Minute, KillTimeout: time.Minute, Margin: 2 * time.Second}, []Connector{{Name: "a", Tasks: 1}}, 0)
	start := epochStart
	at := func(seconds int, e Event, want string) {
		t.Helper()
		got := ""
		for _, effect := range c.step(start.Add(time.Duration(seconds)*time.Second), e) {
			switch e := effect.(type) {
			case Start, Stop, Kill:
				got += fmt.Sprintf("%T ", e)
			case Wake:
				got += fmt.Sprintf("wake %v ", e.At.Sub(start))
			}
		}
		if got = strings.ReplaceAll(strings.TrimSpace(got), "herder.", ""); got != want {
			t.Errorf("at %ds: %s; want %s", seconds, got, want)
		}
	}
	u := Unit{"a", 0}
	at(0, Tick{}, "")
	at(0, Assigned{Assignment: Assignment{Epoch: 1, Given: units{u}}, Lease: start.Add(10 * time.Second)}, "Start wake 8s")
	at(1, Moved{u, 1, state.Running}, "wake 8s")
	at(3, Alive{start.Add(13 * time.Second)}, "wake 11s")
	at(11, Tick{}, "Stop wake 13s")
	at(12, Alive{start.Add(22 * time.Second)}, "wake 20s")
	at(12, Ended{Unit: u, Run: 1}, "Start wake 20s")
	at(13, Moved{u, 2, state.Running}, "wake 20s")
	at(30, Tick{}, "Kill wake 1m30s") // it was frozen
	at(31, Alive{start.Add(40 * time.Second)}, "wake 38s")
	at(32, Ended{Unit: u, Run: 2}, "Start wake 38s")
	at(33, Lost{1}, "Kill wake 1m33s")
	at(34, Ended{Unit: u, Run: 3}, "")
}
