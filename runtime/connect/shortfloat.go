package connect

import "strconv"

// appendShort appends a number that few digits tell, as most amounts and
// measures: at least 0.001, below 10^7, and at most eight digits behind the point.
// It reports false for any other. What has 15 digits or fewer and reads back as
// f is the only such text, and is what JDK 17 finds, whose own way takes five
// times as long.
func appendShort(dst []byte, f float64) (_ []byte, ok bool) {
	if f < 1e-3 || f >= 1e7 {
		return dst, false
	}
	n, unit, behind := uint64(f*1e3+0.5), uint64(1e3), 3
	if float64(n)/1e3 != f { // both are exact, so the quotient is rounded once
		if n, unit, behind = uint64(f*1e8+0.5), 1e8, 8; float64(n)/1e8 != f {
			return dst, false
		}
	}
	dst = append(strconv.AppendUint(dst, n/unit, 10), '.')
	part := n % unit
	for behind > 1 && part%10 == 0 {
		part /= 10
		behind--
	}
	dst = append(dst, "00000000"[:behind]...)
	for i := len(dst) - 1; part > 0; i-- {
		dst[i] = byte('0' + part%10)
		part /= 10
	}
	return dst, true
}
