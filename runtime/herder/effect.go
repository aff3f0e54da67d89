package herder

import (
	"time"

	"kcgen.dev/runtime/state"
)

// Effect is something to be done. The core does not wait for it.
type Effect interface{ effect() }

type (
	// Join asks for a round, with what the instance claims. It counts in its
	// life alone: what it claims may be lost already, and the core not know yet.
	Join struct {
		Claim Claim
		Life  int
	}
	// Leave goes out of the group: all has been let go of. Err is why, or nil.
	Leave struct{ Err error }
	// Wake asks for a Tick at a time; the last one counts.
	Wake struct{ At time.Time }
	// Reload asks a connector for its tasks again; the answer is a Known.
	Reload struct{ Connector string }

	// Start begins a run of a task.
	Start struct {
		Task state.TaskID
		Run  uint64
	}
	// Pause makes a task do nothing, in this run and later ones.
	Pause struct{ Task state.TaskID }
	// Resume ends a pause.
	Resume struct{ Task state.TaskID }
	// Stop asks a run to end, with what is on its way drained and committed.
	Stop struct {
		Task state.TaskID
		Run  uint64
		By   time.Time // then it will be killed
	}
	// Kill ends a run at once: it may be running elsewhere, so nothing of it is
	// committed any more.
	Kill struct {
		Task state.TaskID
		Run  uint64
	}

	// Publish says what a connector or a task is at.
	Publish struct {
		Unit
		Status state.Status
	}
	// Sweep takes away the statuses of a connector's tasks from a number on: it
	// has no such tasks.
	Sweep struct {
		Connector        string
		From, Generation int
	}
	// Forget is that what was not published yet is not true any more.
	Forget struct{}
)

func (Join) effect()    {}
func (Leave) effect()   {}
func (Wake) effect()    {}
func (Reload) effect()  {}
func (Start) effect()   {}
func (Pause) effect()   {}
func (Resume) effect()  {}
func (Stop) effect()    {}
func (Kill) effect()    {}
func (Publish) effect() {}
func (Sweep) effect()   {}
func (Forget) effect()  {}
