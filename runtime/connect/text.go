package connect

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

const (
	maxText  = 256 // bytes of a String()
	maxDepth = 16  // levels of a String()
)

// bounded collects text up to a length, and says where it stopped.
type bounded struct {
	strings.Builder
	max int
}

// full reports whether nothing more goes in.
func (w *bounded) full() bool { return w.Len() >= w.max }

// add appends as much of s as there is room for.
func (w *bounded) add(s string) {
	room := w.max - w.Len()
	if room <= 0 {
		return
	}
	if len(s) <= room {
		w.WriteString(s)
		return
	}
	w.WriteString(strings.ToValidUTF8(s[:room], ""))
	w.WriteString("…")
	w.max = 0 // the mark ends it
}

// quote is a name in an error: quoted, and cut where it is long.
func quote(name string) string {
	if len(name) > 64 {
		name = strings.ToValidUTF8(name[:64], "") + "…"
	}
	return strconv.Quote(name)
}

// String shows the value for debugging, in a bounded length. It is no format:
// see AppendJava for Connect's own text.
func (v Value) String() string {
	w := bounded{max: maxText}
	w.value(v, 0)
	return w.String()
}

func (w *bounded) value(v Value, depth int) {
	if depth > maxDepth {
		w.add("…")
		return
	}
	switch v.kind {
	case KindNull:
		w.add("null")
	case KindBool:
		w.add(strconv.FormatBool(v.Bool()))
	case KindInt8, KindInt16, KindInt32, KindInt64:
		w.add(strconv.FormatInt(v.Int(), 10))
	case KindFloat32, KindFloat64:
		w.add(strconv.FormatFloat(v.Float(), 'g', -1, 64))
	case KindString:
		w.add(strconv.Quote(v.Str()[:min(len(v.Str()), maxText)]))
	case KindBytes:
		w.add("0b64:")
		w.add(base64.StdEncoding.EncodeToString(v.Raw()[:min(len(v.Raw()), maxText)]))
	case KindDecimal:
		w.add(v.Decimal().String())
	case KindInstant:
		w.add(v.Instant().Format(time.RFC3339Nano))
	case KindArray:
		w.list(v.Array().Elems, depth)
	case KindMap:
		w.entries(v.Map(), depth)
	case KindStruct:
		w.fields(v.Struct(), depth)
	default:
		w.add(v.kind.String())
	}
}

func (w *bounded) list(elems []Value, depth int) {
	w.add("[")
	for i := 0; i < len(elems) && !w.full(); i++ {
		if i > 0 {
			w.add(" ")
		}
		w.value(elems[i], depth+1)
	}
	w.add("]")
}

func (w *bounded) entries(m *Map, depth int) {
	w.add("map[")
	for i := 0; i < m.Len() && !w.full(); i++ {
		if i > 0 {
			w.add(" ")
		}
		w.value(m.Keys[i], depth+1)
		w.add(":")
		w.value(m.Vals[i], depth+1)
	}
	w.add("]")
}

func (w *bounded) fields(s *Struct, depth int) {
	w.add("{")
	for i := 0; i < len(s.Slots) && !w.full(); i++ {
		if i > 0 {
			w.add(" ")
		}
		if s.Schema != nil && i < len(s.Schema.fields) {
			w.add(s.Schema.fields[i].Name)
			w.add(":")
		}
		w.value(s.Slots[i], depth+1)
	}
	w.add("}")
}
