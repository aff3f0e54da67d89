package dryrun

import (
	stdbytes "bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"kcgen.dev/runtime/connect"
)

// maxDiff is how many lines a difference has.
const maxDiff = 20

// diff collects what is not as it must be, a line each.
type diff struct{ lines []string }

func (d *diff) say(place, got, want string) {
	switch {
	case len(d.lines) < maxDiff:
		d.lines = append(d.lines, fmt.Sprintf("%s: got %s, want %s", place, got, want))
	case len(d.lines) == maxDiff:
		d.lines = append(d.lines, "…")
	}
}

// value compares a value with what a spec wants. A number is a number, whatever
// its type; a field of a struct that is null need not be named.
func (d *diff) value(place string, want any, got connect.Value, s *connect.Schema) {
	switch got.Kind() {
	case connect.KindArray:
		if list, ok := want.([]any); ok {
			d.array(place, list, got.Array(), s)
			return
		}
	case connect.KindMap:
		if o, ok := want.(object); ok {
			d.mapping(place, o, got.Map(), s)
			return
		}
	case connect.KindStruct:
		if o, ok := want.(object); ok {
			d.structure(place, o, got.Struct())
			return
		}
	default:
		if same(want, got, s) {
			return
		}
	}
	shown := show(got, s)
	if text := showData(want); text == shown { // alike to the eye: say the type
		d.say(place, shown+" ("+got.Kind().String()+")", text)
		return
	}
	d.say(place, shown, showData(want))
}

// same compares scalars.
func same(want any, got connect.Value, s *connect.Schema) bool {
	switch got.Kind() {
	case connect.KindNull:
		return want == nil
	case connect.KindBool:
		b, ok := want.(bool)
		return ok && b == got.Bool()
	case connect.KindString:
		t, ok := want.(string)
		return ok && t == got.Str()
	case connect.KindBytes:
		b, ok := want.([]byte)
		return ok && stdbytes.Equal(b, got.Raw())
	case connect.KindDecimal:
		return sameDecimal(want, got.Decimal())
	case connect.KindInstant:
		l := connect.LogicalTimestamp
		if s != nil && s.Logical() != connect.NotLogical {
			l = s.Logical()
		}
		v, ok := toInstant(want, l)
		return ok && v.Equal(got)
	}
	return sameNumber(want, got)
}

func sameDecimal(want any, got *connect.Decimal) bool {
	w, ok := toRat(want)
	g, ok2 := new(big.Rat).SetString(got.String())
	return ok && ok2 && w.Cmp(g) == 0
}

func sameNumber(want any, got connect.Value) bool {
	text, ok := want.(json.Number)
	if s, isText := want.(string); isText && (s == "NaN" || s == "Infinity" || s == "-Infinity") {
		text, ok = json.Number(s), true
	}
	if !ok {
		return false
	}
	if n, err := strconv.ParseInt(string(text), 10, 64); err == nil && got.Kind() >= connect.KindInt8 && got.Kind() <= connect.KindInt64 {
		return n == got.Int()
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return false
	}
	switch got.Kind() {
	case connect.KindFloat32:
		return float32(f) == float32(got.Float()) || math.IsNaN(f) && math.IsNaN(got.Float())
	case connect.KindFloat64:
		return f == got.Float() || math.IsNaN(f) && math.IsNaN(got.Float())
	}
	return f == float64(got.Int()) && int64(f) == got.Int()
}

func (d *diff) array(place string, want []any, got *connect.Array, s *connect.Schema) {
	for i := range max(len(want), len(got.Elems)) {
		at := join(place, index(i))
		switch {
		case i >= len(want):
			d.say(at, show(got.Elems[i], elem(s)), "nothing")
		case i >= len(got.Elems):
			d.say(at, "nothing", showData(want[i]))
		default:
			d.value(at, want[i], got.Elems[i], elem(s))
		}
	}
}

func (d *diff) mapping(place string, want object, got *connect.Map, s *connect.Schema) {
	have := map[string]connect.Value{}
	for i := range got.Len() {
		e := got.At(i)
		have[keyText(e.Key)] = e.Value
	}
	for _, w := range want {
		if v, ok := have[w.name]; ok {
			d.value(join(place, w.name), w.value, v, elem(s))
		} else {
			d.say(join(place, w.name), "nothing", showData(w.value))
		}
	}
	for i := range got.Len() {
		e := got.At(i)
		if _, ok := want.get(keyText(e.Key)); !ok {
			d.say(join(place, keyText(e.Key)), show(e.Value, elem(s)), "nothing")
		}
	}
}

func (d *diff) structure(place string, want object, got *connect.Struct) {
	for _, w := range want {
		if i := got.Schema.FieldIndex(w.name); i >= 0 {
			d.value(join(place, w.name), w.value, got.Slots[i], got.Schema.Fields()[i].Schema)
		} else {
			d.say(join(place, w.name), "nothing", showData(w.value))
		}
	}
	for i, f := range got.Schema.Fields() {
		if _, ok := want.get(f.Name); !ok && !got.Slots[i].IsNull() {
			d.say(join(place, f.Name), show(got.Slots[i], f.Schema), "nothing")
		}
	}
}

// bytes compares bytes with data: '…', or text.
func (d *diff) bytes(place string, want any, got []byte) {
	w, ok := toBytes(want)
	if !ok || !stdbytes.Equal(w, got) || (w == nil) != (got == nil) {
		shown := "null"
		if got != nil {
			shown = showAs(want, got)
		}
		d.say(place, shown, showData(want))
	}
}

// showAs shows bytes in the form of what they are compared with.
func showAs(want any, got []byte) string {
	if _, ok := want.(string); ok && isText(got) {
		return shorten(strconv.Quote(string(got)))
	}
	return quoteBytes(got)
}

func toBytes(x any) ([]byte, bool) {
	switch x := x.(type) {
	case nil:
		return nil, true
	case string:
		return []byte(x), true
	case []byte:
		return x, true
	}
	return nil, false
}
