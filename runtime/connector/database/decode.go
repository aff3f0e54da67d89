package database

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"kcgen.dev/runtime/connect"
)

// Decode makes a value of what a driver gives for a column: an int64, uint64,
// float32, float64, bool, string, time or bytes, which are the driver's own and
// hold for the call. Null it does not see. Text and bytes are put into b.
type Decode func(b *connect.Buffer, src any) (connect.Value, error)

// Decoder decodes what has the type that its schema says. Times without a zone
// are in m's; dates, which have none, come as midnight in UTC.
func Decoder(s *connect.Schema, m Mapping) Decode {
	switch s.Logical() {
	case connect.LogicalDecimal:
		scale, _ := s.Scale()
		return func(_ *connect.Buffer, src any) (connect.Value, error) { return decimalOf(src, scale) }
	case connect.LogicalDate:
		return decodeDate
	case connect.LogicalTime:
		return decodeTime(m)
	case connect.LogicalTimestamp:
		return DecodeMoment(m)
	}
	switch s.Kind() {
	case connect.KindBool:
		return decodeBool
	case connect.KindInt8:
		return decodeInt(math.MinInt8, math.MaxInt8, func(i int64) connect.Value { return connect.Int8(int8(i)) })
	case connect.KindInt16:
		return decodeInt(math.MinInt16, math.MaxInt16, func(i int64) connect.Value { return connect.Int16(int16(i)) })
	case connect.KindInt32:
		return decodeInt(math.MinInt32, math.MaxInt32, func(i int64) connect.Value { return connect.Int32(int32(i)) })
	case connect.KindInt64:
		return decodeInt(math.MinInt64, math.MaxInt64, connect.Int64)
	case connect.KindFloat32:
		return func(_ *connect.Buffer, src any) (connect.Value, error) {
			f, err := floatOf(src, 32)
			return connect.Float32(float32(f)), err
		}
	case connect.KindFloat64:
		return func(_ *connect.Buffer, src any) (connect.Value, error) {
			f, err := floatOf(src, 64)
			return connect.Float64(f), err
		}
	case connect.KindBytes:
		return decodeBytes
	}
	return decodeText
}

// DecodeMoment decodes moments by timestamp.granularity.
func DecodeMoment(m Mapping) Decode {
	zone := m.zone()
	return func(b *connect.Buffer, src any) (connect.Value, error) {
		t, err := momentOf(src, zone)
		if err != nil {
			return connect.Null, err
		}
		return m.Moment(b, t)
	}
}

func momentOf(src any, zone *time.Location) (time.Time, error) {
	switch x := src.(type) {
	case time.Time:
		return x, nil
	case string:
		t, err := ParseMoment(x, zone)
		return t, orUnfit(err, src)
	case []byte:
		t, err := ParseMoment(x, zone)
		return t, orUnfit(err, src)
	}
	return time.Time{}, unfit(src, "time")
}

func decodeDate(_ *connect.Buffer, src any) (connect.Value, error) {
	switch x := src.(type) {
	case time.Time:
		y, m, d := x.Date()
		return connect.Instant(time.Date(y, m, d, 0, 0, 0, 0, time.UTC)), nil
	case string:
		t, err := ParseDay(x)
		return connect.Instant(t), orUnfit(err, src)
	case []byte:
		t, err := ParseDay(x)
		return connect.Instant(t), orUnfit(err, src)
	}
	return connect.Null, unfit(src, "date")
}

func decodeTime(m Mapping) Decode {
	zone := m.zone()
	return func(_ *connect.Buffer, src any) (connect.Value, error) {
		var d time.Duration
		var err error
		switch x := src.(type) {
		case time.Time:
			d = time.Duration(x.Hour())*time.Hour + time.Duration(x.Minute())*time.Minute + time.Duration(x.Second())*time.Second + time.Duration(x.Nanosecond())
		case string:
			d, err = ParseClock(x)
		case []byte:
			d, err = ParseClock(x)
		default:
			err = ErrNoTime
		}
		if err != nil {
			return connect.Null, unfit(src, "time of day")
		}
		return ClockValue(d, zone)
	}
}

// ClockValue is a time of day, as a clock in zone shows it, as a Time.
func ClockValue(d time.Duration, zone *time.Location) (connect.Value, error) {
	const day = 24 * time.Hour
	if d < 0 || d >= day {
		return connect.Null, fmt.Errorf("%v is no time of day: Connect's Time goes from 00:00 to 23:59:59.999", d)
	}
	if zone != time.UTC {
		_, offset := time.Unix(0, 0).In(zone).Zone()
		d = (d - time.Duration(offset)*time.Second + day) % day
	}
	return connect.Instant(time.Unix(0, int64(d))), nil
}

func decodeBool(_ *connect.Buffer, src any) (connect.Value, error) {
	switch x := src.(type) {
	case bool:
		return connect.Bool(x), nil
	case int64:
		return connect.Bool(x != 0), nil
	}
	if s, ok := textOf(src); ok {
		if b, err := strconv.ParseBool(s); err == nil {
			return connect.Bool(b), nil
		}
	}
	return connect.Null, unfit(src, "boolean")
}

