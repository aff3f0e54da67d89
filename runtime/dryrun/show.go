package dryrun

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"kcgen.dev/runtime/connect"
)

// maxShown is how many bytes of a value are shown.
const maxShown = 500

func shorten(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return strings.ToValidUTF8(s[:maxShown], "") + "…"
}

// showData is data of the spec as a spec would have it.
func showData(x any) string {
	var b strings.Builder
	appendData(&b, x)
	return shorten(b.String())
}

func appendData(b *strings.Builder, x any) {
	if b.Len() > maxShown {
		return
	}
	switch x := x.(type) {
	case nil:
		b.WriteString("null")
	case string:
		b.WriteString(strconv.Quote(x))
	case []byte:
		b.WriteString(quoteBytes(x))
	case json.Number:
		b.WriteString(string(x))
	case []any:
		b.WriteByte('[')
		for i, e := range x {
			sep(b, i)
			appendData(b, e)
		}
		b.WriteByte(']')
	case object:
		b.WriteByte('{')
		for i, f := range x {
			sep(b, i)
			b.WriteString(label(f.name) + ": ")
			appendData(b, f.value)
		}
		b.WriteByte('}')
	default:
		fmt.Fprint(b, x)
	}
}

func sep(b *strings.Builder, i int) {
	if i > 0 {
		b.WriteString(", ")
	}
}

// label is a field's name as CUE has it.
func label(name string) string {
	for i, c := range name {
		if c != '_' && c != '$' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return strconv.Quote(name)
		}
	}
	if name == "" {
		return `""`
	}
	return name
}

// quoteBytes is '…', as CUE writes bytes.
func quoteBytes(b []byte) string {
	var out strings.Builder
	out.WriteByte('\'')
	for _, c := range b[:min(len(b), maxShown)] {
		switch {
		case c == '\'' || c == '\\':
			out.WriteByte('\\')
			out.WriteByte(c)
		case c < 0x20 || c >= 0x7f:
			fmt.Fprintf(&out, `\x%02x`, c)
		default:
			out.WriteByte(c)
		}
	}
	if len(b) > maxShown {
		out.WriteString("…")
	}
	out.WriteByte('\'')
	return out.String()
}

// show is a value as a spec would have it. Its schema may be nil.
func show(v connect.Value, s *connect.Schema) string {
	var b strings.Builder
	appendValue(&b, v, s, 0)
	return shorten(b.String())
}

func appendValue(b *strings.Builder, v connect.Value, s *connect.Schema, depth int) {
	if b.Len() > maxShown || depth > maxDepth {
		return
	}
	switch v.Kind() {
	case connect.KindString:
		b.WriteString(strconv.Quote(v.Str()))
	case connect.KindBytes:
		b.WriteString(quoteBytes(v.Raw()))
	case connect.KindDecimal:
		b.WriteString(strconv.Quote(v.Decimal().String()))
	case connect.KindInstant:
		b.WriteString(strconv.Quote(showInstant(v, s)))
	case connect.KindArray:
		b.WriteByte('[')
		for i, e := range v.Array().Elems {
			sep(b, i)
			appendValue(b, e, elem(s), depth+1)
		}
		b.WriteByte(']')
	case connect.KindMap:
		b.WriteByte('{')
		for i := range v.Map().Len() {
			e := v.Map().At(i)
			sep(b, i)
			b.WriteString(label(keyText(e.Key)) + ": ")
			appendValue(b, e.Value, elem(s), depth+1)
		}
		b.WriteByte('}')
	case connect.KindStruct:
		b.WriteByte('{')
		for i, f := range v.Struct().Schema.Fields() {
			sep(b, i)
			b.WriteString(label(f.Name) + ": ")
			appendValue(b, v.Struct().Slots[i], f.Schema, depth+1)
		}
		b.WriteByte('}')
	default:
		b.Write(connect.FormatValue(nil, v))
	}
}

// elem is the schema of an array's or a map's elements; nil where none is
// known.
func elem(s *connect.Schema) *connect.Schema {
	if s == nil {
		return nil
	}
	return s.Elem()
}

// keyText is a map's key as a name.
func keyText(v connect.Value) string { return string(connect.FormatValue(nil, v)) }

func showInstant(v connect.Value, s *connect.Schema) string {
	l := connect.LogicalTimestamp
	if s != nil && instants[s.Logical()].layout != "" {
		l = s.Logical()
	}
	return v.Instant().UTC().Format(instants[l].layout)
}

// showBytes is a topic's bytes: as text where they are text, else in hex.
func showBytes(b []byte) string {
	switch {
	case b == nil:
		return "null"
	case isText(b):
		return shorten(string(b))
	}
	return shorten(hex.EncodeToString(b))
}

func isText(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	for _, c := range string(b) {
		if c != '\t' && c != '\n' && !strconv.IsPrint(c) {
			return false
		}
	}
	return true
}
