package postgres

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// zones are where times are that are written without a zone.
type zones struct {
	time, date *time.Location // nil is UTC
	// offset is whether the offset stands behind times and moments, since the
	// column keeps the moment and not the clock.
	offset bool
	// logical is what instants are where no schema says so.
	logical connect.Logical
}

func in(t time.Time, zone *time.Location) time.Time {
	if zone == nil {
		return t.UTC()
	}
	return t.In(zone)
}

// appendText appends a value as PostgreSQL reads it for a column of its type.
func appendText(dst []byte, v connect.Value, z zones, s *connect.Schema) ([]byte, error) {
	switch v.Kind() {
	case connect.KindBool:
		return strconv.AppendBool(dst, v.Bool()), nil
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		return strconv.AppendInt(dst, v.Int(), 10), nil
	case connect.KindFloat32:
		return appendFloat(dst, v.Float(), 32), nil
	case connect.KindFloat64:
		return appendFloat(dst, v.Float(), 64), nil
	case connect.KindString:
		return append(dst, v.Str()...), nil
	case connect.KindBytes:
		return hex.AppendEncode(append(dst, `\x`...), v.Raw()), nil
	case connect.KindDecimal:
		return database.AppendDecimal(dst, v.Decimal())
	case connect.KindInstant:
		return appendInstant(dst, v, z, s), nil
	case connect.KindArray:
		return appendArray(dst, v.Array(), z, s)
	}
	return dst, fmt.Errorf("a %v has no column in a table: take it apart (Flatten), or leave it out", v.Kind())
}

func appendFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, bits)
}

func appendInstant(dst []byte, v connect.Value, z zones, s *connect.Schema) []byte {
	logical := z.logical
	if s != nil && s.Logical() != connect.NotLogical {
		logical = s.Logical()
	}
	switch {
	case v.Milli() >= plusInfinity:
		return append(dst, "infinity"...)
	case v.Milli() <= minusInfinity:
		return append(dst, "-infinity"...)
	}
	switch t := v.Instant(); logical {
	case connect.LogicalDate:
		return appendEra(appendDay(dst, in(t, z.date)), in(t, z.date))
	case connect.LogicalTime:
		return appendZone(appendClock(dst, in(t, z.time)), in(t, z.time), z.offset)
	default:
		if z.offset {
			return appendMoment(dst, t, true)
		}
		return appendMoment(dst, in(t, z.time), false)
	}
}

// appendMoment appends the clock of a moment, with its offset if it is to have
// one. A year before the first is one of the other era.
func appendMoment(dst []byte, t time.Time, offset bool) []byte {
	dst = appendClock(append(appendDay(dst, t), ' '), t)
	return appendEra(appendZone(dst, t, offset), t)
}

func appendDay(dst []byte, t time.Time) []byte {
	year, month, day := t.Date()
	if year <= 0 {
		year = 1 - year
	}
	return appendTwo(append(appendTwo(append(appendYear(dst, year), '-'), int(month)), '-'), day)
}

func appendEra(dst []byte, t time.Time) []byte {
	if t.Year() <= 0 {
		return append(dst, " BC"...)
	}
	return dst
}

func appendYear(dst []byte, year int) []byte {
	for p := 1000; p > 1 && year < p; p /= 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, int64(year), 10)
}

// appendClock appends a time of day to the microsecond, which is all that
// PostgreSQL keeps.
func appendClock(dst []byte, t time.Time) []byte {
	h, m, s := t.Clock()
	dst = appendTwo(append(appendTwo(append(appendTwo(dst, h), ':'), m), ':'), s)
	micros := t.Nanosecond() / 1000
	if micros == 0 {
		return dst
	}
	dst = append(dst, '.')
	for p := 100000; p > 0; p /= 10 {
		dst = append(dst, byte('0'+micros/p%10))
	}
	return dst
}

func appendZone(dst []byte, t time.Time, offset bool) []byte {
	if !offset {
		return dst
	}
	_, seconds := t.Zone()
	sign := byte('+')
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	dst = appendTwo(append(dst, sign), seconds/3600)
	dst = appendTwo(append(dst, ':'), seconds/60%60)
	if seconds%60 != 0 { // a zone of long ago
		dst = appendTwo(append(dst, ':'), seconds%60)
	}
	return dst
}

func appendTwo(dst []byte, n int) []byte { return append(dst, byte('0'+n/10%10), byte('0'+n%10)) }

// appendArray appends {1,2,NULL}, each element that needs it between quotes.
func appendArray(dst []byte, a *connect.Array, z zones, s *connect.Schema) ([]byte, error) {
	var elem *connect.Schema
	if s != nil {
		elem = s.Elem()
	}
	dst = append(dst, '{')
	for i, v := range a.Elems {
		if i > 0 {
			dst = append(dst, ',')
		}
		if v.IsNull() {
			dst = append(dst, "NULL"...)
			continue
		}
		text, err := appendText(nil, v, z, elem)
		if err != nil {
			return dst, fmt.Errorf("element %d: %w", i+1, err)
		}
		dst = appendElement(dst, text, v.Kind() == connect.KindArray)
	}
	return append(dst, '}'), nil
}

// appendElement appends an element; an array within stands as it is.
func appendElement(dst, text []byte, array bool) []byte {
	if array {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	for _, c := range text {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}
