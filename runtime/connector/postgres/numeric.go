package postgres

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// A numeric is digits to the base of 10,000, of which the first stands at
// 10,000^weight; scale is how many decimal digits it is printed with.
type numeric struct {
	digits []byte // two bytes each
	weight int
	minus  bool
	scale  int
}

const (
	signMinus = 0x4000
	signNaN   = 0xC000
	signPlus  = 0x0000
	base      = 10000
	baseWidth = 4
)

var (
	errNaN      = errors.New("NaN or an infinity, which no decimal can say: filter such rows out, or cast the column to double precision in a view or a query")
	errTooExact = errors.New("more digits behind the point than the schema's scale has")
)

func readNumeric(b []byte) (numeric, error) {
	if len(b) < 8 {
		return numeric{}, errLength
	}
	n := numeric{
		digits: b[8:], weight: int(int16(binary.BigEndian.Uint16(b[2:]))),
		scale: int(binary.BigEndian.Uint16(b[6:])),
	}
	if len(n.digits) != 2*int(binary.BigEndian.Uint16(b)) {
		return numeric{}, errLength
	}
	switch binary.BigEndian.Uint16(b[4:]) {
	case signPlus:
	case signMinus:
		n.minus = true
	default:
		return numeric{}, errNaN
	}
	return n, nil
}

func (n numeric) len() int        { return len(n.digits) / 2 }
func (n numeric) digit(i int) int { return int(binary.BigEndian.Uint16(n.digits[2*i:])) }

// shift is by what power of ten the digits, taken as one whole number, must be
// multiplied for a number of so many digits behind the point.
func (n numeric) shift(scale int32) int { return int(scale) + baseWidth*(n.weight-n.len()+1) }

var powers = [...]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// small is the unscaled number, where it and all on the way to it fits; lost is
// whether digits had to go.
func (n numeric) small(scale int32) (unscaled int64, lost, ok bool) {
	shift := n.shift(scale)
	if n.len() > 4 || shift >= len(powers) || shift <= -len(powers) {
		return 0, false, n.len() == 0
	}
	for i := range n.len() {
		unscaled = unscaled*base + int64(n.digit(i))
	}
	if shift < 0 {
		p := powers[-shift]
		unscaled, lost = unscaled/p, unscaled%p != 0
	} else {
		if unscaled > math.MaxInt64/powers[shift] {
			return 0, false, false
		}
		unscaled *= powers[shift]
	}
	if n.minus {
		unscaled = -unscaled
	}
	return unscaled, lost, true
}

// large is small without limits.
func (n numeric) large(scale int32) (*big.Int, bool) {
	text := make([]byte, 0, 1+baseWidth*n.len())
	text = append(text, '0')
	for i := range n.len() {
		d := n.digit(i)
		text = append(text, byte('0'+d/1000%10), byte('0'+d/100%10), byte('0'+d/10%10), byte('0'+d%10))
	}
	unscaled, _ := new(big.Int).SetString(string(text), 10)
	lost := false
	switch shift := n.shift(scale); {
	case shift > 0:
		unscaled.Mul(unscaled, database.PowerOfTen(int64(shift)))
	case shift < 0:
		rest := new(big.Int)
		unscaled.QuoRem(unscaled, database.PowerOfTen(int64(-shift)), rest)
		lost = rest.Sign() != 0
	}
	if n.minus {
		unscaled.Neg(unscaled)
	}
	return unscaled, lost
}

const decimalChunk = 64

// decimal makes a decimal of a small number.
func (s *state) decimal(unscaled int64, scale int32) connect.Value {
	if len(s.decimals) == 0 {
		s.decimals = make([]database.SmallDecimal, decimalChunk)
	}
	d := &s.decimals[0]
	s.decimals = s.decimals[1:]
	return d.Set(uint64(max(unscaled, -unscaled)), unscaled < 0, scale).Value()
}

func decodeDecimal(scale int32) decoder {
	return func(s *state, b []byte) (connect.Value, error) {
		n, err := readNumeric(b)
		if err != nil {
			return connect.Null, err
		}
		unscaled, lost, ok := n.small(scale)
		if lost {
			return connect.Null, errTooExact
		}
		if ok {
			return s.decimal(unscaled, scale), nil
		}
		number, lost := n.large(scale)
		if lost {
			return connect.Null, errTooExact
		}
		return (&connect.Decimal{Unscaled: number, Scale: scale}).Value(), nil
	}
}

// intLimits are the largest numbers of the kinds.
var intLimits = map[connect.Kind]int64{
	connect.KindInt8: math.MaxInt8, connect.KindInt16: math.MaxInt16, connect.KindInt32: math.MaxInt32, connect.KindInt64: math.MaxInt64,
}

func decodeNumericInt(kind connect.Kind) decoder {
	limit := intLimits[kind]
	return func(_ *state, b []byte) (connect.Value, error) {
		n, err := readNumeric(b)
		if err != nil {
			return connect.Null, err
		}
		i, lost, ok := n.small(0)
		if !ok {
			var whole *big.Int
			if whole, lost = n.large(0); whole.IsInt64() {
				i, ok = whole.Int64(), true
			}
		}
		if !ok || lost || i > limit || i < -limit-1 {
			return connect.Null, fmt.Errorf("a number that no %v holds (numeric.mapping): use numericMapping none", kind)
		}
		return connect.IntOf(kind, i), nil
	}
}

// decodeNumericFloat gives the nearest float64.
func decodeNumericFloat(s *state, b []byte) (connect.Value, error) {
	n, err := readNumeric(b)
	if errors.Is(err, errNaN) {
		return specialFloat(binary.BigEndian.Uint16(b[4:])), nil
	}
	if err != nil {
		return connect.Null, err
	}
	// Up to 2^53 and a power of ten that a float64 has exactly, one division is
	// exact to the last bit.
	if unscaled, lost, ok := n.small(int32(n.scale)); ok && !lost && n.scale <= 18 && max(unscaled, -unscaled) < 1<<53 {
		return connect.Float64(float64(unscaled) / float64(powers[n.scale])), nil
	}
	unscaled, _ := n.large(int32(n.scale))
	text := append(unscaled.Append(s.buffer.Start(), 10), 'e')
	f, err := strconv.ParseFloat(string(strconv.AppendInt(text, -int64(n.scale), 10)), 64)
	if err != nil {
		return connect.Null, errors.New("a number that no float64 holds (numeric.mapping): use numericMapping none")
	}
	return connect.Float64(f), nil
}

// specialFloat is what a float64 has for those that are no numbers.
func specialFloat(sign uint16) connect.Value {
	switch sign {
	case 0xD000:
		return connect.Float64(math.Inf(1))
	case 0xF000:
		return connect.Float64(math.Inf(-1))
	}
	return connect.Float64(math.NaN())
}
