package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/state"
)

// Events tell whoever started a task what becomes of it. Each may be nil, and
// is called at most once for a start, except Moved and Era.
type Events struct {
	// Moved is called when the task begins to run, pauses or goes on.
	Moved func(State)
	// Used is called with each topic that the task writes to or reads from, once
	// in each era.
	Used func(topic string)
	// Era is asked with each batch. A new one begins when what was told of topics
	// is to be told again, once they are used again.
	Era func() uint64
	// Ended is called last, with the failure or nil.
	Ended func(error)
}

// slot is the place of one task, which may live several times.
type slot struct {
	id     state.TaskID
	source *Source            // or
	sink   *Sink              //
	plug   connect.SourceTask // for the first life, of the first split
	of     int                // the tasks of the first split; 0: not known
	fault  error              // why they are not known
	paused bool               // as it was last asked
	life   *life              // the last one, or nil
	past   Stats              // figures of the lives before
}

// life is one life of a task, from Start to its end.
type life struct {
	runner runner // nil while it is being made
	gate   *gate
	stop   context.CancelFunc
	kill   context.CancelFunc
	lost   atomic.Bool // another may run the task by now
	ran    bool        // it began to run
	over   bool
	ended  chan struct{}
}

// runner is a source's or a sink's task.
type runner interface {
	run(stop, hard context.Context)
	close(context.Context) // of a task that was not run
	idleness() idleness
	idleStill(context.Context) bool
	stats() Stats   // without a call of the connector
	measure(*Stats) // adds what the connector measures itself; it may wait for a moment
	fail(error)
	outcome() error
}

func (w *Worker) slot(id state.TaskID) (*slot, error) {
	for _, s := range w.slots {
		if s.id == id {
			return s, nil
		}
	}
	return nil, fmt.Errorf("the pipeline has no task %s", id)
}

// Start begins a life of a task, in the background: it ends with Stop, Kill,
// the worker's own end or a failure. A task that lives is not started again.
func (w *Worker) Start(id state.TaskID, on Events) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, err := w.slot(id)
	if err != nil {
		return err
	}
	if s.life != nil && !s.life.over {
		return fmt.Errorf("task %s is running already", id)
	}
	if s.life != nil {
		s.past = s.stats()
	}
	stop, cancelStop := context.WithCancel(w.stop)
	hard, cancelHard := w.budget(stop)
	l := &life{gate: newGate(s.paused), stop: cancelStop, kill: cancelHard, ended: make(chan struct{})}
	w.starts.Attempts++
	again, moved := s.life != nil, on.Moved
	s.life = l
	on.Moved = func(st State) {
		w.ran(l)
		if moved != nil {
			moved(st)
		}
	}
	w.lives.Go(func() {
		if again {
			w.refresh(s)
		}
		err := w.live(s, l, stop, hard, on)
		cancelStop()
		cancelHard()
		w.mu.Lock()
		l.over = true
		if err != nil && !l.ran {
			w.starts.Failures++
		}
		w.mu.Unlock()
		if on.Ended != nil {
			on.Ended(err)
		}
		close(l.ended)
	})
	return nil
}

// ran counts a start that led to something.
func (w *Worker) ran(l *life) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !l.ran {
		l.ran = true
		w.starts.Successes++
	}
}

// live makes the task and runs it to its end.
func (w *Worker) live(s *slot, l *life, stop, hard context.Context, on Events) error {
	a := about{connector: s.id.Connector, id: s.id.Task, sink: s.sink != nil, patience: w.cfg.CallTimeout, leased: w.cfg.Leased, gate: l.gate, lost: &l.lost, on: on, traces: w.cfg.Traces}
	a.log = w.log.With("connector", a.connector, "task", a.id)
	r, err := w.make(stop, s, a)
	w.mu.Lock()
	if err == nil && s.source != nil && w.fault != nil {
		err = w.fault
		defer r.close(hard)
	}
	if err != nil {
		b := &brokenTask{}
		b.init(a)
		if errors.Is(err, errStopped) { // it never began
			a.log.Warn("the connector was left behind", "error", err.Error())
		} else {
			b.fail(fmt.Errorf("connector %s, task %d: %w", s.id.Connector, s.id.Task, err))
		}
		r = b
	}
	l.runner = r
	w.mu.Unlock()
	r.run(stop, hard)
	return r.outcome()
}

