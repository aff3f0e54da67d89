package mysql

import (
	"errors"
	"strconv"
)

// digitBytes is how many bytes hold so many digits of a decimal.
var digitBytes = [10]int{0, 1, 1, 2, 2, 3, 3, 4, 4, 4}

const digitsPerWord = 9

// decimalSize is how many bytes a DECIMAL(precision, scale) has in the log.
func decimalSize(precision, scale int) int {
	whole := precision - scale
	if whole < 0 || precision > 65 {
		return 1 << 20 // no such type: longer than any row
	}
	return whole/digitsPerWord*4 + digitBytes[whole%digitsPerWord] + scale/digitsPerWord*4 + digitBytes[scale%digitsPerWord]
}

// decimalText writes a decimal of the log as text, with all digits of its scale.
// Words of nine digits are four bytes; the first bit is the sign's.
func decimalText(v []byte, precision, scale int) ([]byte, error) {
	if len(v) == 0 {
		return nil, errors.New("a decimal has no digits")
	}
	b := append(make([]byte, 0, 32), v...)
	negative := b[0]&0x80 == 0
	b[0] ^= 0x80
	if negative {
		for i := range b {
			b[i] = ^b[i]
		}
	}
	out := make([]byte, 0, precision+3)
	if negative {
		out = append(out, '-')
	}
	whole := precision - scale
	start := len(out)
	take := func(digits int) {
		size := digitBytes[digits]
		n := bigEndian(b[:size])
		b = b[size:]
		text := strconv.AppendUint(nil, n, 10)
		for range digits - len(text) {
			out = append(out, '0')
		}
		out = append(out, text...)
	}
	if rest := whole % digitsPerWord; rest > 0 {
		take(rest)
	}
	for range whole / digitsPerWord {
		take(digitsPerWord)
	}
	out = trimZeros(out, start)
	if scale > 0 {
		out = append(out, '.')
	}
	for range scale / digitsPerWord {
		take(digitsPerWord)
	}
	if rest := scale % digitsPerWord; rest > 0 {
		take(rest)
	}
	return out, nil
}

// trimZeros takes zeros from the beginning, but for the last digit.
func trimZeros(b []byte, start int) []byte {
	i := start
	for i < len(b)-1 && b[i] == '0' && b[i+1] != '.' {
		i++
	}
	if len(b) == start {
		return append(b, '0')
	}
	return append(b[:start], b[i:]...)
}
