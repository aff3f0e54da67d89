package postgres

import (
	"context"
	"errors"
	"fmt"

	"kcgen.dev/runtime/connector/cdc"
)

// blocked reads the snapshots for which the stream waits, where no transaction is
// open. The stream goes on where it was: what was changed since then comes behind
// rows that have it already, and in the end all is as it should be.
func (s *stream) blocked(ctx context.Context) error {
	for len(s.blocking.Signals) > 0 && !s.open && !s.replay.active {
		g := s.blocking.Signals[0]
		err := s.blockingSnapshot(ctx, g)
		if err = skippable(err); err != nil && !errors.Is(err, cdc.ErrSkipTable) {
			return fmt.Errorf("blocking snapshot of signal %q: %w", g.ID, err)
		} else if err != nil {
			s.log.Warn("a blocking snapshot is given up", "signal", g.ID, "cause", err)
		}
		s.blocking.Done()
		s.keepState()
	}
	return nil
}

// blockingSnapshot reads the tables of a signal.
func (s *stream) blockingSnapshot(ctx context.Context, g cdc.Signal) error {
	if err := s.chunks.refresh(ctx); err != nil {
		return err
	}
	all := &scanning{aside: true, queries: map[string]string{}}
	for _, c := range g.Of(s.chunks.Tables()) {
		id, ok := s.chunks.ids[c.Table]
		if !ok {
			s.log.Warn("blocking snapshot: table left out", "signal", g.ID, "table", c.Table, "cause", "it is not captured")
			continue
		}
		all.todo = append(all.todo, id)
		if c.Filter != "" {
			all.queries[c.Table] = c.Filter
		}
	}
	s.log.Info("a blocking snapshot begins", "signal", g.ID, "tables", len(all.todo))
	if err := s.seen(ctx); err != nil {
		return err
	}
	if err := s.see(ctx, ""); err != nil {
		return err
	}
	defer s.unsee()
	return s.scan(ctx, all)
}
