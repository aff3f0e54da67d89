// Package state is what the instances of a pipeline share: what connectors are
// asked to be, and what connectors and tasks are at, in Kafka Connect's words
// and its topics.
//
//	state.go   the words
//	config.go  Config: targets, requests to start again, levels of loggers
//	status.go  Statuses: of connectors and tasks, and their topics
//	record.go  what both do with records
package state

import "strconv"

// TaskID names a task.
type TaskID struct {
	Connector string
	Task      int
}

// String is Kafka Connect's form, name-0.
func (t TaskID) String() string { return t.Connector + "-" + strconv.Itoa(t.Task) }

// Target is what a connector is asked to be.
type Target string

// The targets, by Kafka Connect's names (TargetState).
const (
	Started Target = "STARTED"
	Paused  Target = "PAUSED"  // its tasks are there, and do nothing
	Stopped Target = "STOPPED" // it has no tasks: its offsets may be altered
)

// Phase is what a connector or a task is at.
type Phase string

// The phases, by Kafka Connect's names (AbstractStatus.State).
const (
	Unassigned    Phase = "UNASSIGNED"
	Running       Phase = "RUNNING"
	PausedPhase   Phase = "PAUSED"
	StoppedPhase  Phase = "STOPPED"
	Failed        Phase = "FAILED"
	Restarting    Phase = "RESTARTING"
	DestroyedTask Phase = "DESTROYED" // a tombstone in the topic
)

// Status is what a connector or a task was last said to be at.
type Status struct {
	Phase      Phase
	Trace      string // of a failure
	Worker     string // the instance that said so, as HOST:PORT
	Generation int    // of the group when it said so
}
