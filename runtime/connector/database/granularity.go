package database

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"

	"kcgen.dev/runtime/connect"
)

// Timestamp is the schema of a moment by timestamp.granularity.
func (m Mapping) Timestamp(optional bool) *connect.Schema {
	switch m.Granularity {
	case "micros_long", "nanos_long":
		return Plain(connect.KindInt64, optional)
	case "micros_string", "nanos_string", "micros_iso_datetime_string", "nanos_iso_datetime_string":
		return Plain(connect.KindString, optional)
	}
	if optional {
		return connect.OptionalTimestampSchema
	}
	return connect.TimestampSchema
}

// The layouts of the ISO granularities: the clock of Mapping.Zone, without a
// name of it.
const (
	isoMicros = "2006-01-02T15:04:05.000000"
	isoNanos  = "2006-01-02T15:04:05.000000000"
)

// Moment is a moment as a value of the schema that Timestamp gives. A
// Timestamp keeps its nanoseconds in memory, for the offset; converters write
// the milliseconds.
func (m Mapping) Moment(b *connect.Buffer, t time.Time) (connect.Value, error) {
	if m.Julian {
		t = ToJulian(t.In(m.zone()))
	}
	switch m.Granularity {
	case "micros_long":
		return connect.Int64(t.UnixMicro()), nil
	case "nanos_long":
		n, ok := nanos(t)
		if !ok {
			return connect.Null, fmt.Errorf("%s is out of the range of nanoseconds in an int64 (1677 to 2262): use timestampGranularity micros_long", t.Format(time.RFC3339))
		}
		return connect.Int64(n), nil
	case "micros_string":
		return connect.Text(b.Finish(strconv.AppendInt(b.Start(), t.UnixMicro(), 10))), nil
	case "nanos_string":
		return connect.Text(b.Finish(bigNanos(t).Append(b.Start(), 10))), nil
	case "micros_iso_datetime_string":
		return connect.Text(b.Finish(t.In(m.zone()).AppendFormat(b.Start(), isoMicros))), nil
	case "nanos_iso_datetime_string":
		return connect.Text(b.Finish(t.In(m.zone()).AppendFormat(b.Start(), isoNanos))), nil
	}
	return connect.Instant(t), nil
}

// zone is where times without a zone are.
func (m Mapping) zone() *time.Location { return zoneOf(m.Zone) }

func zoneOf(z *time.Location) *time.Location {
	if z == nil {
		return time.UTC
	}
	return z
}

func nanos(t time.Time) (int64, bool) {
	const limit = math.MaxInt64 / int64(time.Second)
	if s := t.Unix(); s >= limit || s <= -limit {
		return 0, false
	}
	return t.UnixNano(), true
}

func bigNanos(t time.Time) *big.Int {
	n := big.NewInt(t.Unix())
	n.Mul(n, big.NewInt(int64(time.Second)))
	return n.Add(n, big.NewInt(int64(t.Nanosecond())))
}
