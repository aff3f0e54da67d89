package runtime

import (
	"context"
	"errors"
	"fmt"

	"kcgen.dev/runtime/offset"
	"kcgen.dev/runtime/rest"
	"kcgen.dev/runtime/state"
)

// positions are where the instance's connectors stand.
func (i *instance) positions() *positions {
	store, log := i.worker.Offsets()
	return newPositions(i.p, i.cfg, i.worker.Conn(), store, log)
}

func (c control) Offsets(ctx context.Context, connector string) ([]offset.Position, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	return c.i.positions().list(ctx, connector)
}

func (c control) AlterOffsets(ctx context.Context, connector string, list []offset.Position) error {
	return c.change(ctx, connector, func() error { return c.i.positions().alter(ctx, connector, list) })
}

func (c control) ResetOffsets(ctx context.Context, connector string) error {
	return c.change(ctx, connector, func() error { return c.i.positions().reset(ctx, connector) })
}

// change alters positions of a connector that is stopped everywhere: what it is
// asked to be and what its tasks are at is read to this moment first, and a
// zombie of an exactly-once task is shut out. No lock keeps others from resuming
// it meanwhile, so that is looked for behind the change: a task that starts
// later reads what was written.
func (c control) change(ctx context.Context, connector string, do func() error) error {
	if err := c.ready(); err != nil {
		return err
	}
	if err := errors.Join(c.i.config.CatchUp(ctx), c.i.statuses.CatchUp(ctx)); err != nil {
		return err
	}
	turn, stopped := c.i.config.Stopped(connector)
	if !stopped || !ended(c.i.statuses, connector) {
		return rest.ErrNotStopped
	}
	if err := c.i.worker.Fence(ctx, connector); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	if err := c.i.config.CatchUp(ctx); err != nil {
		return fmt.Errorf("the offsets of connector %s were changed, and whether it was resumed meanwhile is not known: %w", connector, err)
	}
	if now, stopped := c.i.config.Stopped(connector); !stopped || now != turn {
		return rest.ErrResumed
	}
	return nil
}

// ended reports whether no task of a connector is running, as far as was said.
func ended(s *state.Statuses, connector string) bool {
	for _, st := range s.Tasks(connector) {
		switch st.Phase {
		case state.Running, state.PausedPhase, state.Restarting:
			return false
		}
	}
	return true
}
