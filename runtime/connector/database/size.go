package database

import (
	"context"
	"time"
)

// Sizes is a Dialect whose server refuses statements that are too long (MySQL's
// max_allowed_packet). A sink then sends fewer rows at a time.
type Sizes interface {
	// MaxStatement is how many bytes a statement may have, its parameters
	// included (see Size).
	MaxStatement(ctx context.Context, q Querier) (int, error)
}

// Size is how many bytes a parameter takes in a statement, at most: text and
// bytes may all be escaped.
func Size(arg any) int {
	switch a := arg.(type) {
	case string:
		return 2*len(a) + 10
	case []byte:
		return 2*len(a) + 20
	case time.Time:
		return 40
	}
	return 30
}
