package protobuf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"kcgen.dev/runtime/connect"
)

// appendLogical appends the parts of a message that stands for a logical type.
func (f *writeField) appendLogical(dst []byte, v connect.Value) ([]byte, error) {
	if f.how == asDecimal {
		d := v.Decimal()
		if d == nil {
			return dst, fmt.Errorf("%v, but a decimal is required", v.Kind())
		}
		return appendDecimal(dst, d), nil
	}
	if v.Kind() != connect.KindInstant {
		return dst, fmt.Errorf("%v, but a %v is required", v.Kind(), f.logical)
	}
	t := v.Instant()
	switch f.how {
	case asDate:
		return appendDate(dst, t)
	case asTime:
		return appendTime(dst, t)
	}
	return appendTimestamp(dst, t)
}

// appendInt appends a part that is a number; 0 is left out.
func appendInt(dst []byte, number, n int64) []byte {
	if n == 0 {
		return dst
	}
	return binary.AppendUvarint(binary.AppendUvarint(dst, uint64(number)<<3), uint64(n))
}

func appendDecimal(dst []byte, d *connect.Decimal) []byte {
	dst = append(dst, 1<<3|delimited)
	dst, start := begin(dst, 1)
	dst = end(d.AppendUnscaled(dst), start, 1)
	n := 1
	if d.Unscaled != nil {
		n = digits(d.Unscaled)
	}
	return appendInt(appendInt(dst, 2, int64(n)), 3, int64(d.Scale))
}

func appendDate(dst []byte, t time.Time) ([]byte, error) {
	if h, m, s := t.Clock(); h != 0 || m != 0 || s != 0 || t.Nanosecond() != 0 {
		return dst, errors.New("a Date with a time of day")
	}
	y, m, d := t.Date()
	if y < 1 || y > maxYear {
		return dst, fmt.Errorf("a Date in the year %d", y)
	}
	return appendInt(appendInt(appendInt(dst, 1, int64(y)), 2, int64(m)), 3, int64(d)), nil
}

// appendTime appends a time of day. The original takes the end of the day too,
// and writes it as its beginning.
func appendTime(dst []byte, t time.Time) ([]byte, error) {
	if t.Unix() < 0 || t.UnixMilli() > connect.MillisPerDay {
		return dst, fmt.Errorf("a Time of %d ms, which is not within a day", t.UnixMilli())
	}
	h, m, s := t.Clock()
	dst = appendInt(appendInt(appendInt(dst, 1, int64(h)), 2, int64(m)), 3, int64(s))
	return appendInt(dst, 4, int64(t.Nanosecond())), nil
}

func appendTimestamp(dst []byte, t time.Time) ([]byte, error) {
	if s := t.Unix(); s < minSeconds || s > maxSeconds {
		return dst, fmt.Errorf("a Timestamp in the year %d, which %s cannot hold", t.Year(), timestampType)
	}
	return appendInt(appendInt(dst, 1, t.Unix()), 2, int64(t.Nanosecond())), nil
}
