package worker

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// State is what a task is at.
type State int32

// The states. Failed and Stopped are ends.
const (
	Starting State = iota
	Running
	Paused
	Failed
	Stopped
)

// States are all states.
func States() []State { return []State{Starting, Running, Paused, Failed, Stopped} }

// String is Kafka Connect's word for the state, as far as it has one.
func (s State) String() string {
	return [...]string{"UNASSIGNED", "RUNNING", "PAUSED", "FAILED", "STOPPED"}[s]
}

// Stats is what one task has done so far.
type Stats struct {
	Connector    string
	Task         int
	Sink         bool
	State        State
	Err          error  // of a failed task
	Records      uint64 // that reached Kafka, or the sink connector
	Bytes        uint64 // of their keys and values in Kafka
	Dropped      uint64 // by a filter, or tolerated without a dead letter queue
	DeadLettered uint64
	Begun        time.Time // when the task was opened
	Last         time.Time // when it last had records
	Figures
}

// about is which task it is, and what it is told by and tells.
type about struct {
	connector string
	id        int
	sink      bool
	log       *slog.Logger
	patience  time.Duration // with a call of the connector; 0: no end
	leased    func() bool   // may the task do what others can see? nil: always
	gate      *gate         // shut while the task is paused
	lost      *atomic.Bool  // another may run the task by now; nil: none does
	on        Events
	traces    connect.Traces // nil: none
}

// task is what both kinds of tasks have.
type task struct {
	about

	counts
	records, bytes, dropped, dead atomic.Uint64
	state                         atomic.Int32
	ready                         atomic.Bool
	begun, last                   atomic.Int64 // nanoseconds since the epoch
	away                          atomic.Bool  // waiting for a system; see outage
	outage                        outage       // of the loop's goroutine alone
	watch                         watch

	failOnce sync.Once
	failed   chan struct{} // closed by fail
	err      error         // set before failed is closed
}

func (t *task) init(a about) {
	t.about = a
	t.watch.limit = a.patience
	t.failed = make(chan struct{})
	t.counts.enter(Starting)
}

// fail ends the task with the first error it is given.
func (t *task) fail(err error) {
	t.failOnce.Do(func() {
		t.err = err
		close(t.failed)
	})
}

// failure is the error of a failed task, or nil.
func (t *task) failure() error {
	select {
	case <-t.failed:
		return t.err
	default:
		return nil
	}
}

// isLost reports whether another instance may have the task by now.
func (t *task) isLost() bool { return t.lost != nil && t.lost.Load() }

// outcome is the failure as it is told: what a lost task leaves undone is none.
func (t *task) outcome() error {
	if t.isLost() {
		return nil
	}
	return t.failure()
}

// opened marks the task as running.
func (t *task) opened() {
	now := time.Now().UnixNano()
	t.begun.Store(now)
	t.last.Store(now)
	t.move(Running)
}

// move sets the state and tells of it.
func (t *task) move(s State) {
	t.state.Store(int32(s))
	t.counts.enter(s)
	if t.on.Moved != nil {
		t.on.Moved(s)
	}
}

// awaitLease waits while the task may be running elsewhere by now: a process that
// was frozen hears later than others that the group went on without it.
func (t *task) awaitLease(stop context.Context) error {
	for t.leased != nil && !t.leased() {
		if err := pause(stop, 10*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// era is that of the topics that were told of.
func (t *task) era() uint64 {
	if t.on.Era == nil {
		return 0
	}
	return t.on.Era()
}

// use tells of a topic.
func (t *task) use(topic string) {
	if t.on.Used != nil {
		t.on.Used(topic)
	}
}

// whilePaused returns when the task is not paused, at once where it is not.
func (t *task) whilePaused(stop context.Context) error {
	closed := t.gate.closed()
	if closed == nil {
		return nil
	}
	t.log.Info("paused")
	t.move(Paused)
	for closed != nil {
		select {
		case <-closed:
			closed = t.gate.closed()
		case <-stop.Done():
			return errStopped
		}
	}
	t.log.Info("resumed")
	t.touch()
	t.move(Running)
	return nil
}

// openWith opens a connector's task: again and again while it asks for another
// try, with pauses of most at the longest.
func (t *task) openWith(stop context.Context, most time.Duration, open func() error) error {
	var bad limited
	for fails := 1; ; fails++ {
		err := t.plugged(hookOpen, open)
		if err == nil {
			return nil
		}
		if stop.Err() != nil {
			return errStopped
		}
		if !transient(err) {
			return fmt.Errorf("connector %s, task %d: open: %w", t.connector, t.id, err)
		}
		if bad.ok() {
			t.log.Warn("opening the connector failed; trying again", "error", err.Error())
		}
		if err := pause(stop, kafka.Backoff(fails, most)); err != nil {
			return err
		}
	}
}

// touch says that the task has had something to do.
func (t *task) touch() { t.last.Store(time.Now().UnixNano()) }

// stop gives a context that ends with parent or with the task's failure.
func (t *task) stop(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	go func() {
		select {
		case <-t.failed:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// idleStill has nothing to add to what idleness says.
func (t *task) idleStill(context.Context) bool { return true }

// call is the failure of a call of a plug-in.
func (t *task) call(stage Stage, component any, err error) *Failure {
	return &Failure{Connector: t.connector, Task: t.id, Stage: stage, Component: component, Err: err}
}

// end sets the last state and says so.
func (t *task) end() {
	err := t.outcome()
	if err == nil {
		if t.isLost() {
			t.log.Warn("the task was given up: another instance may have it by now")
		}
		t.state.Store(int32(Stopped))
		t.counts.enter(Stopped)
		return
	}
	t.state.Store(int32(Failed))
	t.counts.enter(Failed)
	args := []any{"error", err.Error()}
	if s := stackOf(err); s != "" {
		args = append(args, "stack", s)
	}
	t.log.Error("the task has failed; its offsets stand before the failed record. Mend the cause and start again", args...)
}

func (t *task) stats() Stats {
	s := Stats{
		Connector: t.connector, Task: t.id, Sink: t.sink, State: State(t.state.Load()),
		Records: t.records.Load(), Bytes: t.bytes.Load(), Dropped: t.dropped.Load(), DeadLettered: t.dead.Load(),
		Err: t.outcome(), Figures: t.figures(),
	}
	if n := t.begun.Load(); n != 0 {
		s.Begun, s.Last = time.Unix(0, n), time.Unix(0, t.last.Load())
	}
	return s
}

// limited says a thing at once and then every ten seconds.
type limited struct{ said time.Time }

func (l *limited) ok() bool {
	if time.Since(l.said) < 10*time.Second {
		return false
	}
	l.said = time.Now()
	return true
}
