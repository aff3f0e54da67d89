package transform

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = TombstoneHandler{}

// Open gives the function that does it.
func (x TombstoneHandler) Open() (connect.Apply, error) {
	level, err := x.level()
	if err != nil {
		return nil, fmt.Errorf("transform: open TombstoneHandler: %w", err)
	}
	dropped := 0
	return func(r *connect.Record) (bool, error) {
		if !r.IsTombstone() {
			return true, nil
		}
		if x.Behavior == "fail" {
			return false, fmt.Errorf("transform: TombstoneHandler: %w", errors.New("the record is a tombstone"))
		}
		if dropped++; dropped&(dropped-1) == 0 {
			slog.Log(context.Background(), level, "dropped a tombstone", "topic", r.Topic, "dropped", dropped)
		}
		return false, nil
	}, nil
}

func (x TombstoneHandler) level() (slog.Level, error) {
	switch x.Behavior {
	case "warn":
		return slog.LevelWarn, nil
	case "ignore", "fail":
		return slog.LevelDebug, nil
	}
	return 0, connect.OptionErrorf("behavior", `%q is none: there are "warn", "ignore" and "fail"`, x.Behavior)
}

// Flow lets no nulls past. To fail on them is what the spec wants, and no error
// here, unless nothing else comes.
func (x TombstoneHandler) Flow(s *connect.Shape) error {
	_, err := x.level()
	always := s.Value.Nulls == connect.NullsAlways
	s.Value.Nulls, s.Value.Typed = connect.NullsNever, false
	switch {
	case err != nil || !always:
		return err
	case x.Behavior == "fail":
		s.Value = connect.Form{Nulls: connect.NullsNever}
		return connect.OptionErrorf("behavior", "the value is always null, so that every record fails here")
	}
	s.None = true
	return nil
}
