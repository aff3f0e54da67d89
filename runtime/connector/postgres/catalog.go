package postgres

import (
	"context"
	"fmt"

	"kcgen.dev/runtime/connector/database"
)

var _ database.Catalogs = dialect{}

// Catalog is the database: pgjdbc has it as the catalog of tables since 42.7.5.
func (dialect) Catalog(ctx context.Context, q database.Querier) (string, error) {
	name, err := one[string](ctx, q, "SELECT current_database()")
	if err != nil {
		return "", fmt.Errorf("postgres: ask for the database's name: %w", err)
	}
	return name, nil
}
