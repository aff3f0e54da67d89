package herder

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"kcgen.dev/runtime/kafka"
)

// publisher puts statuses one after the other, again and again until they are
// put. Of each unit it has the newest alone, which bounds it. It waits while the
// lease is over: what it has to say may not be true any more.
type publisher struct {
	to     Statuses
	leased func() bool
	log    *slog.Logger

	more chan struct{}

	mu    sync.Mutex
	queue []Publish
	busy  bool
	era   int           // counts forget
	empty chan struct{} // closed when there is nothing left to put; nil: nobody waits
}

func newPublisher(to Statuses, leased func() bool, log *slog.Logger) *publisher {
	return &publisher{to: to, leased: leased, log: log, more: make(chan struct{}, 1)}
}

func (p *publisher) put(e Publish) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(e.Unit)
	p.queue = append(p.queue, e)
	p.nudge()
}

// drop takes out what was to be said of a unit; p.mu is held.
func (p *publisher) drop(u Unit) {
	for i, old := range p.queue {
		if old.Unit == u {
			p.queue = append(p.queue[:i], p.queue[i+1:]...)
			return
		}
	}
}

// forget drops what was not put yet.
func (p *publisher) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = p.queue[:0]
	p.era++
}

// nudge has the publisher look again.
func (p *publisher) nudge() {
	select {
	case p.more <- struct{}{}:
	default:
	}
}

func (p *publisher) run(ctx context.Context) {
	for {
		for p.leased() && p.one(ctx) {
		}
		select {
		case <-p.more:
		case <-ctx.Done():
			return
		}
	}
}

// one puts one status, and reports whether there was one.
func (p *publisher) one(ctx context.Context) bool {
	p.mu.Lock()
	if len(p.queue) == 0 || ctx.Err() != nil {
		p.rest()
		p.mu.Unlock()
		return false
	}
	e := p.queue[0]
	p.queue = p.queue[1:]
	p.busy = true
	era := p.era
	p.mu.Unlock()

	said := time.Time{}
	for fails := 1; ; fails++ {
		err := p.send(ctx, e)
		if err == nil || ctx.Err() != nil || p.yield(e, era) {
			break
		}
		if time.Since(said) > 10*time.Second {
			said = time.Now()
			p.log.Warn("a status cannot be published; trying again", "of", e.Unit.String(), "status", string(e.Status.Phase), "error", err.Error())
		}
		select {
		case <-time.After(kafka.Backoff(fails, 5*time.Second)):
		case <-ctx.Done():
		}
	}
	p.mu.Lock()
	p.busy = false
	p.mu.Unlock()
	return true
}

func (p *publisher) send(ctx context.Context, e Publish) error {
	if e.IsTask() {
		return p.to.PutTask(ctx, e.ID(), e.Status)
	}
	return p.to.PutConnector(ctx, e.Connector, e.Status)
}

// yield reports whether e is not to be tried again now: there is something
// newer, or it is not true any more, or the lease is over; then it waits in the
// queue.
func (p *publisher) yield(e Publish, era int) bool {
	leased := p.leased()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.era != era || slices.ContainsFunc(p.queue, func(n Publish) bool { return n.Unit == e.Unit }) {
		return true
	}
	if !leased {
		p.queue = append([]Publish{e}, p.queue...)
	}
	return !leased
}

// rest tells who waits that all is put; p.mu is held.
func (p *publisher) rest() {
	if p.empty != nil && !p.busy {
		close(p.empty)
		p.empty = nil
	}
}

// flush waits until all is put, or ctx ends.
func (p *publisher) flush(ctx context.Context) {
	p.mu.Lock()
	if len(p.queue) == 0 && !p.busy {
		p.mu.Unlock()
		return
	}
	if p.empty == nil {
		p.empty = make(chan struct{})
	}
	empty := p.empty
	p.mu.Unlock()
	p.nudge()
	select {
	case <-empty:
	case <-ctx.Done():
	}
}
