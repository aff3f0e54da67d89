package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"kcgen.dev/runtime/connector/database"
)

var _ database.Upserts = dialect{}

// Finds has an upsert planned, and runs none: the planner looks for the unique
// index, those below views and of partitions included.
func (d dialect) Finds(ctx context.Context, q database.Querier, t database.Table, keys []string) (bool, error) {
	text := append([]byte("EXPLAIN "), d.AppendUpsert(nil, t, keys, nil, 1)...)
	err := database.Strings(ctx, q, string(text), make([]any, len(keys)), func([]string) error { return nil })
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) && pg.Code == "42P10" {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("postgres: plan an upsert into %s: %w", t, err)
	}
	return true, nil
}

// Doubles is false: ON CONFLICT fails where there is no unique index.
func (dialect) Doubles() bool { return false }