// refresh takes up what references say by now, where they can be read: the
// connector's own, and Kafka's login, which all tasks share.
func (w *Worker) refresh(s *slot) {
	if w.cfg.Refresh == nil {
		return
	}
	cfg, err := w.cfg.Refresh()
	if err != nil {
		w.log.Warn("references were not read again; going on with what they said before", "connector", s.id.Connector, "error", err.Error())
		return
	}
	if err := w.conn.Renew(cfg.Cluster); err != nil {
		w.log.Warn("the login to Kafka was not renewed; going on with the former one", "connector", s.id.Connector, "error", err.Error())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range cfg.Sources {
		if s.source != nil && cfg.Sources[i].Name == s.id.Connector {
			s.source, s.plug = &cfg.Sources[i], nil
		}
	}
	for i := range cfg.Sinks {
		if s.sink != nil && cfg.Sinks[i].Name == s.id.Connector {
			s.sink = &cfg.Sinks[i]
		}
	}
}

// Stop asks a task to end: what it has on its way is drained, flushed and
// committed. It returns when the task has ended, within the time for a stop,
// or when ctx ends.
func (w *Worker) Stop(ctx context.Context, id state.TaskID) { w.endLife(ctx, id, false) }

// Kill ends a task at once: nothing more of it is committed.
func (w *Worker) Kill(ctx context.Context, id state.TaskID) { w.endLife(ctx, id, true) }

// Lose kills a task that may be running elsewhere by now: what it leaves undone
// is the other's to do, and no failure.
func (w *Worker) Lose(ctx context.Context, id state.TaskID) {
	if l := w.lifeOf(id); l != nil {
		l.lost.Store(true)
	}
	w.Kill(ctx, id)
}

// lifeOf is the last life of a task, or nil.
func (w *Worker) lifeOf(id state.TaskID) *life {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s, err := w.slot(id); err == nil {
		return s.life
	}
	return nil
}

func (w *Worker) endLife(ctx context.Context, id state.TaskID, atOnce bool) {
	l := w.lifeOf(id)
	if l == nil {
		return
	}
	if atOnce {
		l.kill()
	}
	l.stop()
	select {
	case <-l.ended:
	case <-ctx.Done():
	}
}

// Pause makes a task do nothing: a source does not poll, and a sink does not
// consume. What is on its way ends. It holds for the task's next lives too.
func (w *Worker) Pause(id state.TaskID) { w.setPaused(id, true) }

// Resume ends a pause.
func (w *Worker) Resume(id state.TaskID) { w.setPaused(id, false) }

func (w *Worker) setPaused(id state.TaskID, paused bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, err := w.slot(id)
	if err != nil {
		return
	}
	s.paused = paused
	if s.life != nil {
		s.life.gate.set(paused)
	}
}

// stats are the figures of all lives; w.mu is held.
func (s *slot) stats() Stats {
	if s.life == nil || s.life.runner == nil {
		now := s.past
		now.Connector, now.Task, now.Sink, now.State, now.Err = s.id.Connector, s.id.Task, s.sink != nil, Starting, nil
		return now
	}
	now := s.life.runner.stats()
	now.Records += s.past.Records
	now.Bytes += s.past.Bytes
	now.Dropped += s.past.Dropped
	now.DeadLettered += s.past.DeadLettered
	now.Figures = now.Figures.plus(s.past.Figures)
	return now
}

// giveUp fails a task that did not end in time; w.mu is held.
func (s *slot) giveUp() {
	if s.life == nil || s.life.runner == nil || s.life.over {
		return
	}
	s.life.runner.fail(fmt.Errorf("connector %s, task %d: it did not end in the time for a stop; what it did since its last commit will be read again", s.id.Connector, s.id.Task))
}

// brokenTask stands for a task that could not be made.
type brokenTask struct{ task }

func (t *brokenTask) run(_, _ context.Context) { t.end() }
func (t *brokenTask) close(context.Context)    {}
func (t *brokenTask) idleness() idleness       { return idleness{ended: true} }

// gate holds a paused task.
type gate struct {
	mu   sync.Mutex
	shut chan struct{} // nil: open; closed when it opens
}

func newGate(shut bool) *gate {
	g := &gate{}
	g.set(shut)
	return g
}

func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case shut && g.shut == nil:
		g.shut = make(chan struct{})
	case !shut && g.shut != nil:
		close(g.shut)
		g.shut = nil
	}
}

// closed is nil where the gate is open.
func (g *gate) closed() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shut
}
