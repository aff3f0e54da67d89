package jsontext

import (
	"fmt"
	"math"
	"math/big"
	"strconv"

	"kcgen.dev/runtime/connect"
)

// InRange reports whether the integer at n is an int64.
func (t *Tape) InRange(n int) bool {
	_, err := strconv.ParseInt(string(t.Raw(n)), 10, 64)
	return err == nil
}

// Integer is the number at n without what is behind the point, modulo 2^64, as
// longValue of Java's numbers gives it.
func (t *Tape) Integer(n int) int64 {
	raw := t.Raw(n)
	negative := raw[0] == '-'
	if negative {
		raw = raw[1:]
	}
	var u uint64
	if t.Nodes[n].Token == Int {
		for _, c := range raw {
			u = u*10 + uint64(c-'0')
		}
	} else {
		u = truncated(raw)
	}
	if negative {
		u = -u
	}
	return int64(u)
}

// truncated is the whole part of digits[.digits][E±digits], modulo 2^64.
func truncated(raw []byte) (u uint64) {
	digits, frac, exp, ok := split(raw)
	if !ok {
		return 0 // an exponent beyond all bounds; value and errors are the caller's
	}
	whole := int64(len(digits)) - int64(frac) + exp
	for i := int64(0); i < whole; i++ {
		if i >= int64(len(digits))+64 {
			return 0 // 10^64 is a multiple of 2^64
		}
		d := byte('0')
		if i < int64(len(digits)) {
			d = digits[i]
		}
		u = u*10 + uint64(d-'0')
	}
	return u
}

// split takes an unsigned number apart: all its digits, how many of them stand
// behind the point, and the exponent. It reports false where the scale is
// beyond what a BigDecimal holds.
func split(raw []byte) (digits []byte, frac int, exp int64, ok bool) {
	digits = make([]byte, 0, 64)
	point := false
	for i, c := range raw {
		switch c {
		case '.':
			point = true
			continue
		case 'e', 'E':
			var err error
			if exp, err = strconv.ParseInt(string(raw[i+1:]), 10, 64); err != nil {
				return digits, frac, 0, false
			}
			scale := int64(frac) - exp
			return digits, frac, exp, scale >= math.MinInt32 && scale <= math.MaxInt32
		}
		digits = append(digits, c)
		if point {
			frac++
		}
	}
	return digits, frac, 0, true
}

// Float is the number at n as a float, infinite where it is too large. There
// is no negative zero, as it goes through a BigDecimal in Java.
func (t *Tape) Float(n, bits int) (float64, error) {
	raw := t.Raw(n)
	if t.Nodes[n].Token == Float {
		if err := checkScale(raw, int(t.Nodes[n].Start)); err != nil {
			return 0, err
		}
	}
	f, err := strconv.ParseFloat(string(raw), bits)
	if err != nil && !math.IsInf(f, 0) {
		return 0, fmt.Errorf("number at byte %d: bad number", t.Nodes[n].Start)
	}
	if f == 0 && isZero(raw) {
		f = 0 // not -0
	}
	return f, nil
}

// checkScale refuses an exponent that no BigDecimal holds.
func checkScale(raw []byte, start int) error {
	for i, c := range raw {
		if c|0x20 == 'e' && len(raw)-i > 9 { // fewer digits are within bounds
			if raw[0] == '-' {
				raw = raw[1:]
			}
			if _, _, _, ok := split(raw); !ok {
				return fmt.Errorf("number at byte %d: its exponent is out of bounds", start)
			}
			return nil
		}
	}
	return nil
}

// isZero reports whether a number has no digit but zeros.
func isZero(raw []byte) bool {
	for _, c := range raw {
		if c|0x20 == 'e' {
			return true
		}
		if c >= '1' && c <= '9' {
			return false
		}
	}
	return true
}

// Decimal is the number at n, with the scale that it is written in.
func (t *Tape) Decimal(n int) (connect.Value, error) {
	raw := t.Raw(n)
	negative := raw[0] == '-'
	if negative {
		raw = raw[1:]
	}
	digits, frac, exp, ok := split(raw)
	if !ok {
		return connect.Null, fmt.Errorf("number at byte %d: its exponent is out of bounds", t.Nodes[n].Start)
	}
	u, _ := new(big.Int).SetString(string(digits), 10)
	if negative {
		u.Neg(u)
	}
	d := &connect.Decimal{Unscaled: u, Scale: int32(int64(frac) - exp)}
	return d.Value(), nil
}
