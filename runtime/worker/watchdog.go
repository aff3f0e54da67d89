package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// hook is a call of a connector, or the work of a chain.
type hook int32

const (
	noHook hook = iota
	hookTasks
	hookOpen
	hookPoll
	hookCommitted
	hookPut
	hookFlush
	hookPositions
	hookClose
	hookChain
)

func (h hook) String() string {
	return [...]string{"", "Tasks", "Open", "Poll", "Committed", "Put", "Flush", "Positions", "Close", "its transforms and converters"}[h]
}

// lastWord is how long a call that hangs has to end by itself when the task has
// failed for it and its context has ended.
const lastWord = time.Second

// watch knows what a task is doing in code that is not ours, and fails the task
// when that does not come back (worker.callTimeout). A task calls one hook at a
// time, whichever goroutine it does so from. Without a limit it costs two
// stores a call.
type watch struct {
	limit time.Duration // 0: none

	hook  atomic.Int32
	moves atomic.Uint64 // calls begun, and records that a chain is through with
	stack atomic.Value  // string: "goroutine 12 [", of the caller

	once sync.Once
	hung chan struct{} // a call hangs: nothing that it still does counts
	gone chan struct{} // and did not end in lastWord
}

func (w *watch) init() {
	w.once.Do(func() { w.hung, w.gone = make(chan struct{}), make(chan struct{}) })
}

// isHung reports whether the task was left behind.
func (w *watch) isHung() bool {
	w.init()
	select {
	case <-w.hung:
		return true
	default:
		return false
	}
}

// left is closed when the task is not waited for any longer.
func (w *watch) left() <-chan struct{} { w.init(); return w.gone }

// here says that the hooks are called from this goroutine.
func (w *watch) here() {
	if w.limit > 0 {
		var b [64]byte
		line := b[:runtime.Stack(b[:], false)]
		if i := bytes.IndexByte(line, '['); i > 0 {
			w.stack.Store(string(line[:i+1]))
		}
	}
}

// visit says so of a goroutine that has taken the task's lock, until end.
func (w *watch) visit() (end func()) {
	host := w.stack.Load()
	w.here()
	return func() {
		if host != nil {
			w.stack.Store(host)
		}
	}
}

func (w *watch) enter(h hook) {
	w.moves.Add(1)
	w.hook.Store(int32(h))
}

func (w *watch) leave() { w.hook.Store(int32(noHook)) }

// step says that a chain is through with a record.
func (w *watch) step() {
	if w.limit > 0 {
		w.moves.Add(1)
	}
}

// errLeftBehind is what a call gives that came back too late.
var errLeftBehind = errors.New("it came back after it was left behind")

// plugged calls a hook and makes an error of a panic.
func (t *task) plugged(h hook, f func() error) error {
	t.watch.enter(h)
	defer t.watch.leave()
	err := guard(f)
	if t.watch.isHung() {
		return errLeftBehind
	}
	return err
}

// watchCalls fails the task when a call does not come back in time. end ends
// the watch.
func (t *task) watchCalls() (end func()) {
	if t.watch.limit <= 0 {
		return func() {}
	}
	t.watch.init()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err := t.watch.await(ctx)
		if err == nil {
			return
		}
		close(t.watch.hung)
		t.fail(fmt.Errorf("connector %s, task %d: %w", t.connector, t.id, err))
		_ = pause(ctx, lastWord)
		close(t.watch.gone)
	}()
	return func() { cancel(); <-ended }
}

// await returns the fault of a call that hangs, or nil with the end of ctx.
func (w *watch) await(ctx context.Context) error {
	tick := time.NewTicker(max(w.limit/8, time.Millisecond))
	defer tick.Stop()
	var last uint64
	since := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		h, n := hook(w.hook.Load()), w.moves.Load()
		if h == noHook || n != last {
			last, since = n, time.Now()
			continue
		}
		if d := time.Since(since); d >= w.limit {
			return &hang{hook: h, limit: w.limit, stack: w.trace()}
		}
	}
}

// trace is the stack of the goroutine that hangs, or "". It stops the program
// for some milliseconds, once.
func (w *watch) trace() string {
	head, _ := w.stack.Load().(string)
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	i := bytes.Index(buf, []byte(head))
	if head == "" || i < 0 {
		return ""
	}
	one, _, _ := bytes.Cut(buf[i:], []byte("\n\n"))
	const most = 8 << 10
	return string(one[:min(len(one), most)])
}

// hang is the failure of a task whose call does not come back.
type hang struct {
	hook  hook
	limit time.Duration
	stack string
}

func (h *hang) Error() string {
	return fmt.Sprintf("it hangs in %s: no answer for %s (worker.callTimeout); it is left behind, and what it was at is not committed", h.hook, h.limit)
}

// within calls a hook that is given limit at the most, and no more than lastWord
// behind ctx: then it is left behind, and what it would give is not to be looked
// at. No limit is 0.
func within(ctx context.Context, limit time.Duration, h hook, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- guard(f) }()
	var late <-chan time.Time
	if limit > 0 {
		t := time.NewTimer(limit)
		defer t.Stop()
		late = t.C
	}
	select {
	case err := <-done:
		return err
	case <-late:
		return &hang{hook: h, limit: limit}
	case <-ctx.Done():
	}
	last := time.NewTimer(lastWord)
	defer last.Stop()
	select {
	case err := <-done:
		return err
	case <-last.C:
		return fmt.Errorf("%v has not returned: %w", h, errStopped)
	}
}
