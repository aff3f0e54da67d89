package convert

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"

	"kcgen.dev/runtime/connect"
)

// charset is an encoding other than UTF-8. Both functions append to dst. What
// cannot be written becomes '?', and what cannot be read U+FFFD, as in Java.
type charset struct {
	encode func(dst, text []byte) []byte
	decode func(dst, data []byte) []byte
}

// charsets are the encodings, by Java's names.
var charsets = map[string]charset{
	"US-ASCII":   narrow(0x7F),
	"ISO-8859-1": narrow(0xFF),
	"UTF-16":     {encodeUTF16, decodeUTF16},
	"UTF-16BE":   wide(binary.BigEndian),
	"UTF-16LE":   wide(binary.LittleEndian),
}

// order is a byte order that reads and appends.
type order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// narrow is one byte a character, up to max.
func narrow(max rune) charset {
	return charset{
		encode: func(dst, text []byte) []byte {
			eachRune(text, func(r rune) {
				if r > max {
					r = '?'
				}
				dst = append(dst, byte(r))
			})
			return dst
		},
		decode: func(dst, data []byte) []byte {
			for _, b := range data {
				r := rune(b)
				if r > max {
					r = utf8.RuneError
				}
				dst = utf8.AppendRune(dst, r)
			}
			return dst
		},
	}
}

// wide is UTF-16 of a known byte order, without a mark.
func wide(o order) charset {
	return charset{
		encode: func(dst, text []byte) []byte {
			var units [2]uint16
			eachRune(text, func(r rune) {
				for _, u := range utf16.AppendRune(units[:0], r) {
					dst = o.AppendUint16(dst, u)
				}
			})
			return dst
		},
		decode: func(dst, data []byte) []byte { return decodeUnits(dst, data, o) },
	}
}

// decodeUnits reads UTF-16; half a character is U+FFFD.
func decodeUnits(dst, data []byte, o order) []byte {
	for len(data) >= 2 {
		r := rune(o.Uint16(data))
		data = data[2:]
		if utf16.IsSurrogate(r) {
			pair := utf8.RuneError
			if len(data) >= 2 {
				pair = utf16.DecodeRune(r, rune(o.Uint16(data)))
			}
			if r = pair; r != utf8.RuneError {
				data = data[2:]
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	if len(data) == 1 {
		dst = utf8.AppendRune(dst, utf8.RuneError)
	}
	return dst
}

// encodeUTF16 writes big-endian behind a mark, as Java does.
func encodeUTF16(dst, text []byte) []byte {
	if len(text) == 0 {
		return dst
	}
	dst = append(dst, 0xFE, 0xFF)
	return charsets16.encode(dst, text)
}

// decodeUTF16 goes by the mark, and is big-endian without one.
func decodeUTF16(dst, data []byte) []byte {
	var o order = binary.BigEndian
	if len(data) >= 2 {
		switch {
		case data[0] == 0xFE && data[1] == 0xFF:
			data = data[2:]
		case data[0] == 0xFF && data[1] == 0xFE:
			data, o = data[2:], binary.LittleEndian
		}
	}
	return decodeUnits(dst, data, o)
}

var charsets16 = wide(binary.BigEndian)

// eachRune calls f with each character, U+FFFD for each damaged sequence.
func eachRune(text []byte, f func(rune)) {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n == 1 {
			n = connect.MalformedLen(text)
		}
		f(r)
		text = text[n:]
	}
}
