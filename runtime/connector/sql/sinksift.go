package sql

import (
	"context"
	"slices"

	"kcgen.dev/runtime/connector/database"
)

// defers reports whether the database may refuse a commit for one of the rows.
func (t *sinkTask) defers() bool {
	_, ok := t.dialect.(database.Defers)
	return ok
}

// sift refuses the rows for which the database refuses to commit, of constraints
// that it checks no sooner. They are found by halves, in a transaction that is
// taken back: rows that failed may refer to rows behind them, and are tried again
// as long as fewer of them fail.
func (t *sinkTask) sift(ctx context.Context) error {
	if len(t.ops) == 0 {
		return nil
	}
	if err := t.start(ctx); err != nil {
		return err
	}
	defer t.rollback()
	hold, check := t.dialect.(database.Defers).Deferred()
	if err := t.say(ctx, hold); err != nil {
		return err
	}
	checked := func(ctx context.Context, ops []op) error {
		if err := t.write(ctx, ops, false); err != nil {
			return err
		}
		return t.say(ctx, check, hold)
	}
	causes := map[int]error{}
	for left := t.ops; ; {
		var failed []op
		err := t.split(ctx, left, checked, func(o op, cause error) {
			failed = append(failed, o)
			causes[o.record] = cause
		})
		if err != nil {
			return err
		}
		if len(failed) > 0 && len(failed) < len(left) {
			left = failed
			continue
		}
		for _, o := range failed {
			t.blame(o, causes[o.record])
		}
		t.ops = t.accepted()
		return nil
	}
}

// accepted are the rows that were not refused.
func (t *sinkTask) accepted() []op {
	return slices.DeleteFunc(t.ops, func(o op) bool { _, bad := t.refused[o.record]; return bad })
}
