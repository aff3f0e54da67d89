package dryrun

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
)

// decimal reads a number, or text of one, exactly.
func (r reader) decimal(x any, s *connect.Schema) (connect.Value, error) {
	rat, ok := toRat(x)
	if !ok {
		return connect.Null, r.fail("%s is no decimal such as \"12.50\"", showData(x))
	}
	scale, _ := s.Scale()
	if scale < -1000 || scale > 1000 {
		return connect.Null, r.fail("the schema's scale %d is beyond what a test can say", scale)
	}
	shift := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(scale, -scale))), nil))
	if scale < 0 {
		shift.Inv(shift)
	}
	rat.Mul(rat, shift)
	if !rat.IsInt() {
		return connect.Null, r.fail("%s has more than the schema's %d decimals", showData(x), scale)
	}
	return (&connect.Decimal{Unscaled: rat.Num(), Scale: scale}).Value(), nil
}

// toRat reads a number, or text of one. A number of a thousand digits or of
// such an exponent is none.
func toRat(x any) (*big.Rat, bool) {
	var text string
	switch x := x.(type) {
	case json.Number:
		text = string(x)
	case string:
		text = x
	default:
		return nil, false
	}
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		if n, err := strconv.Atoi(text[i+1:]); err != nil || n < -1000 || n > 1000 {
			return nil, false
		}
	}
	if len(text) > 1000 || strings.ContainsAny(text, "/_xXpP") {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// instants are the forms of a date, a time and a timestamp.
var instants = map[connect.Logical]struct {
	layout, example string
}{
	connect.LogicalDate:      {"2006-01-02", "2024-12-31"},
	connect.LogicalTime:      {"15:04:05.999999999", "23:59:59.999"},
	connect.LogicalTimestamp: {time.RFC3339Nano, "2024-12-31T23:59:59.999Z"},
}

func (r reader) instant(x any, s *connect.Schema) (connect.Value, error) {
	v, ok := toInstant(x, s.Logical())
	if !ok {
		return v, r.fail("%s is no %v such as %q", showData(x), s.Logical(), instants[s.Logical()].example)
	}
	return v, nil
}

// toInstant reads text, or the number that Connect writes: days, milliseconds.
func toInstant(x any, l connect.Logical) (connect.Value, bool) {
	switch x := x.(type) {
	case json.Number:
		n, err := x.Int64()
		if err != nil {
			return connect.Null, false
		}
		if l == connect.LogicalDate {
			if n > math.MaxInt32 || n < math.MinInt32 {
				return connect.Null, false
			}
			n *= connect.MillisPerDay
		}
		return connect.InstantMilli(n), true
	case string:
		t, err := time.Parse(instants[l].layout, x)
		if err != nil {
			return connect.Null, false
		}
		if l == connect.LogicalTime {
			t = time.Unix(0, 0).UTC().Add(t.Sub(t.Truncate(24 * time.Hour)))
		}
		return connect.Instant(t), true
	}
	return connect.Null, false
}
