//go:build synctests

package simulation

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"kcgen.dev/runtime"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/worker"
)

// process is one run of the program: what a supervisor starts, kills, freezes
// and starts again.
type process struct {
	w      *world
	name   string
	number int
	end    *endpoint
	cancel context.CancelFunc
	done   chan struct{}
	since  int // the history's tick when it began

	mayTake time.Duration // for a stop

	mu    sync.Mutex
	stats func() []worker.Stats
	err   error
}

// stopTimeout is the pipelines' time for a stop.
const stopTimeout = 5 * time.Second

// start runs a pipeline as a process of its own.
func (w *world) start(s *scenario) *process {
	w.mu.Lock()
	p := &process{w: w, name: fmt.Sprintf("process %d", len(w.procs)+1), number: len(w.procs) + 1, end: newEndpoint(w), done: make(chan struct{}), since: w.history.now(), mayTake: stopTimeout}
	if s.shared || s.exactly {
		p.mayTake = 2 * stopTimeout
	}
	w.procs = append(w.procs, p)
	w.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	log := slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: noTime})).With("p", p.name)
	go func() {
		defer close(p.done)
		_, err := runtime.Run(ctx, s.pipeline(p), runtime.Options{
			Log: log, Kafka: kafka.Options{Dial: p.end.dial},
			Watch: func(stats func() []worker.Stats) { p.mu.Lock(); p.stats = stats; p.mu.Unlock() },
		})
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
	}()
	w.note("%s starts", p.name)
	return p
}

func noTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// clientID is what its clients' ids begin with.
func (p *process) clientID() string { return fmt.Sprintf("p%d", p.number) }

// ended reports whether the process has ended.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// failures are the errors of tasks that have failed.
func (p *process) failures() (errs []error) {
	p.mu.Lock()
	stats, err := p.stats, p.err
	p.mu.Unlock()
	if stats != nil {
		for _, s := range stats() {
			if s.Err != nil {
				errs = append(errs, s.Err)
			}
		}
	}
	if len(errs) == 0 && err != nil {
		errs = append(errs, err)
	}
	return errs
}

// kill is kill -9.
func (p *process) kill() {
	p.w.note("%s is killed", p.name)
	p.end.kill()
	p.cancel() // its goroutines have to end in some way
	p.awaitEnd()
}

// terminate is SIGTERM: it is told to stop, and has its time for it.
func (p *process) terminate() {
	p.w.note("%s is told to stop", p.name)
	p.end.thaw() // a frozen process hears of it when it wakes
	p.cancel()
	p.awaitEnd()
	p.end.kill()
}

// awaitEnd holds every process to its time for a stop. One of a group has more:
// when its tasks have ended it still says goodbye to brokers that may be away.
func (p *process) awaitEnd() {
	select {
	case <-p.done:
	case <-time.After(p.mayTake + 100*time.Millisecond):
		p.w.wrong("%s did not end within the time for a stop", p.name)
		select {
		case <-p.done:
		case <-time.After(time.Hour):
			giveUp(p.w.seed, p.name+" does not end")
		}
	}
	p.w.note("%s has ended: %v", p.name, p.err)
}

// planned reports whether an error is one that the harness made.
func planned(err error) bool {
	return strings.Contains(err.Error(), errPlanned.Error()) || strings.Contains(err.Error(), errDead.Error())
}
