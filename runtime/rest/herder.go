package rest

import (
	"context"
	"errors"

	"kcgen.dev/runtime/offset"
	"kcgen.dev/runtime/state"
)

// Herder is what knows and runs the connectors. Every instance answers for all:
// what another one has to do is written where all of them read it. The methods
// are called from many goroutines, with names of connectors and tasks that
// there are, and return when ctx ends at the latest. An [*Error] is answered as
// it is; the errors below as Kafka Connect does; any other with 500.
type Herder interface {
	// Health is nil where the instance works: it has started, its control loop
	// answers, and it is in its group. The error says what is the matter; it
	// wraps ErrStarting before the start is done, and ErrApart where the process
	// is well and waits for its group.
	Health(ctx context.Context) error
	// ClusterID is the id of the Kafka cluster.
	ClusterID(ctx context.Context) (string, error)
	// Status is what a connector and its tasks were last said to be at. A
	// connector without a phase has none yet.
	Status(ctx context.Context, connector string) (Status, error)
	// Tasks is the number of tasks that a connector has; 0 where it is stopped.
	Tasks(ctx context.Context, connector string) (int, error)
	// SetTarget asks for a connector to be started, paused or stopped. It
	// returns when the wish is kept, not when it is fulfilled.
	SetTarget(ctx context.Context, connector string, t state.Target) error
	// Restart asks for a restart and returns the status with what will be
	// restarted as RESTARTING.
	Restart(ctx context.Context, connector string, r Restart) (Status, error)
	// RestartTask asks for one task to be restarted.
	RestartTask(ctx context.Context, task state.TaskID) error
	// Topics are those that the connector has used since they were last reset.
	Topics(ctx context.Context, connector string) ([]string, error)
	// ResetTopics forgets them.
	ResetTopics(ctx context.Context, connector string) error
	// Offsets are a connector's positions.
	Offsets(ctx context.Context, connector string) ([]offset.Position, error)
	// AlterOffsets changes positions of a stopped connector, all of them or
	// none. A position without an Offset is removed. What the connector cannot
	// have is an [offset.ErrShape], which is answered with 400 and its words.
	AlterOffsets(ctx context.Context, connector string, offsets []offset.Position) error
	// ResetOffsets removes all of a stopped connector's positions.
	ResetOffsets(ctx context.Context, connector string) error
	// SetLevel sets a logger's level in every instance.
	SetLevel(ctx context.Context, logger, level string) error
}

// Status is what a connector and its tasks are at.
type Status struct {
	Connector state.Status
	Tasks     []TaskStatus // in their order
}

// TaskStatus is what one task is at.
type TaskStatus struct {
	Task int
	state.Status
}

// Restart says what is restarted (KIP-745).
type Restart struct {
	IncludeTasks bool // the tasks too
	OnlyFailed   bool // of these what has failed
}

// Errors of a Herder that Kafka Connect has words for.
var (
	// ErrStarting is that of an instance that has not started yet: 503.
	ErrStarting = errors.New("the worker is still starting")
	// ErrApart is that of an instance that its group does not count on: 500. A
	// new start would not mend it.
	ErrApart = errors.New("the worker is not in its group")
	// ErrRebalancing asks to try again: the group is dividing its tasks. 409.
	ErrRebalancing = errors.New("a rebalance is in process")
	// ErrNotStopped is that of offsets of a connector that is not STOPPED: 400.
	ErrNotStopped = errors.New("the connector is not stopped")
	// ErrResumed is that somebody resumed a connector while its offsets were
	// changed: a task of it may have begun at the old ones. 409.
	ErrResumed = errors.New("the connector was resumed meanwhile")
)
