package jsontext

import (
	"errors"
	"fmt"
	"strconv"

	"kcgen.dev/runtime/connect"
)

// words are what tokens are called in errors, by Token.
var words = [...]string{"null", "a boolean", "a boolean", "a number", "a number", "a string", "an array", "an object", "an object", "no number"}

// Word is what the value at n is called in errors.
func (t *Tape) Word(n int) string { return words[t.Nodes[n].Token] }

// Unfit is the error of a value at n whose type is not the schema's.
func (t *Tape) Unfit(s *connect.Schema, n int) error {
	return fmt.Errorf("%s at byte %d, but the schema says %v", t.Word(n), t.Nodes[n].Start, s)
}

// Logical reads the value at n of a logical type. These are not lax.
func (t *Tape) Logical(s *connect.Schema, n int) (connect.Value, error) {
	token := t.Nodes[n].Token
	if s.Logical() == connect.LogicalDecimal {
		switch token {
		case Int, Float:
			return t.Decimal(n)
		case String:
			return t.decimalBytes(s, n)
		}
		return connect.Null, t.Unfit(s, n)
	}
	if token != Int {
		return connect.Null, t.Unfit(s, n)
	}
	i := t.Integer(n)
	if s.Logical() == connect.LogicalTimestamp {
		if t.Strict && !t.InRange(n) {
			return connect.Null, t.Unfit(s, n)
		}
		return connect.InstantMilli(i), nil
	}
	if i != int64(int32(i)) || !t.InRange(n) {
		return connect.Null, t.Unfit(s, n)
	}
	if s.Logical() == connect.LogicalDate {
		return connect.InstantMilli(i * connect.MillisPerDay), nil
	}
	if i < 0 || i > connect.MillisPerDay {
		return connect.Null, fmt.Errorf("number at byte %d is no Time: not within one day", t.Nodes[n].Start)
	}
	return connect.InstantMilli(i), nil
}

func (t *Tape) decimalBytes(s *connect.Schema, n int) (connect.Value, error) {
	b, err := t.Base64(n)
	if err != nil {
		return connect.Null, err
	}
	scale, ok := s.Scale()
	if !ok || len(b) == 0 {
		return connect.Null, fmt.Errorf("string at byte %d is no Decimal: no bytes, or no good scale in the schema", t.Nodes[n].Start)
	}
	d, err := connect.DecimalOf(b, scale)
	return d.Value(), err
}

// Mismatch is the error of a value that is to be written under a schema of
// another type.
func Mismatch(s *connect.Schema, v connect.Value) error {
	return fmt.Errorf("%v, but the schema says %v", v.Kind(), s)
}

// AppendScalar appends a value that has no parts.
func AppendScalar(dst []byte, v connect.Value) []byte {
	switch v.Kind() {
	case connect.KindBool:
		return strconv.AppendBool(dst, v.Bool())
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		return strconv.AppendInt(dst, v.Int(), 10)
	case connect.KindFloat32, connect.KindFloat64:
		return AppendFloat(dst, v)
	case connect.KindString:
		return AppendStringValue(dst, v)
	case connect.KindBytes:
		return AppendBase64(dst, v.Raw())
	}
	return append(dst, "null"...)
}

// Logicals appends values of logical types; Numeric is whether decimals are
// numbers.
type Logicals struct {
	Numeric bool
	scratch []byte
}

// Append appends a value of the logical type of s.
func (l *Logicals) Append(dst []byte, s *connect.Schema, v connect.Value) ([]byte, error) {
	logical := s.Logical()
	if logical == connect.LogicalDecimal {
		if v.Kind() != connect.KindDecimal {
			return dst, Mismatch(s, v)
		}
		return l.decimal(dst, s, v.Decimal())
	}
	if v.Kind() != connect.KindInstant {
		return dst, Mismatch(s, v)
	}
	return AppendInstant(dst, logical, v.Milli())
}

// AppendInstant appends a Date, a Time or a Timestamp, given in milliseconds.
func AppendInstant(dst []byte, l connect.Logical, ms int64) ([]byte, error) {
	switch l {
	case connect.LogicalDate:
		if ms%connect.MillisPerDay != 0 {
			return dst, errors.New("a Date with a time of day")
		}
		return strconv.AppendInt(dst, int64(int32(ms/connect.MillisPerDay)), 10), nil
	case connect.LogicalTime:
		if ms < 0 || ms > connect.MillisPerDay {
			return dst, errors.New("a Time that is not within one day")
		}
	}
	return strconv.AppendInt(dst, ms, 10), nil
}

func (l *Logicals) decimal(dst []byte, s *connect.Schema, d *connect.Decimal) ([]byte, error) {
	if l.Numeric {
		return d.Append(dst), nil
	}
	scale, ok := s.Scale()
	if !ok {
		return dst, errors.New("a Decimal whose schema has no good scale parameter")
	}
	if d.Scale != scale {
		return dst, fmt.Errorf("a Decimal of scale %d, but the schema says %d", d.Scale, scale)
	}
	l.scratch = d.AppendUnscaled(l.scratch[:0])
	return AppendBase64(dst, l.scratch), nil
}
