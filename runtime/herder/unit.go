package herder

import (
	"cmp"

	"kcgen.dev/runtime/state"
)

// Unit is what one instance has and no other: a task, or the connector itself.
// Who has the connector says what it is at.
type Unit struct {
	Connector string
	Task      int // itself for the connector
}

// itself is the Task of a connector's own unit.
const itself = -1

// ConnectorUnit is a connector's own unit.
func ConnectorUnit(name string) Unit { return Unit{name, itself} }

// TaskUnit is a task's unit.
func TaskUnit(id state.TaskID) Unit { return Unit(id) }

// IsTask reports whether it is a task.
func (u Unit) IsTask() bool { return u.Task != itself }

// ID is the task's. Only of a task.
func (u Unit) ID() state.TaskID { return state.TaskID(u) }

// String is the connector's name or the task's.
func (u Unit) String() string {
	if u.IsTask() {
		return u.ID().String()
	}
	return u.Connector
}

// compare orders by name, the connector before its tasks.
func (u Unit) compare(v Unit) int {
	return cmp.Or(cmp.Compare(u.Connector, v.Connector), cmp.Compare(u.Task, v.Task))
}

// Connector is what an instance knows of one of its connectors.
type Connector struct {
	Name string
	// Version tells specs of the connector apart: instances run its tasks
	// together only where they have the same. The number of tasks is part of it
	// without being named here.
	Version string
	// Tasks is how many tasks it has; 0 where Err says why that is not known.
	Tasks int
	Err   error
	// Asked is tasksMax, and Usable how many tasks can have something to do; 0
	// where that is not known. More asked than usable is warned about.
	Asked, Usable int
}
