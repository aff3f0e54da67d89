package debezium

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/internal/memo"
)

// expander makes structs and arrays of the text of JSON objects and arrays. The
// schema is found out from the text; texts of one shape get one schema, at one
// address.
type expander struct {
	nulls       bool // null has a schema
	emptyArrays bool // an empty array has a schema
	codec       connect.Codec
	schemas     memo.Memo[string, *connect.Schema]
	shape       []byte
	slab        connect.Slab
}

func newExpander(nulls, emptyArrays bool) (*expander, error) {
	codec, err := convert.JSON{}.Open(connect.RoleValue)
	return &expander{nulls: nulls, emptyArrays: emptyArrays, codec: codec}, err
}

// expand puts a struct in the place of text. What cannot be expanded stays, and
// is logged.
func (x *expander) expand(d *connect.Datum, name, topic string) {
	if d.IsNull() {
		return
	}
	out, err := x.parse(d.Value, name)
	if err != nil {
		slog.Warn("debezium: EventRouter: the payload stays text", "topic", topic, "cause", err)
		return
	}
	*d = out
}

var errNoJSON = errors.New("no JSON object or array")

func (x *expander) parse(v connect.Value, name string) (connect.Datum, error) {
	text := v.Str()
	if text == "" || text[0] != '{' && text[0] != '[' {
		return connect.Datum{}, errNoJSON
	}
	if err := checkNumbers(text); err != nil {
		return connect.Datum{}, err
	}
	d, err := x.codec.Decode("", v.Raw())
	if err != nil {
		return connect.Datum{}, err
	}
	x.shape = appendShape(x.shape[:0], d.Value)
	schema, ok := memo.GetText(&x.schemas, x.shape)
	if !ok {
		schema, err = x.schema(name, d.Value)
		if schema == nil && err == nil {
			err = errNothing
		}
		if err != nil {
			return connect.Datum{}, err
		}
		if len(x.shape) <= maxShape {
			x.schemas.Put(string(x.shape), schema)
		}
	}
	x.slab.Begin()
	out, err := x.value(schema, d.Value)
	return connect.Datum{Schema: schema, Value: out}, err
}

// maxShape is how long the shape of a text may be for its schema to be kept.
const maxShape = 1 << 14

// appendShape appends what a value's schema is made of: the types, and the
// names of fields. Elements in a row of one shape count once.
func appendShape(b []byte, v connect.Value) []byte {
	switch v.Kind() {
	case connect.KindBool:
		return append(b, 'b')
	case connect.KindInt64:
		if isInt32(v) {
			return append(b, 'i')
		}
		return append(b, 'l')
	case connect.KindFloat64:
		return append(b, 'd')
	case connect.KindString:
		return append(b, 's')
	case connect.KindArray:
		return appendArrayShape(b, v.Array())
	case connect.KindMap:
		b = append(b, '{')
		for i := range v.Map().Len() {
			e := v.Map().At(i)
			name := e.Key.Str()
			b = strconv.AppendInt(b, int64(len(name)), 10)
			b = append(append(b, ':'), name...)
			b = appendShape(b, e.Value)
		}
		return append(b, '}')
	}
	return append(b, 'n')
}

func appendArrayShape(b []byte, a *connect.Array) []byte {
	b = append(b, '[')
	last, end := 0, 0 // the element before
	for _, e := range a.Elems {
		start := len(b)
		b = appendShape(b, e)
		if bytes.Equal(b[start:], b[last:end]) {
			b = b[:start]
			continue
		}
		last, end = start, len(b)
	}
	return append(b, ']')
}

func isInt32(v connect.Value) bool { return v.Int() >= math.MinInt32 && v.Int() <= math.MaxInt32 }

// value makes a value of the schema. Null stands where the schema is another
// text's, of the same array, that has more fields.
func (x *expander) value(s *connect.Schema, v connect.Value) (connect.Value, error) {
	if v.IsNull() {
		if !s.IsOptional() {
			return v, fmt.Errorf("null among objects of different fields")
		}
		return v, nil
	}
	switch {
	case s.Kind() == connect.KindInt32 && v.Kind() == connect.KindInt64 && isInt32(v):
		return connect.Int32(int32(v.Int())), nil
	case s.Kind() == connect.KindInt64 && v.Kind() == connect.KindInt64 && isInt32(v):
		return v, errTypes
	case s.Kind() == connect.KindArray && v.Kind() == connect.KindArray:
		return x.array(s.Elem(), v.Array().Elems)
	case s.Kind() == connect.KindStruct && v.Kind() == connect.KindMap:
		return x.structure(s, v.Map())
	case s.Kind() == v.Kind():
		return v, nil
	}
	return v, errTypes
}

var errNothing = errors.New("an empty array, of which the type is not known")

var errTypes = errors.New("one field has values of different types")

func (x *expander) array(elem *connect.Schema, in []connect.Value) (connect.Value, error) {
	out := x.slab.Array(len(in))
	for i, e := range in {
		v, err := x.value(elem, e)
		if err != nil {
			return v, err
		}
		out.Elems[i] = v
	}
	return out.Value(), nil
}

func (x *expander) structure(s *connect.Schema, in *connect.Map) (connect.Value, error) {
	out := x.slab.Struct(s)
	next := 0 // fields come in the order of the entries, as a rule
	for i, f := range s.Fields() {
		for next < in.Len() && in.Vals[next].IsNull() {
			next++
		}
		var v connect.Value
		if next < in.Len() && in.Keys[next].Str() == f.Name {
			v = in.Vals[next]
			next++
		} else {
			v = in.Get(f.Name)
		}
		var err error
		if out.Slots[i], err = x.value(f.Schema, v); err != nil {
			return v, err
		}
	}
	return out.Value(), nil
}

// checkNumbers refuses what the reader of JSON lets pass for Kafka Connect's
// sake: integers beyond int64, and zeros at their beginning. It looks at the
// first value alone, as the reader does.
func checkNumbers(text string) error {
	depth, inText := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inText:
			if c == '\\' {
				i++
			} else if c == '"' {
				inText = false
			}
		case c == '"':
			inText = true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return nil
			}
		case c >= '0' && c <= '9' || c == '-':
			n := numberLen(text[i:])
			if err := checkNumber(text[i : i+n]); err != nil {
				return fmt.Errorf("at byte %d: %w", i, err)
			}
			i += n - 1
		}
	}
	return nil
}

// numberLen is the length of a number at the beginning of text.
func numberLen(text string) int {
	n := 1
	for n < len(text) {
		switch c := text[n]; {
		case c >= '0' && c <= '9', c == '.', c == 'e', c == 'E', c == '+', c == '-':
			n++
		default:
			return n
		}
	}
	return n
}

func checkNumber(text string) error {
	digits := text
	if digits[0] == '-' {
		digits = digits[1:]
	}
	if len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
		return errors.New("a number that begins with 0")
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return nil // of floating point, or for the reader to refuse
		}
	}
	if len(digits) < 19 {
		return nil
	}
	if _, err := strconv.ParseInt(text, 10, 64); err != nil {
		return errors.New("an integer beyond int64")
	}
	return nil
}
