package protobuf

import (
	"fmt"
	"math/big"
	"time"

	"kcgen.dev/runtime/connect"
)

// logical reads a message that stands for one of Connect's logical types.
func (f *readField) logical(b []byte) (connect.Value, error) {
	p, err := f.scanParts(b)
	if err != nil {
		return connect.Null, err
	}
	switch f.how {
	case asDecimal:
		return readDecimal(p.raw, uint32(p.n[1]), int32(p.n[2]))
	case asDate:
		return readDate(int32(p.n[0]), int32(p.n[1]), int32(p.n[2]))
	case asTime:
		return readTime(int32(p.n[0]), int32(p.n[1]), int32(p.n[2]), int32(p.n[3]))
	}
	return readTimestamp(int64(p.n[0]), int32(p.n[1]))
}

// logicalParts are the fields of such a message: numbers, and the one that
// holds bytes.
type logicalParts struct {
	n   [4]uint64
	raw []byte
}

func (f *readField) scanParts(b []byte) (p logicalParts, err error) {
	for len(b) > 0 {
		number, wire, rest, err := takeTag(b)
		if err != nil {
			return p, err
		}
		i := f.part(number)
		switch {
		case i >= 0 && wire == varint:
			p.n[i], rest, err = takeVarint(rest)
		case i == 0 && f.how == asDecimal && wire == delimited:
			p.raw, rest, err = takeBytes(rest)
		default:
			rest, err = skip(rest, number, wire, 0)
		}
		if err != nil {
			return p, err
		}
		b = rest
	}
	return p, nil
}

func (f *readField) part(number uint64) int {
	for i, n := range f.parts {
		if uint64(n) == number {
			return i
		}
	}
	return -1
}

// readDecimal reads the unscaled number. Where it has more digits than the
// precision that the message states, it is rounded to them, as by the original.
func readDecimal(raw []byte, precision uint32, scale int32) (connect.Value, error) {
	d, err := connect.DecimalOf(raw, scale)
	if err != nil {
		return connect.Null, fmt.Errorf("a %s without a value", decimalType)
	}
	if precision > 1<<31-1 {
		return connect.Null, fmt.Errorf("a %s with the precision %d", decimalType, precision)
	}
	if precision == 0 || d.Unscaled.BitLen() <= int(min(precision-1, 1<<24))*3 { // 10 is more than 3 bits
		return d.Value(), nil
	}
	extra := digits(d.Unscaled) - int(precision)
	if extra <= 0 {
		return d.Value(), nil
	}
	if int64(scale)-int64(extra) < -1<<31 {
		return connect.Null, fmt.Errorf("a %s with the scale %d", decimalType, scale)
	}
	return roundDecimal(d, int64(extra), int(precision)).Value(), nil
}

// roundDecimal drops digits, half up.
func roundDecimal(d *connect.Decimal, extra int64, precision int) *connect.Decimal {
	ten := big.NewInt(10)
	unit := new(big.Int).Exp(ten, big.NewInt(extra), nil)
	n, rest := new(big.Int).QuoRem(d.Unscaled, unit, new(big.Int))
	if rest.Abs(rest).Lsh(rest, 1).Cmp(unit) >= 0 {
		n.Add(n, big.NewInt(int64(d.Unscaled.Sign())))
	}
	scale := d.Scale - int32(extra)
	if digits(n) > precision { // 99.9 became 100
		n.Quo(n, ten)
		scale--
	}
	return &connect.Decimal{Unscaled: n, Scale: scale}
}

// digits is how many digits a number has: BigDecimal's precision.
func digits(n *big.Int) int {
	if n.IsInt64() {
		count := 1
		for i := n.Int64(); i <= -10 || i >= 10; i /= 10 {
			count++
		}
		return count
	}
	text := n.Append(make([]byte, 0, 64), 10)
	if text[0] == '-' {
		return len(text) - 1
	}
	return len(text)
}

// maxYear is the last year that milliseconds in 64 bits count to, about.
const maxYear = 292_000_000

// readDate reads a calendar day, which must be one.
func readDate(year, month, day int32) (connect.Value, error) {
	t := time.Date(int(year), time.Month(month), int(day), 0, 0, 0, 0, time.UTC)
	if y, m, d := t.Date(); year < 1 || year > maxYear || y != int(year) || m != time.Month(month) || d != int(day) {
		return connect.Null, fmt.Errorf("%d-%02d-%02d is no day (%s)", year, month, day, dateType)
	}
	return connect.InstantMilli(t.UnixMilli()), nil
}

// readTime reads a time of day. It keeps what is below a millisecond, which
// the original drops.
func readTime(hours, minutes, seconds, nanos int32) (connect.Value, error) {
	if hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59 || nanos < 0 || nanos > 999_999_999 {
		return connect.Null, fmt.Errorf("%d:%02d:%02d and %d nanoseconds are no time of day (%s)", hours, minutes, seconds, nanos, timeType)
	}
	return connect.Instant(time.Unix(int64(hours*3600+minutes*60+seconds), int64(nanos))), nil
}

// The seconds of the years 1 to 9999, all that a Timestamp may hold.
const (
	minSeconds = -62135596800
	maxSeconds = 253402300799
)

// readTimestamp reads a point in time. It keeps what is below a millisecond,
// which the original drops.
func readTimestamp(seconds int64, nanos int32) (connect.Value, error) {
	if seconds < minSeconds || seconds > maxSeconds || nanos < 0 || nanos > 999_999_999 {
		return connect.Null, fmt.Errorf("%d seconds and %d nanoseconds are no %s", seconds, nanos, timestampType)
	}
	return connect.Instant(time.Unix(seconds, int64(nanos))), nil
}
