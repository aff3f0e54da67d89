package sqlserver

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// Binder goes by the column where that says more than the schema: how many
// digits a time has, that no text becomes money, and of which type a null is.
func (dialect) Binder(s *connect.Schema, c database.Column, w database.Writing) (database.Bind, error) {
	if s != nil && s.Logical() == connect.NotLogical && s.Kind() >= connect.KindArray {
		return nil, fmt.Errorf("sqlserver: column %s: %s has no column type", connect.Word(c.Name), s)
	}
	name := typeName(c.Type)
	b := database.Binding{
		Float:  bindFloat,
		Moment: func(t time.Time) (any, error) { return formatMoment(t, c.Type), nil },
	}
	if name == "money" || name == "smallmoney" {
		b.Decimal = bindMoney
	}
	bind := b.Bind(s, w)
	if s != nil && s.ValueKind() == connect.KindBytes || kinds[name] == connect.KindBytes {
		return typedNull(bind), nil
	}
	return bind, nil
}

// typedNull makes a null one of bytes: one of a text does not become bytes.
func typedNull(bind database.Bind) database.Bind {
	return func(v connect.Value) (any, error) {
		if v.IsNull() {
			return []byte(nil), nil
		}
		return bind(v)
	}
}

func bindFloat(f float64) (any, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("%v: SQL Server has no such number", f)
	}
	return f, nil
}

// bindMoney sends a number, which has 15 digits at most.
func bindMoney(d *connect.Decimal) (any, error) {
	text, err := database.AppendDecimal(nil, d)
	if err != nil {
		return nil, err
	}
	s := strings.Trim(strings.Replace(string(text), ".", "", 1), "-0")
	if len(s) > 15 {
		return nil, fmt.Errorf("%s has %d digits, and 15 can be sent for a column of money", text, len(s))
	}
	return strconv.ParseFloat(string(text), 64)
}