func decodeInt(low, high int64, value func(int64) connect.Value) Decode {
	return func(_ *connect.Buffer, src any) (connect.Value, error) {
		i, err := intOf(src)
		if err == nil && (i < low || i > high) {
			err = fmt.Errorf("%d is out of the range of its type (%d to %d)", i, low, high)
		}
		return value(i), err
	}
}

func intOf(src any) (int64, error) {
	switch x := src.(type) {
	case int64:
		return x, nil
	case uint64:
		if x > math.MaxInt64 {
			return 0, fmt.Errorf("%d is out of the range of an int64", x)
		}
		return int64(x), nil
	case bool:
		if x {
			return 1, nil
		}
		return 0, nil
	case float64:
		if i := int64(x); float64(i) == x && math.Abs(x) < 1<<63 {
			return i, nil
		}
		return 0, unfit(src, "integer")
	}
	s, ok := textOf(src)
	if !ok {
		return 0, unfit(src, "integer")
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i, nil
	}
	// A decimal without digits behind the point, as numeric.mapping has them.
	d, err := ParseDecimal(s)
	if err == nil {
		d, err = Rescale(d, 0)
	}
	if err != nil || d.Unscaled != nil && !d.Unscaled.IsInt64() {
		return 0, unfit(src, "integer of 64 bits")
	}
	if d.Unscaled == nil {
		return 0, nil
	}
	return d.Unscaled.Int64(), nil
}

func floatOf(src any, bits int) (float64, error) {
	switch x := src.(type) {
	case float64:
		return x, nil
	case float32:
		return float64(x), nil
	case int64:
		if int64(float64(x)) != x || float64(x) == 1<<63 {
			return 0, fmt.Errorf("%d is not exact as a floating-point number", x)
		}
		return float64(x), nil
	}
	s, ok := textOf(src)
	if !ok {
		return 0, unfit(src, "number")
	}
	f, err := strconv.ParseFloat(s, bits)
	if err != nil {
		return 0, unfit(src, "number")
	}
	return f, nil
}

func decimalOf(src any, scale int32) (connect.Value, error) {
	var d *connect.Decimal
	var err error
	switch x := src.(type) {
	case []byte:
		d, err = ParseDecimal(x)
	case string:
		d, err = ParseDecimal(x)
	case int64:
		d, err = ParseDecimal(strconv.FormatInt(x, 10))
	case uint64:
		d, err = ParseDecimal(strconv.FormatUint(x, 10))
	case float64:
		d, err = FloatDecimal(x, scale)
	default:
		err = errNumber
	}
	if err == errNumber {
		return connect.Null, unfit(src, "number")
	}
	if err == nil {
		d, err = Rescale(d, scale)
	}
	if err != nil {
		return connect.Null, err
	}
	return d.Value(), nil
}

func decodeBytes(b *connect.Buffer, src any) (connect.Value, error) {
	switch x := src.(type) {
	case []byte:
		return connect.Bytes(b.Finish(append(b.Start(), x...))), nil
	case string:
		return connect.Bytes(b.Finish(append(b.Start(), x...))), nil
	}
	return connect.Null, unfit(src, "bytes")
}

func decodeText(b *connect.Buffer, src any) (connect.Value, error) {
	if x, ok := src.(string); ok {
		return connect.String(x), nil // nobody changes it
	}
	dst := b.Start()
	switch x := src.(type) {
	case []byte:
		dst = append(dst, x...)
	case int64:
		dst = strconv.AppendInt(dst, x, 10)
	case uint64:
		dst = strconv.AppendUint(dst, x, 10)
	case float64:
		dst = strconv.AppendFloat(dst, x, 'g', -1, 64)
	case float32:
		dst = strconv.AppendFloat(dst, float64(x), 'g', -1, 32)
	case bool:
		dst = strconv.AppendBool(dst, x)
	case time.Time:
		dst = x.AppendFormat(dst, time.RFC3339Nano)
	default:
		return connect.Null, unfit(src, "text")
	}
	return connect.Text(b.Finish(dst)), nil
}

func textOf(src any) (string, bool) {
	switch x := src.(type) {
	case string:
		return x, true
	case []byte:
		return string(x), true
	}
	return "", false
}

// unfit is the error of a value that is not what its column says. A value is
// shown as far as it helps: it is the table's, not a secret of the spec.
func unfit(src any, want string) error {
	const most = 40
	s, ok := textOf(src)
	if !ok {
		return fmt.Errorf("%v (%T) is no %s", src, src, want)
	}
	if len(s) > most {
		s = s[:most] + "…"
	}
	return fmt.Errorf("%q is no %s", s, want)
}

func orUnfit(err error, src any) error {
	if err == nil {
		return nil
	}
	return unfit(src, "date or time")
}
