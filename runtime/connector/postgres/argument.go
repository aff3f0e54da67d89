package postgres

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"kcgen.dev/runtime/connector/database"
)

// Now is the database's clock.
func (dialect) Now(ctx context.Context, q database.Querier) (time.Time, error) {
	now, err := one[time.Time](ctx, q, "SELECT clock_timestamp()")
	if err != nil {
		return time.Time{}, fmt.Errorf("postgres: ask for the time: %w", err)
	}
	return now.UTC(), nil
}

// Limit is LIMIT n.
func (dialect) Limit(n int) (first, last string) { return "", "LIMIT " + strconv.Itoa(n) }

// BindOffset gives a text, which the server reads as the column's type: a
// moment is the clock of the mapping's zone where the column has none.
func (dialect) BindOffset(c database.Column, v any, m database.Mapping) (any, error) {
	switch v := v.(type) {
	case nil, string, int64:
		return v, nil
	case int:
		return int64(v), nil
	case time.Time:
		zone := m.Zone
		if zone == nil || hasZone(c.Type) || c.Type == "date" { // a day is one of UTC
			zone = time.UTC
		}
		t := v.In(zone)
		return string(appendMoment(nil, t, hasZone(c.Type))), nil
	}
	return nil, fmt.Errorf("postgres: column %s: a %T is no offset", c.Name, v)
}

// arguments are a query's parameters as texts.
func arguments(args []any) ([][]byte, error) {
	out := make([][]byte, len(args))
	for i, a := range args {
		text, err := appendArgument([]byte{}, a)
		if err != nil {
			return nil, fmt.Errorf("parameter %d: %w", i+1, err)
		}
		out[i] = text
	}
	return out, nil
}

// appendArgument appends what the parameters of this package are, as text; nil
// is null.
func appendArgument(dst []byte, a any) ([]byte, error) {
	switch a := a.(type) {
	case nil:
		return nil, nil
	case string:
		return append(dst, a...), nil
	case []byte:
		return hex.AppendEncode(append(dst, `\x`...), a), nil
	case bool:
		return strconv.AppendBool(dst, a), nil
	case int64:
		return strconv.AppendInt(dst, a, 10), nil
	case int:
		return strconv.AppendInt(dst, int64(a), 10), nil
	case float64:
		return strconv.AppendFloat(dst, a, 'g', -1, 64), nil
	case time.Time:
		return appendMoment(dst, a.UTC(), true), nil
	}
	return nil, fmt.Errorf("a %T is no parameter", a)
}
