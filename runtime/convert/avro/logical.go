package avro

import (
	"fmt"
	"math"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/avrobin"
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

// instant makes a Date, Time or Timestamp of its number.
func instant(l connect.Logical, n int64) (connect.Value, error) {
	switch l {
	case connect.LogicalDate:
		return connect.InstantMilli(n * connect.MillisPerDay), nil
	case connect.LogicalTime:
		if n < 0 || n > connect.MillisPerDay {
			return connect.Null, avrobin.ErrTime
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
