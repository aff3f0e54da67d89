package herder

import (
	"time"

	"kcgen.dev/runtime/state"
)

// Event is something that happened. Each is applied to what the core knows;
// what follows from that is worked out afterwards, see [core.reconcile].
type Event interface{ apply(*core) }

type (
	// Tick is that time has passed.
	Tick struct{}
	// Assigned is the end of a round. Lease is until when the group counts on the
	// instance.
	Assigned struct {
		Assignment
		Leads bool
		Lease time.Time
		Life  int
	}
	// Alive is that the coordinator has heard from the instance.
	Alive struct{ Lease time.Time }
	// Rebalancing is that the group wants a round.
	Rebalancing struct{}
	// Lost is that the group has gone on without the instance: what it had may
	// run elsewhere by now.
	Lost struct{ Life int }
	// Fatal is that the instance cannot take part.
	Fatal struct{ Err error }
	// Shutdown is that the instance is to go.
	Shutdown struct{}

	// Known is how it is with a connector.
	Known struct{ Connector }
	// Seen is that a status of an epoch was read.
	Seen struct{ Epoch int }

	// Aim is that a connector is asked to be started, paused or stopped.
	Aim struct {
		Connector string
		Target    state.Target
	}
	// RestartConnector is that a connector is to be started anew, and its tasks
	// where asked; OnlyFailed leaves alone what has not failed.
	RestartConnector struct {
		Connector                string
		IncludeTasks, OnlyFailed bool
	}
	// RestartTask is that a task is to be started anew.
	RestartTask struct{ Task state.TaskID }

	// Moved is that a task began to run, paused or goes on.
	Moved struct {
		Unit
		Run   uint64
		Phase state.Phase // Running or PausedPhase
	}
	// Ended is that a task's run is over.
	Ended struct {
		Unit
		Run    uint64
		Err    error
		Fenced bool // another has its place
	}
)

func (Tick) apply(*core) {}

func (e Assigned) apply(c *core) {
	if e.Life < c.life {
		return // it was lost again before we heard of it
	}
	c.joining, c.life = false, e.Life
	if e.Refused != "" {
		Fatal{refused(e.Refused)}.apply(c)
		return
	}
	c.member, c.epoch, c.leader, c.leads = true, e.Epoch, e.Leader, e.Leads
	c.renew(e.Lease)
	clear(c.given)
	for _, u := range e.Given {
		c.given[u] = true
		r := c.unit(u)
		r.epoch = e.Epoch
		if r.fence && r.phase == failed {
			r.fence, r.phase = false, idle // the group says that it is ours
		}
	}
}

func (e Alive) apply(c *core) { c.renew(e.Lease) }

func (c *core) renew(lease time.Time) {
	if lease.After(c.lease) {
		c.lease = lease
	}
}

func (Rebalancing) apply(c *core) { c.called = true }

func (e Lost) apply(c *core) {
	if e.Life <= c.life {
		return // a round has ended since
	}
	c.life = e.Life
	c.member, c.leads, c.joining = false, false, false
	c.lease = time.Time{}
	clear(c.given)
	for _, u := range c.units {
		u.said = said{} // what was not published yet never will be
	}
	c.do(Forget{})
}

func (e Fatal) apply(c *core) {
	if c.fault == nil {
		c.fault = e.Err
	}
	c.joining, c.called, c.leaving = false, false, true
}

func (Shutdown) apply(c *core) { c.leaving = true }

func (e Known) apply(c *core) {
	old, was := c.catalog[e.Name]
	c.catalog[e.Name] = e.Connector
	if was && old.Version == e.Version && old.Tasks == e.Tasks {
		return
	}
	for _, u := range c.units { // they are tasks of what it was
		if u.Connector == e.Name && u.IsTask() {
			u.anew()
		}
	}
}

func (e Seen) apply(c *core) { c.seen = max(c.seen, bounded(e.Epoch)) }

func (e Aim) apply(c *core) {
	c.targets[e.Connector] = e.Target
	if e.Target != state.Stopped {
		return
	}
	for _, u := range c.units { // a stop takes failures away
		if u.Connector == e.Connector && u.phase == failed {
			u.anew()
		}
	}
}

func (e RestartConnector) apply(c *core) {
	k, known := c.catalog[e.Connector]
	if !known || c.leaving {
		return
	}
	if k.Err != nil {
		c.do(Reload{e.Connector}) // each instance asks for itself: its own tasks come from it
	}
	if u := ConnectorUnit(e.Connector); c.given[u] && (k.Err != nil || !e.OnlyFailed) {
		c.say(c.unit(u), state.Restarting, "")
	}
	for _, u := range c.sorted() {
		if e.IncludeTasks && u.IsTask() && u.Connector == e.Connector && (u.phase == failed || !e.OnlyFailed) {
			c.restart(u)
		}
	}
}

func (e RestartTask) apply(c *core) {
	if u := c.units[TaskUnit(e.Task)]; u != nil {
		c.restart(u)
	}
}

// restart starts a task anew, where it is this instance's.
func (c *core) restart(u *unit) {
	if !c.given[u.Unit] || c.leaving || c.target(u.Connector) == state.Stopped {
		return
	}
	if u.phase != idle {
		c.say(u, state.Restarting, "")
	}
	u.anew()
}

// anew forgets a failure, and has a run end for another to begin.
func (u *unit) anew() {
	u.fails, u.fence, u.err, u.retry = 0, false, nil, time.Time{}
	if u.phase == failed {
		u.phase = idle
	}
	u.again = u.phase == starting || u.phase == running
}

func (e Moved) apply(c *core) {
	u := c.units[e.Unit]
	if u == nil || u.run != e.Run || u.phase != starting && u.phase != running {
		return
	}
	if u.phase == starting {
		u.phase, u.since = running, c.now
	}
	c.say(u, e.Phase, "")
}

func (e Ended) apply(c *core) {
	if c.stuck[e.Unit] == e.Run {
		delete(c.stuck, e.Unit)
	}
	u := c.units[e.Unit]
	if u == nil || u.run != e.Run || !u.phase.live() {
		return
	}
	was := u.phase
	u.phase = idle
	if was == stopping || was == killed || u.again {
		u.again = false
		return
	}
	c.failed(u, e)
}

type refused string

func (r refused) Error() string { return "herder: the group refuses this instance: " + string(r) }
