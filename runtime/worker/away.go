package worker

import (
	"context"
	"time"

	"kcgen.dev/runtime/kafka"
)

const (
	awayMost  = 10 * time.Second // the longest pause between two tries
	awaySoon  = 10 * time.Second // from the first word about an outage to the second
	awaySpell = 5 * time.Minute  // the longest time without a word
)

// outage is the time in which a system is away that records cannot do without
// (connect.ErrUnavailable). It has no end but the system's return and a stop.
type outage struct {
	begun time.Time
	fails int
	told  bool          // that it began
	next  time.Time     // when there is something to say again
	gap   time.Duration // from then on
}

// await says what is away, at once and then ever more rarely, and waits before
// the next try.
func (t *task) await(stop context.Context, err error) error {
	o, now := &t.outage, time.Now()
	if o.fails == 0 {
		o.begun, o.told = now, false
		if now.Sub(o.next) > awaySpell { // not one that comes and goes
			o.gap = awaySoon
		}
		t.away.Store(true)
	}
	o.fails++
	if !now.Before(o.next) {
		t.log.Warn("a system that records need is away; waiting for it", "waited", now.Sub(o.begun).Round(time.Second).String(), "error", err.Error())
		o.told = true
		o.next, o.gap = now.Add(o.gap), min(2*o.gap, awaySpell)
	}
	return pause(stop, kafka.Backoff(o.fails, awayMost))
}

// back ends an outage.
func (t *task) back() {
	o := &t.outage
	if o.fails == 0 {
		return
	}
	if o.told {
		t.log.Info("the system is back; going on", "waited", time.Since(o.begun).Round(time.Millisecond).String())
	}
	o.fails = 0
	t.away.Store(false)
	t.touch()
}
