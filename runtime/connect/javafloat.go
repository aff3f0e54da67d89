package connect

import (
	"math"
	"math/bits"
	"strconv"
)

// AppendFloat64 appends f as Double.toString writes it in the JDK 17 that Kafka
// Connect is delivered for: mostly the shortest digits that read back as f, but
// a digit more for some numbers, as 2.0E-3 once was (JDK-4511638, which JDK 19
// mended). At least one digit is on each side of the point; there is an
// exponent below 1E-3 and from 1E7 on.
func AppendFloat64(dst []byte, f float64) []byte {
	b := math.Float64bits(f)
	fract, exp, significant := b&(1<<52-1), int(b>>52&0x7ff), 53
	if exp == 0 && fract != 0 {
		zeros := bits.LeadingZeros64(fract)
		fract, exp, significant = fract<<(zeros-11), 1-(zeros-11), 64-zeros
	}
	return appendJavaFloat(dst, f, fract|1<<52, exp-1023, significant)
}

// AppendFloat32 appends f as Float.toString does; see AppendFloat64.
func AppendFloat32(dst []byte, f float32) []byte {
	b := math.Float32bits(f)
	fract, exp, significant := b&(1<<23-1), int(b>>23&0xff), 24
	if exp == 0 && fract != 0 {
		zeros := bits.LeadingZeros32(fract)
		fract, exp, significant = fract<<(zeros-8), 1-(zeros-8), 32-zeros
	}
	return appendJavaFloat(dst, float64(f), uint64(fract|1<<23)<<29, exp-127, significant)
}

// appendJavaFloat writes a number whose first bit is fract's 53rd and has the
// weight 2^exp. So many of its bits as significant says are known.
func appendJavaFloat(dst []byte, f float64, fract uint64, exp, significant int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case math.Signbit(f):
		dst = append(dst, '-')
	}
	if f == 0 {
		return append(dst, "0.0"...)
	}
	if significant == 53 {
		var ok bool
		if dst, ok = appendShort(dst, math.Abs(f)); ok {
			return dst
		}
	}
	d := javaDigits{fract: fract, exp: exp, significant: significant}
	d.find()
	return d.append(dst)
}

// javaDigits finds a number's decimal digits 0.ddd·10^point, as
// FloatingDecimal of JDK 17 does: by Steele's and White's way, with a test for
// the end that is one unit off where its numbers are large.
type javaDigits struct {
	fract            uint64
	exp, significant int

	buf   [24]byte
	n     int
	point int
}

func (d *javaDigits) find() {
	zeros := bits.TrailingZeros64(d.fract)
	length := 53 - zeros             // of the bits that are not 0 behind
	behind := max(0, length-d.exp-1) // of them behind the binary point
	if behind == 0 && d.exp <= 62 {  // an integer
		d.integer()
		return
	}
	s := d.scale(length, behind)
	d.fract >>= zeros
	b, tens := length+s.b2+bitsOf5(s.b5), s.s2+1+bitsOf5(s.s5+1)
	var end digitsEnd
	switch {
	case b < 32 && tens < 32:
		end = smallDigits[int32](d, s)
	case b < 64 && tens < 64:
		end = smallDigits[int64](d, s)
	default:
		end = d.largeDigits(s)
	}
	d.point++
	if end.high && (!end.low || end.rest > 0 || end.rest == 0 && d.buf[d.n-1]&1 != 0) {
		d.roundUp()
	}
}

// integer writes an integer that fits in 63 bits, without the digits that its
// bits do not tell.
func (d *javaDigits) integer() {
	n := d.fract
	if d.exp >= 52 {
		n <<= d.exp - 52
	} else {
		n >>= 52 - d.exp
	}
	unknown := 0
	if p := d.exp - d.significant - 1; d.exp > d.significant && p > 1 {
		unknown = int(float64(p) * math.Log10(2))
	}
	if unknown > 0 {
		unit := uint64(1)
		for range unknown {
			unit *= 10
		}
		rest := n % unit
		n /= unit
		if rest >= unit/2 {
			n++
		}
	}
	text := strconv.AppendUint(d.buf[:0], n, 10)
	d.point = unknown + len(text)
	d.n = len(text)
	for d.n > 1 && d.buf[d.n-1] == '0' {
		d.n--
	}
}

// digitScale is the number B = fract·5^b5·2^b2 over S = 5^s5·2^s2, and half a
// unit of its last bit, M = 5^b5·2^m2.
type digitScale struct{ b5, b2, s5, s2, m2 int }

// scale estimates the decimal exponent, which may be one too large, and takes
// out the twos that all have in common.
func (d *javaDigits) scale(length, behind int) digitScale {
	d.point = d.estimate()
	s := digitScale{b5: max(0, -d.point), s5: max(0, d.point)}
	s.b2 = s.b5 + behind + d.exp
	s.s2 = s.s5 + behind
	s.m2 = s.b2 - d.significant
	s.b2 -= length - 1
	common := min(s.b2, s.s2)
	s.b2, s.s2, s.m2 = s.b2-common, s.s2-common, s.m2-common
	if length == 1 { // below a power of two the numbers are closer
		s.m2--
	}
	if s.m2 < 0 {
		s.b2, s.s2, s.m2 = s.b2-s.m2, s.s2-s.m2, 0
	}
	return s
}

