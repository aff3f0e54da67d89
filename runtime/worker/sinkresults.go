package worker

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// What records with tickets may take in sum before the next flush is made.
const (
	mostTickets     = 100_000
	mostTicketBytes = 64 << 20
)

// results is a task's connect.Results: which records have tickets out, and
// which were refused. Only a flush confirms the others.
type results struct {
	t *sinkTask

	mu        sync.Mutex
	last      connect.Ticket // given out
	confirmed connect.Ticket // up to here a flush has confirmed them
	putting   bool
	begun     connect.Ticket // the last one before this put
	held      map[connect.Ticket]original
	bytes     int // of what is held
	refused   []refusal
	bad       error // the connector does not keep the contract
}

type refusal struct {
	original
	ticket connect.Ticket
	cause  error
}

// Ticket is called by the connector while t.batch is its own.
func (r *results) Ticket(i int) connect.Ticket {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.putting || i < 0 || i >= len(r.t.batch) {
		return 0
	}
	if r.held == nil {
		r.held = map[connect.Ticket]original{}
	}
	from := r.t.origin[i]
	o := r.t.original(&r.t.runs[from.run], int(from.at))
	r.last++
	r.held[r.last] = o
	r.bytes += o.size()
	return r.last
}

// Refuse is called by the connector at any time.
func (r *results) Refuse(k connect.Ticket, cause error) {
	if cause == nil {
		cause = errors.New("the connector gave no cause")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	o, ok := r.held[k]
	switch {
	case ok:
		r.let(k, o)
		r.refused = append(r.refused, refusal{o, k, cause})
	case k == 0 || k > r.last:
		r.distrust("a record that it has no ticket for", cause)
	case k <= r.confirmed:
		r.distrust("a record that a flush had called durable, so that its offset may be committed", cause)
	}
}

// distrust fails the task: a record is lost, and nobody knows which.
func (r *results) distrust(what string, cause error) {
	if r.bad == nil {
		r.bad = fmt.Errorf("connector %s, task %d: the connector refused %s; nothing more is committed: %w", r.t.connector, r.t.id, what, cause)
		r.t.fail(r.bad)
	}
}

// let lets go of what is held for a ticket.
func (r *results) let(k connect.Ticket, o original) {
	delete(r.held, k)
	r.bytes -= o.size()
}

// begin is told before a put.
func (r *results) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.putting, r.begun = true, r.last
}

// end is told after a put. The tickets of one that failed are void: its records
// are put again, or are nobody's.
func (r *results) end(failed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.putting = false
	if failed && r.last > r.begun {
		r.drop(func(k connect.Ticket, _ original) bool { return k > r.begun })
	}
}

// forget drops what came from partitions that are another's now.
func (r *results) forget(ps []kafka.Partition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(func(_ connect.Ticket, o original) bool { return slices.Contains(ps, o.from) })
}

func (r *results) drop(void func(connect.Ticket, original) bool) {
	for k, o := range r.held {
		if void(k, o) {
			r.let(k, o)
		}
	}
	r.refused = slices.DeleteFunc(r.refused, func(f refusal) bool { return void(f.ticket, f.original) })
}

// full reports whether so much is held that a flush is due.
func (r *results) full() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.held) >= mostTickets || r.bytes >= mostTicketBytes
}

// take gives the records that were refused since the last call, in the order in
// which they were put. After a flush the others are confirmed. An error says
// that the connector's word is worth nothing.
func (r *results) take(flushed bool) ([]refusal, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.refused
	r.refused = nil
	if flushed {
		r.confirmed = r.last
		clear(r.held)
		r.bytes = 0
	}
	slices.SortFunc(out, func(a, b refusal) int { return cmp.Compare(a.ticket, b.ticket) })
	return out, r.bad
}
