package jsontext

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"kcgen.dev/runtime/connect"
)

const (
	ones = 0x0101010101010101
	tops = 0x80 * ones
)

// special has the top bit set of each byte of x that is < 0x20, '"', '\\' or
// >= 0x80, whose own top bit is set. A borrow may set one too many above the
// first, which is the one that counts.
func special(x uint64) uint64 {
	quote, slash := x^'"'*ones, x^'\\'*ones
	return (x | (x - 0x20*ones) | (quote - ones) | (slash - ones)) & tops
}

// PlainLen is how many bytes at the start of s are printable ASCII other than
// '"' and '\', looked at eight at a time.
func PlainLen(s []byte) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if m := special(binary.LittleEndian.Uint64(s[i:])); m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	if rest := len(s) - i; rest > 0 && i > 0 {
		// The last eight bytes, without those that were looked at.
		m := special(binary.LittleEndian.Uint64(s[len(s)-8:])>>(64-8*rest) | plainText<<(8*rest))
		return min(len(s), i+bits.TrailingZeros64(m)/8)
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x80 {
			break
		}
	}
	return i
}

// plainText is eight plain bytes.
const plainText = 0x2020202020202020

const hexDigits = "0123456789ABCDEF"

// AppendString appends a JSON string as Jackson writes it: UTF-8, characters
// beyond the basic plane as two \u escapes, damaged UTF-8 as U+FFFD.
func AppendString(dst, s []byte) []byte { return appendString(dst, s, true) }

// AppendStringValue is AppendString for a string value.
func AppendStringValue(dst []byte, v connect.Value) []byte {
	if v.IsPlain() {
		dst = append(append(dst, '"'), v.Raw()...)
		return append(dst, '"')
	}
	return AppendString(dst, v.Raw())
}

// AppendText appends a JSON string as Jackson writes it into text: as
// AppendString does, but with characters beyond the basic plane as they are.
func AppendText(dst, s []byte) []byte { return appendString(dst, s, false) }

func appendString(dst, s []byte, pairs bool) []byte {
	dst = append(dst, '"')
	for {
		n := PlainLen(s)
		dst = append(dst, s[:n]...)
		if n == len(s) {
			return append(dst, '"')
		}
		if s = s[n:]; s[0] < utf8.RuneSelf {
			dst = appendEscape(dst, s[0])
			s = s[1:]
		} else {
			dst, s = appendWide(dst, s, pairs)
		}
	}
}

// appendWide appends the characters beyond ASCII at the start of s, and
// returns what is left of it; pairs are the escapes of AppendString.
func appendWide(dst, s []byte, pairs bool) (_, rest []byte) {
	for len(s) > 0 && s[0] >= utf8.RuneSelf {
		r, n := utf8.DecodeRune(s)
		switch {
		case r == utf8.RuneError && n == 1:
			n = connect.MalformedLen(s)
			dst = append(dst, "\uFFFD"...)
		case n == 4 && pairs:
			r -= 0x10000
			dst = appendHex(dst, 0xD800+r>>10)
			dst = appendHex(dst, 0xDC00+r&0x3FF)
		default:
			dst = append(dst, s[:n]...)
		}
		s = s[n:]
	}
	return dst, s
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return appendHex(dst, rune(c))
}

func appendHex(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