// estimate is the decimal logarithm, rounded down, by a straight line. The
// conversions keep a processor from adding without rounding first.
func (d *javaDigits) estimate() int {
	x := math.Float64frombits(1023<<52 | d.fract&(1<<52-1))
	line := float64(float64((x-1.5)*0.289529654)+0.176091259) + float64(float64(d.exp)*0.301029995663981)
	return int(math.Floor(line))
}

// fives are the powers of 5 that fit into 63 bits.
var fives = func() (p [28]uint64) {
	p[0] = 1
	for i := range p[1:] {
		p[i+1] = 5 * p[i]
	}
	return p
}()

// bitsOf5 is how many bits 5^n has, exactly as far as it is looked up.
func bitsOf5(n int) int {
	switch {
	case n == 0:
		return 0
	case n < 27:
		return bits.Len64(fives[n])
	}
	return 3 * n
}

// digitsEnd is why the digits ended: what is left is less than half a unit, or
// more than a whole digit but for that; and how it compares with half a digit.
type digitsEnd struct {
	low, high bool
	rest      int
}

// sure is whether the digits may end after the first one: numbers with an
// exponent have two at least.
func (d *javaDigits) sure() bool { return d.point >= -3 && d.point < 8 }

func (d *javaDigits) digit(q byte) {
	d.buf[d.n] = '0' + q
	d.n++
}

// smallDigits does it where all fits into T, whose overflow is seen to.
func smallDigits[T int32 | int64](d *javaDigits, s digitScale) (end digitsEnd) {
	b := T(d.fract) * T(fives[s.b5]) << s.b2
	unit := T(fives[s.s5]) << s.s2
	m := T(fives[s.b5]) << s.m2
	tens := unit * 10
	for first := true; ; first = false {
		q := b / unit
		b = 10 * (b - q*unit)
		m *= 10
		if first || m > 0 {
			end.low, end.high = b < m, b+m > tens
		} else {
			end.low, end.high = true, true
		}
		if first && q == 0 && !end.high {
			d.point--
		} else {
			d.digit(byte(q))
		}
		if first && !d.sure() {
			continue
		}
		if end.low || end.high {
			break
		}
	}
	if rest := b<<1 - tens; rest > 0 {
		end.rest = 1
	} else if rest < 0 {
		end.rest = -1
	}
	return end
}

// largeDigits does it with numbers of any length.
func (d *javaDigits) largeDigits(s digitScale) (end digitsEnd) {
	var unit, b, m, tens, sum longNumber
	unit.set(1, s.s5, s.s2)
	b.set(d.fract, s.b5, s.b2)
	m.set(1, s.b5+1, s.m2+1)
	tens.set(1, s.s5+1, s.s2+1)
	for first := true; ; first = false {
		q := byte(0)
		for b.cmp(&unit) >= 0 {
			b.sub(&unit)
			q++
		}
		b.mul(10)
		if !first {
			m.mul(10)
		}
		sum = b
		sum.add(&m)
		end.low, end.high = b.cmp(&m) < 0, tens.cmp(&sum) <= 0
		if first && q == 0 && !end.high {
			d.point--
		} else {
			d.digit(q)
		}
		if first && !d.sure() {
			continue
		}
		if end.low || end.high {
			break
		}
	}
	b.mul(2)
	end.rest = b.cmp(&tens)
	return end
}

func (d *javaDigits) roundUp() {
	for i := d.n - 1; i >= 0; i-- {
		if d.buf[i] != '9' {
			d.buf[i]++
			return
		}
		d.buf[i] = '0'
	}
	d.buf[0] = '1'
	d.point++
}

// append lays the digits out.
func (d *javaDigits) append(dst []byte) []byte {
	digits := d.buf[:d.n]
	switch {
	case d.point > 0 && d.point < 8:
		whole := min(d.n, d.point)
		dst = append(dst, digits[:whole]...)
		for range d.point - whole {
			dst = append(dst, '0')
		}
		return appendDigits(append(dst, '.'), digits[whole:])
	case d.point <= 0 && d.point > -3:
		dst = append(dst, "0."...)
		for range -d.point {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	dst = append(dst, digits[0], '.')
	dst = append(appendDigits(dst, digits[1:]), 'E')
	return strconv.AppendInt(dst, int64(d.point-1), 10)
}

// appendDigits appends what is behind the point: a digit at least.
func appendDigits(dst, digits []byte) []byte {
	if len(digits) == 0 {
		return append(dst, '0')
	}
	return append(dst, digits...)
}
