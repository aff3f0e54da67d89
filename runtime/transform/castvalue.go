package transform

import (
	"encoding/base64"
	"fmt"
	"math"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
)

// castValue is v as a value of the kind to. Without a schema (in is nil) there
// are no logical types.
func castValue(t *texts, in *connect.Schema, v connect.Value, to connect.Kind) (connect.Value, error) {
	if v.IsNull() {
		return v, nil
	}
	kind, logical := v.Kind(), connect.NotLogical
	if in != nil {
		kind, logical = in.Kind(), in.Logical()
	}
	if kind >= connect.KindArray {
		return connect.Null, fmt.Errorf("%v cannot be cast", kind)
	}
	if to == connect.KindString {
		return t.of(v)
	}
	if logical != connect.NotLogical && logical != connect.LogicalDecimal {
		var err error
		if v, err = encoded(logical, v); err != nil {
			return connect.Null, err
		}
	}
	switch to {
	case connect.KindBool:
		return castBool(v)
	case connect.KindFloat32, connect.KindFloat64:
		return castFloat(v, to)
	}
	return castInt(v, to)
}

// encoded is the number that stands for a Date, Time or Timestamp.
func encoded(l connect.Logical, v connect.Value) (connect.Value, error) {
	if v.Kind() != connect.KindInstant {
		return connect.Null, fmt.Errorf("%v is no %v", v.Kind(), l)
	}
	ms := v.Milli()
	switch l {
	case connect.LogicalDate:
		if ms%connect.MillisPerDay != 0 {
			return connect.Null, fmt.Errorf("a Date is a whole day, and this is %v", v)
		}
		return connect.Int32(int32(ms / connect.MillisPerDay)), nil
	case connect.LogicalTime:
		if ms < 0 || ms > connect.MillisPerDay {
			return connect.Null, fmt.Errorf("a Time is within a day, and this is %v", v)
		}
		return connect.Int32(int32(ms)), nil
	}
	return connect.Int64(ms), nil
}

func cannot(v connect.Value, to connect.Kind) error {
	return fmt.Errorf("%v cannot be cast to %v", v.Kind(), to)
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func castInt(v connect.Value, to connect.Kind) (connect.Value, error) {
	var n int64
	switch v.Kind() {
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		n = v.Int()
	case connect.KindBool:
		n = truth(v.Bool())
	case connect.KindDecimal:
		n = lowBits(v.Decimal())
	case connect.KindFloat32, connect.KindFloat64:
		if to == connect.KindInt64 {
			n = saturated(v.Float(), math.MinInt64, math.MaxInt64)
		} else { // Java goes by way of int32
			n = saturated(v.Float(), math.MinInt32, math.MaxInt32)
		}
	case connect.KindString:
		var err error
		if n, err = parseInt(v.Str(), intBits(to)); err != nil {
			return connect.Null, err
		}
	default:
		return connect.Null, cannot(v, to)
	}
	return connect.IntOf(to, n), nil
}

func intBits(k connect.Kind) int { return 8 << (k - connect.KindInt8) }

// saturated is f without what is behind the point, within the bounds; NaN is 0.
func saturated(f float64, least, most int64) int64 {
	switch {
	case math.IsNaN(f):
		return 0
	case f >= float64(most): // 1<<63 for the largest int64
		return most
	case f <= float64(least):
		return least
	}
	return int64(f)
}

func castFloat(v connect.Value, to connect.Kind) (connect.Value, error) {
	bits := 64
	if to == connect.KindFloat32 {
		bits = 32
	}
	var f float64
	switch v.Kind() {
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		if bits == 32 {
			return connect.Float32(float32(v.Int())), nil // rounded once
		}
		f = float64(v.Int())
	case connect.KindFloat32, connect.KindFloat64:
		f = v.Float()
	case connect.KindBool:
		f = float64(truth(v.Bool()))
	case connect.KindDecimal:
		f = decimalFloat(v.Decimal(), bits)
	case connect.KindString:
		var err error
		if f, err = parseFloat(v.Str(), bits); err != nil {
			return connect.Null, err
		}
	default:
		return connect.Null, cannot(v, to)
	}
	if bits == 32 {
		return connect.Float32(float32(f)), nil
	}
	return connect.Float64(f), nil
}

func castBool(v connect.Value) (connect.Value, error) {
	switch v.Kind() {
	case connect.KindBool:
		return v, nil
	case connect.KindString:
		return connect.Bool(strings.EqualFold(v.Str(), "true")), nil
	}
	n, err := castInt(v, connect.KindInt64)
	if err != nil {
		return connect.Null, cannot(v, connect.KindBool)
	}
	return connect.Bool(n.Int() != 0), nil
}

// texts makes strings, of which many share an allocation.
type texts struct{ buf []byte }

// textRoom is how many bytes of texts are allocated at a time.
const textRoom = 4096

// of is the text of a value that is neither list, map nor struct: in base64
// for bytes, in ISO 8601 for instants, else as Java prints it.
func (t *texts) of(v connect.Value) (_ connect.Value, err error) {
	if v.Kind() == connect.KindString {
		return v, nil
	}
	if cap(t.buf)-len(t.buf) < 64 {
		t.buf = make([]byte, 0, textRoom)
	}
	start := len(t.buf)
	switch v.Kind() {
	case connect.KindBytes:
		t.buf = base64.StdEncoding.AppendEncode(t.buf, v.Raw())
	case connect.KindInstant:
		t.buf = appendInstant(t.buf, v)
	default:
		if t.buf, err = connect.AppendJava(t.buf, v); err != nil {
			return connect.Null, err
		}
	}
	return connect.Text(t.buf[start:len(t.buf):len(t.buf)]), nil
}

// appendInstant goes by the value, as Kafka Connect's Values.dateFormatFor: a
// time of day up to the end of the 1st of January 1970, a date where it is
// midnight, else both. Digits behind the millisecond are there where they are
// not 0.
func appendInstant(dst []byte, v connect.Value) []byte {
	t := v.Instant()
	layout := "2006-01-02T15:04:05.000Z"
	if t.Nanosecond()%int(time.Millisecond) != 0 {
		layout = "2006-01-02T15:04:05.000000000Z"
	}
	switch {
	case v.Milli() < connect.MillisPerDay:
		layout = layout[len("2006-01-02T"):]
	case v.Milli()%connect.MillisPerDay == 0 && len(layout) == len("2006-01-02T15:04:05.000Z"):
		layout = "2006-01-02"
	}
	return t.AppendFormat(dst, layout)
}
