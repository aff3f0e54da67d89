package worker

import (
	"encoding/base64"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// plainHeaders are a record's headers for the dead letter queue of a source.
func plainHeaders(hs []connect.Header) []kafka.Header {
	var out []kafka.Header
	for _, h := range hs {
		out = append(out, kafka.Header{Key: h.Key, Value: plainBytes(h.Value)})
	}
	return out
}

// plainBytes is a value without a converter, for the dead letter queue of a
// source: text and bytes as they are, everything else as JSON, null as null.
func plainBytes(v connect.Value) []byte {
	switch v.Kind() {
	case connect.KindNull:
		return nil
	case connect.KindString, connect.KindBytes:
		return v.Raw()
	}
	return appendJSON(nil, v)
}

// appendJSON writes any value as JSON: bytes in base64, instants in
// milliseconds, decimals as numbers, maps with keys that are no strings by
// their JSON text.
func appendJSON(b []byte, v connect.Value) []byte {
	switch v.Kind() {
	case connect.KindBool:
		return strconv.AppendBool(b, v.Bool())
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		return strconv.AppendInt(b, v.Int(), 10)
	case connect.KindFloat32, connect.KindFloat64:
		return appendFloat(b, v)
	case connect.KindString:
		return appendQuoted(b, v.Str())
	case connect.KindBytes:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v.Raw())
		return append(b, '"')
	case connect.KindInstant:
		return strconv.AppendInt(b, v.Instant().UnixMilli(), 10)
	case connect.KindDecimal:
		return append(b, decimalText(v.Decimal())...)
	case connect.KindArray:
		return appendArray(b, v.Array().Elems)
	case connect.KindMap:
		return appendMap(b, v.Map())
	case connect.KindStruct:
		return appendStruct(b, v.Struct())
	}
	return append(b, "null"...)
}

func appendArray(b []byte, elems []connect.Value) []byte {
	b = append(b, '[')
	for i, e := range elems {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(b, e)
	}
	return append(b, ']')
}

func appendMap(b []byte, m *connect.Map) []byte {
	b = append(b, '{')
	for i := range m.Len() {
		e := m.At(i)
		if i > 0 {
			b = append(b, ',')
		}
		key := e.Key.Str()
		if e.Key.Kind() != connect.KindString {
			key = string(appendJSON(nil, e.Key))
		}
		b = append(appendQuoted(b, key), ':')
		b = appendJSON(b, e.Value)
	}
	return append(b, '}')
}

func appendStruct(b []byte, s *connect.Struct) []byte {
	b = append(b, '{')
	for i, f := range s.Schema.Fields() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendQuoted(b, f.Name), ':')
		b = appendJSON(b, s.Slots[i])
	}
	return append(b, '}')
}

// appendFloat writes what JSON has no number for (NaN, the infinities) as text.
func appendFloat(b []byte, v connect.Value) []byte {
	bits := 64
	if v.Kind() == connect.KindFloat32 {
		bits = 32
	}
	s := strconv.FormatFloat(v.Float(), 'g', -1, bits)
	if strings.ContainsAny(s, "NI") {
		return appendQuoted(b, s)
	}
	return append(b, s...)
}

func decimalText(d *connect.Decimal) string {
	if d.Unscaled == nil {
		return "0"
	}
	if d.Scale == 0 {
		return d.Unscaled.String()
	}
	if d.Scale > 0 && d.Scale < 1000 {
		digits := new(big.Int).Abs(d.Unscaled).String()
		if pad := int(d.Scale) + 1 - len(digits); pad > 0 {
			digits = strings.Repeat("0", pad) + digits
		}
		sign := ""
		if d.Unscaled.Sign() < 0 {
			sign = "-"
		}
		point := len(digits) - int(d.Scale)
		return sign + digits[:point] + "." + digits[point:]
	}
	return d.Unscaled.String() + "E" + strconv.Itoa(-int(d.Scale))
}

const hexDigits = "0123456789abcdef"

func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s { // damaged UTF-8 becomes U+FFFD
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
