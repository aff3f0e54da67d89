package sqlite

import (
	"context"
	"fmt"
	"strings"

	"kcgen.dev/runtime/connector/database"
)

var _ database.Upserts = dialect{}

// Finds has an upsert planned, and runs none.
func (d dialect) Finds(ctx context.Context, q database.Querier, t database.Table, keys []string) (bool, error) {
	text := append([]byte("EXPLAIN "), d.AppendUpsert(nil, t, keys, nil, 1)...)
	err := database.Strings(ctx, q, string(text), make([]any, len(keys)), func([]string) error { return nil })
	switch {
	case err == nil:
		return true, nil
	case strings.Contains(err.Error(), "ON CONFLICT clause does not match"):
		return false, nil
	}
	return false, fmt.Errorf("sqlite: plan an upsert into %s: %w", t, err)
}

// Doubles is false: ON CONFLICT fails where there is no unique index.
func (dialect) Doubles() bool { return false }
