package avro

import (
	"errors"
	"fmt"
	"math"

	"kcgen.dev/runtime/connect"
)

// logicalKinds are the plain types under Connect's logical ones.
var logicalKinds = map[connect.Logical]connect.Kind{
	connect.LogicalDecimal: connect.KindBytes, connect.LogicalDate: connect.KindInt32,
	connect.LogicalTime: connect.KindInt32, connect.LogicalTimestamp: connect.KindInt64,
}

// logicalNames are Avro's names of them.
var logicalNames = map[connect.Logical]string{
	connect.LogicalDecimal: "decimal", connect.LogicalDate: "date",
	connect.LogicalTime: "time-millis", connect.LogicalTimestamp: "timestamp-millis",
}

var (
	errDate = errors.New("a Date with a time of day")
	errTime = errors.New("a Time that is not within one day")
)

// dateOf is the day that v is, counted from the epoch.
func dateOf(v connect.Value) (int64, error) {
	ms := v.Milli()
	if ms%connect.MillisPerDay != 0 {
		return 0, errDate
	}
	day := ms / connect.MillisPerDay
	if day != int64(int32(day)) {
		return 0, fmt.Errorf("day %d is beyond Avro's date", day)
	}
	return day, nil
}

// timeOf is the time of day that v is, in milliseconds.
func timeOf(v connect.Value) (int64, error) {
	ms := v.Milli()
	if ms < 0 || ms > connect.MillisPerDay {
		return 0, errTime
	}
	return ms, nil
}

// instantOf is the number behind a Date, Time or Timestamp.
func instantOf(l connect.Logical, v connect.Value) (int64, error) {
	switch l {
	case connect.LogicalDate:
		return dateOf(v)
	case connect.LogicalTime:
		return timeOf(v)
	}
	return v.Milli(), nil
}

// instant makes a Date, Time or Timestamp of its number.
func instant(l connect.Logical, n int64) (connect.Value, error) {
	switch l {
	case connect.LogicalDate:
		return connect.InstantMilli(n * connect.MillisPerDay), nil
	case connect.LogicalTime:
		if n < 0 || n > connect.MillisPerDay {
			return connect.Null, errTime
		}
	}
	return connect.InstantMilli(n), nil
}

// unscaled gives a decimal's number in its bytes; the scale is the schema's.
func unscaled(dst []byte, s *connect.Schema, d *connect.Decimal) ([]byte, error) {
	if scale, ok := s.Scale(); !ok || d.Scale != scale {
		return dst, fmt.Errorf("a Decimal of scale %d, but the schema says %d", d.Scale, scale)
	}
	return d.AppendUnscaled(dst), nil
}

// maxDigits is how many digits always fit into so many bytes.
func maxDigits(size int) int {
	return int(math.Floor(math.Log10(2) * float64(8*size-1)))
}
