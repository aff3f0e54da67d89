package connect

import (
	"fmt"
	"math/big"
	"strconv"
)

// Decimal is an exact number, Unscaled × 10^-Scale, as java.math.BigDecimal. A
// nil Unscaled is zero.
type Decimal struct {
	Unscaled *big.Int
	Scale    int32
}

// Value makes a value of d; nil is null.
func (d *Decimal) Value() Value {
	if d == nil {
		return Null
	}
	return Value{kind: KindDecimal, p: ptr(d)}
}

var zero big.Int

func (d *Decimal) unscaled() *big.Int {
	if d.Unscaled == nil {
		return &zero
	}
	return d.Unscaled
}

// Equal reports whether two decimals have equal digits and equal scale
// (BigDecimal.equals): 1.0 is not 1.00.
func (d *Decimal) Equal(o *Decimal) bool {
	return d.Scale == o.Scale && d.unscaled().Cmp(o.unscaled()) == 0
}

// DecimalOf reads what Connect writes for a decimal: the unscaled number in
// two's complement, big-endian. No bytes at all are refused, as by
// java.math.BigInteger.
func DecimalOf(b []byte, scale int32) (*Decimal, error) {
	if len(b) == 0 {
		return nil, fmt.Errorf("connect: read decimal: no bytes")
	}
	n := new(big.Int).SetBytes(b)
	if b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
	}
	return &Decimal{n, scale}, nil
}

// AppendUnscaled appends the unscaled number in two's complement, big-endian,
// in as few bytes as hold it (BigInteger.toByteArray).
func (d *Decimal) AppendUnscaled(dst []byte) []byte {
	n := d.unscaled()
	if n.Sign() >= 0 {
		size := n.BitLen()/8 + 1
		dst = append(dst, make([]byte, size)...)
		n.FillBytes(dst[len(dst)-size:])
		return dst
	}
	// -n-1 has the bits of n inverted.
	inv := new(big.Int).Not(n)
	size := inv.BitLen()/8 + 1
	dst = append(dst, make([]byte, size)...)
	tail := dst[len(dst)-size:]
	inv.FillBytes(tail)
	for i := range tail {
		tail[i] = ^tail[i]
	}
	return dst
}

// String is the decimal as BigDecimal.toString writes it: "1.50", "5E+2",
// "1E-7".
func (d *Decimal) String() string { return string(d.Append(nil)) }

// Append appends what String gives.
func (d *Decimal) Append(dst []byte) []byte {
	start := len(dst)
	dst = d.unscaled().Append(dst, 10)
	if d.Scale == 0 {
		return dst
	}
	first := start // the first digit
	if dst[start] == '-' {
		first++
	}
	digits := len(dst) - first
	exponent := int64(digits-1) - int64(d.Scale)
	if d.Scale > 0 && exponent >= -6 {
		return plain(dst, first, int(d.Scale))
	}
	if digits > 1 {
		dst = append(dst, 0)
		copy(dst[first+2:], dst[first+1:])
		dst[first+1] = '.'
	}
	if exponent == 0 {
		return dst
	}
	dst = append(dst, 'E')
	if exponent > 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, exponent, 10)
}

// plain puts a point before the last scale digits, and zeros where there are
// too few.
func plain(dst []byte, first, scale int) []byte {
	for len(dst)-first <= scale {
		dst = append(dst, 0)
		copy(dst[first+1:], dst[first:])
		dst[first] = '0'
	}
	point := len(dst) - scale
	dst = append(dst, 0)
	copy(dst[point+1:], dst[point:])
	dst[point] = '.'
	return dst
}
