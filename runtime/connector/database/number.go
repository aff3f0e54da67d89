package database

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"kcgen.dev/runtime/connect"
)

// maxExponent bounds the work that a number such as 1e999999999 may cause.
const maxExponent = 10000

var errNumber = errors.New("no number")

// ParseDecimal reads a number as databases write it ("-12.50", "1.5e-7"), with
// the scale that its digits have.
func ParseDecimal[T ~string | ~[]byte](text T) (*connect.Decimal, error) {
	if d := parseSmall(text); d != nil {
		return d, nil
	}
	mantissa, exponent, err := splitExponent(string(text))
	if err != nil {
		return nil, err
	}
	digits, scale, point, seen := make([]byte, 0, 40), 0, false, false
	for i := range len(mantissa) {
		switch c := mantissa[i]; {
		case c >= '0' && c <= '9':
			digits, seen = append(digits, c), true
			if point {
				scale++
			}
		case c == '.' && !point:
			point = true
		case c == '-' && i == 0:
			digits = append(digits, c)
		case c == '+' && i == 0:
		default:
			return nil, errNumber
		}
	}
	if !seen {
		return nil, errNumber
	}
	n, _ := new(big.Int).SetString(string(digits), 10)
	return &connect.Decimal{Unscaled: n, Scale: int32(scale - exponent)}, nil
}

// maxSmall is how many digits a word holds, whatever they are.
const maxSmall = 18

// parseSmall reads a number of a few digits and a point, as nearly all are, with
// one allocation; nil is any other.
func parseSmall[T ~string | ~[]byte](text T) *connect.Decimal {
	i, negative := 0, false
	if len(text) > 0 && text[0] == '-' {
		i, negative = 1, true
	}
	if len(text)-i > maxSmall {
		return nil
	}
	n, point, first := uint64(0), -1, i
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			n = n*10 + uint64(c-'0')
		case c == '.' && point < 0:
			point = i
		default:
			return nil
		}
	}
	scale := 0
	if point >= 0 {
		scale = len(text) - 1 - point
	}
	if len(text) == first || len(text) == first+1 && point >= 0 {
		return nil
	}
	return new(SmallDecimal).Set(n, negative, int32(scale))
}

// SmallDecimal is room for a decimal of at most 64 bits with all that it points
// to, so that it, or a row of them, is one allocation.
type SmallDecimal struct {
	decimal connect.Decimal
	n       big.Int
	word    [1]big.Word
}

// Set makes it n×10^-scale, and gives the decimal: room is for one.
func (s *SmallDecimal) Set(n uint64, negative bool, scale int32) *connect.Decimal {
	if s.word[0] = big.Word(n); uint64(s.word[0]) == n {
		s.n.SetBits(s.word[:])
	} else { // a machine of 32 bits
		s.n.SetUint64(n)
	}
	if negative {
		s.n.Neg(&s.n)
	}
	s.decimal = connect.Decimal{Unscaled: &s.n, Scale: scale}
	return &s.decimal
}

func splitExponent(text string) (mantissa string, exponent int, err error) {
	for i := range len(text) {
		if text[i] == 'e' || text[i] == 'E' {
			exponent, err = strconv.Atoi(text[i+1:])
			if err != nil || exponent > maxExponent || exponent < -maxExponent {
				return "", 0, errNumber
			}
			return text[:i], exponent, nil
		}
	}
	return text, 0, nil
}

// Rescale gives a decimal another scale; an error where digits would be lost.
func Rescale(d *connect.Decimal, scale int32) (*connect.Decimal, error) {
	by := int64(scale) - int64(d.Scale)
	switch {
	case by == 0:
		return d, nil
	case d.Unscaled == nil:
		return &connect.Decimal{Unscaled: d.Unscaled, Scale: scale}, nil
	case by > 2*maxExponent || by < -2*maxExponent:
		return nil, fmt.Errorf("a scale of %d does not do for a number of scale %d", scale, d.Scale)
	case by > 0:
		return &connect.Decimal{Unscaled: new(big.Int).Mul(d.Unscaled, PowerOfTen(by)), Scale: scale}, nil
	}
	n, rest := new(big.Int).QuoRem(d.Unscaled, PowerOfTen(-by), new(big.Int))
	if rest.Sign() != 0 {
		return nil, fmt.Errorf("%s has more than %d digits behind the point", d, scale)
	}
	return &connect.Decimal{Unscaled: n, Scale: scale}, nil
}

// PowerOfTen is 10^n.
func PowerOfTen(n int64) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil) }

// FloatDecimal is a float64 as a decimal of a scale: its 15 digits, which are
// all that a decimal written into a float64 is sure to keep.
func FloatDecimal(f float64, scale int32) (*connect.Decimal, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("%v is no decimal", f)
	}
	if d := quickFloat(f, scale); d != nil {
		return d, nil
	}
	d, err := ParseDecimal(strconv.FormatFloat(f, 'e', 14, 64))
	if err != nil {
		return nil, err
	}
	return Rescale(d, scale)
}

// tens are the powers of ten that a float64 holds exactly.
var tens = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// quickFloat finds the decimal of at most 15 digits that reads as f: one number
// over a power of ten, both exact, is rounded but once. nil says nothing.
func quickFloat(f float64, scale int32) *connect.Decimal {
	if scale < 0 || int(scale) >= len(tens) {
		return nil
	}
	n := math.RoundToEven(f * tens[scale])
	if math.Abs(n) >= 1e15 || n/tens[scale] != f {
		return nil
	}
	return new(SmallDecimal).Set(uint64(math.Abs(n)), n < 0, scale)
}

// AppendDecimal appends a decimal as SQL reads it: digits and a point, no
// exponent.
func AppendDecimal(dst []byte, d *connect.Decimal) ([]byte, error) {
	if d.Scale < 0 {
		whole, err := Rescale(d, 0)
		if err != nil {
			return dst, err
		}
		d = whole
	}
	if d.Scale > maxExponent {
		return dst, fmt.Errorf("a scale of %d is too large", d.Scale)
	}
	if d.Unscaled == nil {
		return append(dst, '0'), nil
	}
	start := len(dst)
	dst = d.Unscaled.Append(dst, 10)
	if dst[start] == '-' {
		start++
	}
	return withPoint(dst, start, int(d.Scale)), nil
}

// withPoint puts a point before the last scale digits of those from start on.
func withPoint(dst []byte, start, scale int) []byte {
	if scale == 0 {
		return dst
	}
	if missing := scale + 1 - (len(dst) - start); missing > 0 {
		for range missing {
			dst = append(dst, '0')
		}
		copy(dst[start+missing:], dst[start:len(dst)-missing])
		for i := range missing {
			dst[start+i] = '0'
		}
	}
	dst = append(dst, 0)
	at := len(dst) - 1 - scale
	copy(dst[at+1:], dst[at:])
	dst[at] = '.'
	return dst
}
