package herder

import (
	"slices"
	"time"

	"kcgen.dev/runtime/state"
)

// Rules are a core's settings.
type Rules struct {
	Worker string // what the instance calls itself, as HOST:PORT
	Shared string // the topics that the group shares
	Alone  bool   // there is no group: no lease ends

	StopTimeout time.Duration // for a task to stop in
	KillTimeout time.Duration // for one that was killed to end in
	Margin      time.Duration // how long before the lease ends tasks are asked to stop
	Restart     *Restart      // nil: failed tasks stay as they are
}

// Restart is when failed tasks are started again: after Delay, which doubles
// with each failure up to DelayMax, Limit times in a row. A task that ran for
// DelayMax begins anew.
type Restart struct {
	Delay, DelayMax time.Duration
	Limit           int
}

// core is the control plane of one instance: what it knows, and what it wants.
// It is pure: step takes one event and gives the effects, in order; time comes
// with the events, and nothing happens on its own.
//
// After each event it compares what there is with what there should be, and
// brings the one nearer to the other. What there should be follows from the
// last assignment, the lease, the targets and the failures; no event is needed
// for it to be seen, so none can be missed.
type core struct {
	rules Rules
	now   time.Time

	catalog map[string]Connector
	targets map[string]state.Target
	seen    int // the highest epoch known from statuses

	epoch  int    // of the last assignment; it stays when that is lost
	leader string // the leading instance, as HOST:PORT
	leads  bool   // this instance is it
	member bool   // an assignment holds
	life   int    // how often all was lost
	lease  time.Time
	given  map[Unit]bool

	joining bool          // a round is on its way
	called  bool          // the group wants a round
	probe   bool          // a fenced task wants to know whether it is still ours
	claimed map[Unit]bool // in the last join
	told    map[string]string

	units map[Unit]*unit
	stuck map[Unit]uint64 // runs that did not even end when killed
	runs  uint64

	leaving bool
	left    bool
	fault   error // why it leaves

	effects []Effect
}

// unit is what the core has of a connector or a task.
type unit struct {
	Unit
	epoch int // of the assignment that last gave it
	phase phase
	run   uint64
	asked bool      // the task was asked to pause
	again bool      // start it anew when it has ended
	since time.Time // when it began to run
	until time.Time // when patience with a stop ends
	retry time.Time // when a failed task is tried again; zero: it is not
	fails int       // in a row
	fence bool      // it failed because another has its place
	err   error
	said  said
	swept int // the epoch in which a connector's tasks that are no more were
}

// phase is what a task's run is at.
type phase uint8

const (
	idle     phase = iota
	starting       // asked to start
	running        // or paused
	stopping       // asked to stop
	killed         // told to end at once
	failed
)

// live reports whether there is a run that has not ended.
func (p phase) live() bool { return p == starting || p == running || p == stopping || p == killed }

// said is a status as it was last published.
type said struct {
	phase state.Phase
	trace string
}

func newCore(rules Rules, connectors []Connector, seen int) *core {
	c := &core{
		rules: rules, seen: seen,
		catalog: map[string]Connector{}, targets: map[string]state.Target{},
		given: map[Unit]bool{}, claimed: map[Unit]bool{}, told: map[string]string{},
		units: map[Unit]*unit{}, stuck: map[Unit]uint64{},
	}
	for _, k := range connectors {
		c.catalog[k.Name] = k
	}
	return c
}

// step takes an event. The effects are good until the next step.
func (c *core) step(now time.Time, e Event) []Effect {
	c.now = now
	c.effects = c.effects[:0]
	e.apply(c)
	c.reconcile()
	c.rejoin()
	c.leave()
	c.schedule()
	return c.effects
}

func (c *core) do(e Effect) { c.effects = append(c.effects, e) }

// unit is the record of u, made where there is none.
func (c *core) unit(u Unit) *unit {
	if c.units[u] == nil {
		c.units[u] = &unit{Unit: u}
	}
	return c.units[u]
}

// held reports whether the instance has not let go of u: it was given, or has
// a run that has not ended.
func (c *core) held(u Unit) bool {
	return c.given[u] && c.member || c.units[u] != nil && c.units[u].phase.live()
}

// sorted are the units in order, so that effects are the same for the same
// events.
func (c *core) sorted() []*unit {
	us := make([]*unit, 0, len(c.units))
	for _, u := range c.units {
		us = append(us, u)
	}
	slices.SortFunc(us, func(a, b *unit) int { return a.compare(b.Unit) })
	return us
}

// leased reports how the lease stands: whether tasks may run, and whether they
// may at least end as they should.
func (c *core) leased() (mayRun, mayEnd bool) {
	if c.rules.Alone {
		return true, true
	}
	return c.now.Before(c.lease.Add(-c.rules.Margin)), c.now.Before(c.lease)
}

// rejoin asks for a round where one is needed.
func (c *core) rejoin() {
	if c.joining || c.left || !c.mustJoin() {
		return
	}
	c.joining, c.called, c.probe = true, false, false
	claim := Claim{Shared: c.rules.Shared, Worker: c.rules.Worker, Seen: max(c.seen, c.epoch), Leaving: c.leaving}
	if c.member {
		claim.Epoch = c.epoch // else what it holds is what has not ended yet: anybody's claim is better
	}
	clear(c.told)
	for _, k := range c.catalog {
		claim.Connectors = append(claim.Connectors, k.known())
		c.told[k.Name] = k.version()
	}
	slices.SortFunc(claim.Connectors, func(a, b known) int { return ConnectorUnit(a.Name).compare(ConnectorUnit(b.Name)) })
	clear(c.claimed)
	for u := range c.given {
		if c.member {
			c.claimed[u] = true
		}
	}
	for u, r := range c.units {
		if r.phase.live() {
			c.claimed[u] = true
		}
	}
	for u := range c.claimed {
		claim.Held = append(claim.Held, u)
	}
	slices.SortFunc(claim.Held, Unit.compare)
	c.do(Join{claim, c.life})
}

// mustJoin reports whether the group has to hear something, or wants to.
func (c *core) mustJoin() bool {
	if c.called {
		return true
	}
	if c.leaving {
		return false
	}
	return !c.member || c.probe || c.news() || c.released()
}

// news reports whether the connectors are not as the group was told.
func (c *core) news() bool {
	for name := range c.catalog {
		if c.changed(name) {
			return true
		}
	}
	return false
}

// released reports whether all that the last assignment took away is let go of:
// the group does not give it to another before it hears so.
func (c *core) released() bool {
	some := false
	for u := range c.claimed {
		if c.given[u] {
			continue
		}
		if c.held(u) {
			return false
		}
		some = true
	}
	return some
}

// leave goes when nothing is left.
func (c *core) leave() {
	if !c.leaving || c.left {
		return
	}
	for _, u := range c.units {
		if u.phase.live() {
			return
		}
	}
	c.left = true
	c.do(Leave{c.fault})
}

// schedule asks to be woken when time alone changes something.
func (c *core) schedule() {
	var at time.Time
	soonest := func(t time.Time) {
		if t.After(c.now) && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	live := false
	for _, u := range c.units {
		live = live || u.phase.live()
		switch u.phase {
		case stopping, killed:
			soonest(u.until)
		case failed:
			soonest(u.retry)
		}
	}
	if live && !c.rules.Alone {
		soonest(c.lease.Add(-c.rules.Margin))
		soonest(c.lease)
	}
	if !at.IsZero() {
		c.do(Wake{at})
	}
}
