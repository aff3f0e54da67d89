package jsontext

import (
	"bytes"
	"strconv"

	"kcgen.dev/runtime/connect"
)

// ReadText reads the string that begins at a quote of the text, which it
// aliases where it can, and gives the place behind it, or Bad.
func ReadText(text []byte, at int) (v connect.Value, end int) {
	rest := text[at+1:]
	n := PlainLen(rest)
	if n < len(rest) && rest[n] == '"' {
		return connect.PlainText(rest[:n:n]), at + n + 2
	}
	if end = PassString(text, at); end == Bad {
		return v, Bad
	}
	raw := text[at+1 : end-1 : end-1]
	if bytes.IndexByte(raw, '\\') >= 0 {
		raw = unescape(raw)
	}
	return connect.Text(raw), end
}

// ReadNumber reads a number of few digits and without an exponent; any other is
// Bad.
func ReadNumber(text []byte, at int) (v connect.Value, end int) {
	from := at
	if text[at] == '-' {
		from++
	}
	i, end := readDigits(text, from)
	if end == from || end-from > 18 {
		return v, Bad
	}
	if end < len(text) && (text[end] == '.' || text[end]|0x20 == 'e') {
		return readFraction(text, at, from, end, i)
	}
	if from > at {
		i = -i
	}
	return connect.Int64(i), end
}

func readDigits(text []byte, at int) (i int64, end int) {
	for end = at; end < len(text); end++ {
		c := text[end] - '0'
		if c > 9 || end-at > 18 {
			break
		}
		i = i*10 + int64(c)
	}
	return i, end
}

// powers are the powers of ten that a float64 holds exactly, as far as they are
// of use here.
var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// readFraction reads the rest of a number that begins at start with a point at
// point; whole is what is between them, from the first digit on.
func readFraction(text []byte, start, first, point int, whole int64) (v connect.Value, end int) {
	if text[point] != '.' {
		return v, Bad
	}
	part, end := readDigits(text, point+1)
	behind := end - point - 1
	if behind == 0 || behind > 18 || end < len(text) && text[end]|0x20 == 'e' {
		return v, Bad
	}
	if point-first+behind <= 15 {
		// Both are exact, so the quotient is rounded once, as it has to be.
		f := (float64(whole)*powers[behind] + float64(part)) / powers[behind]
		if f == 0 {
			return v, Bad // which may be a negative zero
		}
		if first > start {
			f = -f
		}
		return connect.Float64(f), end
	}
	f, err := strconv.ParseFloat(string(text[start:end]), 64)
	if err != nil || f == 0 {
		return v, Bad
	}
	return connect.Float64(f), end
}
