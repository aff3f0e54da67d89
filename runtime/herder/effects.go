package herder

import (
	"context"
	"fmt"
	"sync"
	"time"

	"kcgen.dev/runtime/state"
)

// do does an effect, without waiting for it.
func (h *Herder) do(e Effect) {
	switch e := e.(type) {
	case Join:
		h.cfg.Membership.Join(encode(e.Claim), e.Life)
	case Wake:
		h.timer.Reset(time.Until(e.At))
	case Publish:
		h.words.put(e)
	case Sweep:
		if h.cfg.Sweep != nil && h.Leased() {
			h.cfg.Sweep(e.Connector, e.From, e.Generation)
		}
	case Forget:
		h.words.forget()
	case Reload:
		h.reload(e.Connector)
	case Start:
		h.lane(e.Task).do(func() { h.start(e) })
	case Pause:
		h.lane(e.Task).do(func() { h.cfg.Tasks.Pause(e.Task) })
	case Resume:
		h.lane(e.Task).do(func() { h.cfg.Tasks.Resume(e.Task) })
	case Stop:
		h.lane(e.Task).do(func() { h.stop(e) })
	case Kill:
		h.background(func() { h.cfg.Tasks.Kill(h.life, e.Task) })
	default:
		panic(fmt.Sprintf("herder: no way to do %T", e))
	}
}

func (h *Herder) start(e Start) {
	run := run{h, TaskUnit(e.Task), e.Run}
	if err := h.cfg.Tasks.Start(e.Task, run); err != nil {
		run.Ended(err)
	}
}

// stop does not hold up the lane: what comes next is a Kill, which does not use
// it, or the Start of another run when this one has ended.
func (h *Herder) stop(e Stop) {
	h.background(func() {
		ctx, cancel := context.WithDeadline(h.life, e.By)
		defer cancel()
		h.cfg.Tasks.Stop(ctx, e.Task)
	})
}

func (h *Herder) reload(connector string) {
	if h.cfg.Reload == nil {
		return
	}
	h.background(func() { h.Know(h.cfg.Reload(h.life, connector)) })
}

// background does what may take long. It is not waited for at the end: what
// hangs is what was given up.
func (h *Herder) background(f func()) { go f() }

// run is one run of a task.
type run struct {
	h    *Herder
	unit Unit
	run  uint64
}

func (r run) Moved(p state.Phase) { r.h.post(Moved{r.unit, r.run, p}) }

func (r run) Ended(err error) {
	fenced := err != nil && r.h.cfg.Fenced != nil && r.h.cfg.Fenced(err)
	r.h.post(Ended{r.unit, r.run, err, fenced})
}

func (h *Herder) lane(id state.TaskID) *lane {
	if h.lanes[id] == nil {
		h.lanes[id] = &lane{}
	}
	return h.lanes[id]
}

// lane does things one after the other, on a goroutine that lives while there
// are any. The core asks for few at a time: a start, a pause or two, a stop.
type lane struct {
	mu    sync.Mutex
	queue []func()
	busy  bool
}

func (l *lane) do(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, f)
	if !l.busy {
		l.busy = true
		go l.run()
	}
}

func (l *lane) run() {
	for {
		l.mu.Lock()
		if len(l.queue) == 0 {
			l.busy = false
			l.mu.Unlock()
			return
		}
		f := l.queue[0]
		l.queue = l.queue[1:]
		l.mu.Unlock()
		f()
	}
}
