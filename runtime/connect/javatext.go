package connect

import (
	"errors"
	"strconv"
	"time"
	"unicode/utf8"
)

// errBytesText says why bytes have no text.
var errBytesText = errors.New("bytes have no text: Kafka Connect writes the address of a Java object; a ByteArray converter keeps them")

// AppendJava appends the text that Java's toString gives for v, which is what
// Connect's StringConverter writes: 1.0E7, [a, b], {k=1}, Struct{a=1} without
// the fields that are null, Thu Feb 29 12:34:56 UTC 2024. Null is "null".
// Strings are appended byte for byte. Bytes are an error: Java gives the
// address of an object.
func AppendJava(dst []byte, v Value) ([]byte, error) {
	switch v.kind {
	case KindNull:
		return append(dst, "null"...), nil
	case KindBool:
		return strconv.AppendBool(dst, v.Bool()), nil
	case KindInt8, KindInt16, KindInt32, KindInt64:
		return strconv.AppendInt(dst, v.Int(), 10), nil
	case KindFloat32:
		return AppendFloat32(dst, float32(v.Float())), nil
	case KindFloat64:
		return AppendFloat64(dst, v.Float()), nil
	case KindString:
		return append(dst, v.Str()...), nil
	case KindDecimal:
		return v.Decimal().Append(dst), nil
	case KindInstant:
		return appendJavaDate(dst, v), nil
	case KindArray:
		return appendJavaList(dst, v.Array())
	case KindMap:
		return appendJavaMap(dst, v.Map())
	case KindStruct:
		return appendJavaStruct(dst, v.Struct())
	}
	return dst, errBytesText
}

// gregorian is when java.util.Date goes over from the Julian calendar: the
// 15th of October 1582, in milliseconds.
const gregorian int64 = -12_219_292_800_000

// appendJavaDate is java.util.Date's toString in UTC.
func appendJavaDate(dst []byte, v Value) []byte {
	t := v.Instant()
	if v.Milli() >= gregorian {
		dst = t.AppendFormat(dst, "Mon Jan 02 15:04:05 UTC ")
		return strconv.AppendInt(dst, int64(t.Year()), 10)
	}
	year, month, day := julian(floorDiv(v.Milli(), MillisPerDay))
	dst = t.AppendFormat(dst, "Mon ")
	dst = append(dst, month.String()[:3]...)
	dst = append(dst, ' ', byte('0'+day/10), byte('0'+day%10))
	dst = t.AppendFormat(dst, " 15:04:05 UTC ")
	return strconv.AppendInt(dst, year, 10)
}

// julian is the day, counted from the epoch, in the Julian calendar. Its years
// begin in March here, so that the leap day comes last.
func julian(days int64) (year int64, month time.Month, day int64) {
	const toMarch = 2440588 + 32082 // from the 1st of March 4801 BC to the epoch
	d := days + toMarch
	year = floorDiv(4*d+3, 1461)
	d -= floorDiv(1461*year, 4)
	m := (5*d + 2) / 153
	day = d - (153*m+2)/5 + 1
	return year - 4800 + m/10, time.Month(m + 3 - 12*(m/10)), day
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func appendJavaList(dst []byte, a *Array) (_ []byte, err error) {
	dst = append(dst, '[')
	for i, e := range a.Elems {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if dst, err = AppendJava(dst, e); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func appendJavaMap(dst []byte, m *Map) (_ []byte, err error) {
	dst = append(dst, '{')
	for i := range m.Len() {
		e := m.At(i)
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if dst, err = AppendJava(dst, e.Key); err != nil {
			return dst, err
		}
		dst = append(dst, '=')
		if dst, err = AppendJava(dst, e.Value); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

func appendJavaStruct(dst []byte, s *Struct) (_ []byte, err error) {
	dst = append(dst, "Struct{"...)
	first := true
	for i, v := range s.Slots {
		if v.IsNull() || s.Schema == nil || i >= len(s.Schema.fields) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, s.Schema.fields[i].Name...)
		dst = append(dst, '=')
		if dst, err = AppendJava(dst, v); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// MalformedLen is the length of the damaged sequence at the start of b, which
// must not begin with a good character: as much as Java's UTF-8 decoder
// replaces by one U+FFFD.
func MalformedLen(b []byte) int {
	if len(b) < 2 || !startsWell(b[0], b[1]) {
		return 1
	}
	if len(b) < 3 || b[2]&0xC0 != 0x80 {
		return 2
	}
	return 3
}

// startsWell reports whether b1 may follow b0 in a sequence of three or four
// bytes. Surrogates (0xED 0xA0…) do for Java until they are put together.
func startsWell(b0, b1 byte) bool {
	if b1&0xC0 != 0x80 {
		return false
	}
	switch {
	case b0 == 0xE0:
		return b1 >= 0xA0
	case b0 == 0xF0:
		return b1 >= 0x90
	case b0 == 0xF4:
		return b1 <= 0x8F
	}
	return b0 >= 0xE1 && b0 <= 0xF3
}

// AppendValid appends s with each damaged sequence replaced by U+FFFD, as Java
// does when it reads text.
func AppendValid(dst []byte, s string) []byte {
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			n = MalformedLen([]byte(s[:min(len(s), 4)]))
			dst = utf8.AppendRune(dst, utf8.RuneError)
		} else {
			dst = append(dst, s[:n]...)
		}
		s = s[n:]
	}
	return dst
}
