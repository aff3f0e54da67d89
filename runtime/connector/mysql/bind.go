package mysql

import (
	"fmt"
	"math"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// Binder goes by the column where that says more than the schema: a TIMESTAMP is
// in the session's zone, which is UTC; a YEAR takes a number; JSON takes no
// bytes, and BIT no text.
func (dialect) Binder(s *connect.Schema, c database.Column, w database.Writing) (database.Bind, error) {
	if s != nil && s.Logical() == connect.NotLogical && s.Kind() >= connect.KindArray {
		return nil, fmt.Errorf("mysql: column %s: %s has no column type", connect.Word(c.Name), s)
	}
	b := database.Binding{Float: bindFloat}
	t := parseType(c.Type)
	switch t.name {
	case "timestamp":
		b.Moment = func(t time.Time) (any, error) { return t.UTC().Format(database.MomentLayout), nil }
	case "year":
		b.Date = func(t time.Time) (any, error) { return int64(t.Year()), nil }
	}
	bind := b.Bind(s, w)
	if texts[t.name] {
		return textOfBytes(bind), nil
	}
	return bind, nil
}

// textOfBytes sends bytes for a column of texts as a text: the server would not
// convert them.
func textOfBytes(bind database.Bind) database.Bind {
	return func(v connect.Value) (any, error) {
		arg, err := bind(v)
		if raw, ok := arg.([]byte); ok {
			return string(raw), err
		}
		return arg, err
	}
}

func bindFloat(f float64) (any, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("%v: MySQL has no such number", f)
	}
	return f, nil
}
