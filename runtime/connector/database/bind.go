package database

import (
	"fmt"
	"math"
	"time"

	"kcgen.dev/runtime/connect"
)

// The layouts in which all databases read a date, a time of day and a moment.
const (
	DateLayout   = "2006-01-02"
	ClockLayout  = "15:04:05.999999999"
	MomentLayout = "2006-01-02 15:04:05.999999999"
)

// Binding is how a dialect takes what databases differ in. A nil function is
// the usual way: a decimal as digits with a point, times as texts.
type Binding struct {
	Decimal func(d *connect.Decimal) (any, error)
	Date    func(t time.Time) (any, error) // midnight, in UTC, of the day
	Clock   func(d time.Duration) (any, error)
	Moment  func(t time.Time) (any, error) // in the zone of Writing
	Bool    func(b bool) (any, error)
	Float   func(f float64) (any, error)
}

// Bind binds data of a schema; without one, what a value is decides.
func (b Binding) Bind(s *connect.Schema, w Writing) Bind {
	if s == nil {
		return func(v connect.Value) (any, error) { return b.value(v, connect.LogicalTimestamp, w) }
	}
	logical := s.Logical()
	return func(v connect.Value) (any, error) { return b.value(v, logical, w) }
}

func (b Binding) value(v connect.Value, logical connect.Logical, w Writing) (any, error) {
	switch v.Kind() {
	case connect.KindNull:
		return nil, nil
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		return v.Int(), nil
	case connect.KindString:
		return v.Str(), nil
	case connect.KindBytes:
		return v.Raw(), nil
	case connect.KindBool:
		return either(b.Bool, v.Bool())
	case connect.KindFloat32, connect.KindFloat64:
		return b.float(v)
	case connect.KindDecimal:
		if b.Decimal != nil {
			return b.Decimal(v.Decimal())
		}
		text, err := AppendDecimal(nil, v.Decimal())
		return string(text), err
	case connect.KindInstant:
		return b.instant(v, logical, w)
	}
	return nil, fmt.Errorf("a %v has no column in a table", v.Kind())
}

func either[T any](f func(T) (any, error), x T) (any, error) {
	if f != nil {
		return f(x)
	}
	return x, nil
}

// float keeps a float32 as its own digits: 0.1, and not 0.10000000149.
func (b Binding) float(v connect.Value) (any, error) {
	f := v.Float()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return either(b.Float, f)
	}
	if v.Kind() == connect.KindFloat32 {
		f = widen(float32(f))
	}
	return either(b.Float, f)
}

func (b Binding) instant(v connect.Value, logical connect.Logical, w Writing) (any, error) {
	switch logical {
	case connect.LogicalDate:
		y, m, d := v.Instant().In(zoneOf(w.DateZone)).Date()
		t := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		if b.Date != nil {
			return b.Date(t)
		}
		return t.Format(DateLayout), nil
	case connect.LogicalTime:
		d := clockOf(v.Instant().In(zoneOf(w.Zone)))
		if b.Clock != nil {
			return b.Clock(d)
		}
		return FormatClock(d), nil
	}
	t := v.Instant().In(zoneOf(w.Zone))
	if b.Moment != nil {
		return b.Moment(t)
	}
	return t.Format(MomentLayout), nil
}

func clockOf(t time.Time) time.Duration {
	h, m, s := t.Clock()
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(t.Nanosecond())
}

// FormatClock is a time of day as text.
func FormatClock(d time.Duration) string { return time.Unix(0, int64(d)).UTC().Format(ClockLayout) }
