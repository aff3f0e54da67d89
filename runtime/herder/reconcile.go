package herder

import (
	"errors"
	"fmt"
	"time"

	"kcgen.dev/runtime/state"
)

// want is what a unit should be at.
type want uint8

const (
	gone    want = iota // not here
	stopped             // here, without a run
	paused
	started
)

func (c *core) want(u Unit) want {
	if mayRun, _ := c.leased(); !mayRun || !c.ours(u) || u.IsTask() && c.changed(u.Connector) {
		return gone
	}
	switch c.target(u.Connector) {
	case state.Stopped:
		return stopped
	case state.Paused:
		return paused
	}
	return started
}

// ours reports whether the group has given us u, and there is one.
func (c *core) ours(u Unit) bool {
	k, known := c.catalog[u.Connector]
	return c.given[u] && !c.leaving && known && u.Task < k.Tasks
}

// changed reports whether the group does not know a connector as it is. Its
// tasks wait for the group: they may overlap with those that others run.
func (c *core) changed(connector string) bool {
	return c.told[connector] != c.catalog[connector].version()
}

func (c *core) target(connector string) state.Target {
	if t := c.targets[connector]; t != "" {
		return t
	}
	return state.Started
}

// reconcile brings what there is nearer to what there should be. It is done
// after every event, for every unit.
func (c *core) reconcile() {
	for _, u := range c.sorted() {
		switch want := c.want(u.Unit); {
		case !u.IsTask():
			c.connector(u, want)
		case u.phase.live():
			c.live(u, want)
		default:
			c.still(u, want)
		}
	}
}

// connector says what a connector is at: it has no run of its own.
func (c *core) connector(u *unit, want want) {
	err := c.catalog[u.Connector].Err
	if want == gone {
		c.release(u)
		return
	}
	c.sweep(u)
	switch {
	case err != nil:
		c.say(u, state.Failed, err.Error())
	case want == stopped:
		c.say(u, state.StoppedPhase, "")
	case want == paused:
		c.say(u, state.PausedPhase, "")
	default:
		c.say(u, state.Running, "")
	}
}

// sweep takes away what is said of tasks that a connector has no longer: of a
// spec with more of them, by instances that were killed. None of them runs any
// more: the group gives a connector to whom has the version that runs.
func (c *core) sweep(u *unit) {
	k := c.catalog[u.Connector]
	if u.swept == u.epoch || k.Err != nil || c.joining || c.changed(u.Connector) {
		return
	}
	u.swept = u.epoch
	c.do(Sweep{u.Connector, k.Tasks, u.epoch})
}

// live is about a task with a run.
func (c *core) live(u *unit, want want) {
	_, mayEnd := c.leased()
	if !mayEnd {
		c.kill(u)
	}
	switch u.phase {
	case stopping:
		if !c.now.Before(u.until) {
			c.kill(u)
		}
	case killed:
		if !c.now.Before(u.until) {
			c.abandon(u, want)
		}
	default:
		switch {
		case want == gone || want == stopped || u.again:
			c.stop(u)
		case (want == paused) != u.asked:
			c.pause(u, want == paused)
		}
	}
}

func (c *core) stop(u *unit) {
	u.phase, u.until = stopping, c.now.Add(c.rules.StopTimeout)
	c.do(Stop{u.ID(), u.run, u.until})
}

func (c *core) kill(u *unit) {
	if u.phase == killed {
		return
	}
	u.phase, u.until = killed, c.now.Add(c.rules.KillTimeout)
	c.do(Kill{u.ID(), u.run})
}

// abandon gives up a run that hangs although it was killed: it writes nothing
// any more, so the task may go to another instance. It cannot run in this one.
func (c *core) abandon(u *unit, want want) {
	c.stuck[u.Unit] = u.run
	u.phase, u.again = idle, false
	c.still(u, want)
}

func (c *core) pause(u *unit, pause bool) {
	u.asked = pause
	if pause {
		c.do(Pause{u.ID()})
	} else {
		c.do(Resume{u.ID()})
	}
}

// still is about a task without a run.
func (c *core) still(u *unit, want want) {
	switch {
	case want == gone:
		c.release(u)
	case want == stopped:
		c.say(u, state.DestroyedTask, "")
	case u.phase == failed:
		if u.retry.IsZero() || c.now.Before(u.retry) {
			c.say(u, state.Failed, u.err.Error())
			return
		}
		c.retry(u, want)
	case want == paused:
		c.say(u, state.PausedPhase, "") // it is opened when it is resumed
	case c.stuck[u.Unit] != 0:
		c.say(u, state.Failed, fmt.Sprintf("task %s hangs since it was to be stopped; it starts again when the call returns, or in another process", u.Unit))
	default:
		c.start(u)
	}
}

func (c *core) start(u *unit) {
	if u.asked {
		c.pause(u, false)
	}
	c.runs++
	u.run, u.phase, u.since, u.again = c.runs, starting, time.Time{}, false
	if u.said.phase == state.Failed {
		c.say(u, state.Restarting, "")
	}
	c.do(Start{u.ID(), u.run})
}

// release forgets a unit that is not ours. Who has it next says what it is at.
// One that waits for the lease to come back stays.
func (c *core) release(u *unit) {
	if c.ours(u.Unit) {
		return
	}
	if _, mayEnd := c.leased(); mayEnd && u.said.phase != "" && u.said.phase != state.DestroyedTask {
		c.say(u, state.Unassigned, "")
	}
	if u.asked {
		c.pause(u, false)
	}
	delete(c.units, u.Unit)
}

// failed takes note of a failure, and of when to try again.
func (c *core) failed(u *unit, e Ended) {
	u.phase, u.err, u.fence, u.retry = failed, e.Err, e.Fenced, time.Time{}
	if u.err == nil {
		u.err = errors.New("the task ended by itself")
	}
	rule := Restart{}
	switch {
	case u.fence && !c.rules.Alone: // ask the group whose it is
		rule = Restart{time.Second, time.Minute, 1 << 30}
	case !u.fence && c.rules.Restart != nil:
		rule = *c.rules.Restart
	}
	if !u.since.IsZero() && c.now.Sub(u.since) >= rule.DelayMax {
		u.fails = 0
	}
	if u.fails++; u.fails <= rule.Limit {
		u.retry = c.now.Add(min(rule.Delay<<min(u.fails-1, 30), rule.DelayMax))
	}
}

// retry starts a failed task again. One that was fenced is tried when the group
// has said once more that it is ours.
func (c *core) retry(u *unit, want want) {
	u.retry = time.Time{}
	if u.fence {
		c.probe = true
		return
	}
	u.phase = idle
	c.still(u, want)
}

// say publishes a status that was not the last one.
func (c *core) say(u *unit, phase state.Phase, trace string) {
	if now := (said{phase, trace}); u.said != now {
		u.said = now
		c.do(Publish{u.Unit, state.Status{Phase: phase, Trace: trace, Worker: c.rules.Worker, Generation: u.epoch}})
	}
}
