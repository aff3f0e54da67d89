package database

import (
	"encoding/hex"
	"math"
	"strconv"
	"time"

	"kcgen.dev/runtime/connect"
)

// AppendLiteral appends a schema's default as most databases read it: numbers,
// 1 and 0, dates and times in UTC as texts, bytes as X'…'. quote writes a text.
// It is false where there is no such thing.
func AppendLiteral(dst []byte, s *connect.Schema, v connect.Value, quote func(dst []byte, text string) []byte) ([]byte, bool) {
	switch v.Kind() {
	case connect.KindBool:
		if v.Bool() {
			return append(dst, '1'), true
		}
		return append(dst, '0'), true
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		return strconv.AppendInt(dst, v.Int(), 10), true
	case connect.KindFloat32, connect.KindFloat64:
		return appendFloat(dst, v)
	case connect.KindString:
		return quote(dst, v.Str()), true
	case connect.KindBytes:
		return append(hex.AppendEncode(append(dst, "X'"...), v.Raw()), '\''), true
	case connect.KindDecimal:
		text, err := AppendDecimal(dst, v.Decimal())
		return text, err == nil
	case connect.KindInstant:
		return quote(dst, formatInstant(v.Instant(), s.Logical())), true
	}
	return dst, false
}

func appendFloat(dst []byte, v connect.Value) ([]byte, bool) {
	f, bits := v.Float(), 64
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return dst, false
	}
	if v.Kind() == connect.KindFloat32 {
		bits = 32
	}
	return strconv.AppendFloat(dst, f, 'g', -1, bits), true
}

func formatInstant(t time.Time, logical connect.Logical) string {
	switch logical {
	case connect.LogicalDate:
		return t.Format(DateLayout)
	case connect.LogicalTime:
		return t.Format(ClockLayout)
	}
	return t.Format(MomentLayout)
}

// AppendText appends a text between quotes, each quote in it doubled.
func AppendText(dst []byte, text string) []byte { return AppendQuoted(dst, text, '\'', '\'') }
