package dryrun

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"kcgen.dev/runtime/connect"
)

// reader turns data into Connect's values. Its errors begin with the place:
// value.customer.id.
type reader struct{ place string }

func (r reader) in(name string) reader { return reader{join(r.place, name)} }

func (r reader) fail(format string, args ...any) error {
	return fmt.Errorf("%s: %s", r.place, fmt.Sprintf(format, args...))
}

// join is a place within a place: a name, or an index.
func join(place, name string) string {
	if place == "" || strings.HasPrefix(name, "[") {
		return place + name
	}
	return place + "." + name
}

func index(i int) string { return "[" + strconv.Itoa(i) + "]" }

// datum reads data by its schema; by nil, as schemaless data.
func (r reader) datum(x any, s *connect.Schema) (connect.Datum, error) {
	if s == nil {
		v, err := r.free(x)
		return connect.Datum{Value: v}, err
	}
	if x == nil {
		return connect.Datum{}, nil // a tombstone has no schema
	}
	v, err := r.value(x, s)
	return connect.Datum{Schema: s, Value: v}, err
}

// free reads data without a schema: whole numbers are int64, others float64.
func (r reader) free(x any) (connect.Value, error) {
	switch x := x.(type) {
	case bool:
		return connect.Bool(x), nil
	case string:
		return connect.String(x), nil
	case []byte:
		return connect.Bytes(x), nil
	case json.Number:
		return r.freeNumber(string(x))
	case []any:
		a := &connect.Array{Elems: make([]connect.Value, len(x))}
		for i, e := range x {
			v, err := r.in(index(i)).free(e)
			if err != nil {
				return connect.Null, err
			}
			a.Elems[i] = v
		}
		return a.Value(), nil
	case object:
		m := &connect.Map{}
		for _, f := range x {
			v, err := r.in(f.name).free(f.value)
			if err != nil {
				return connect.Null, err
			}
			m.Put(connect.String(f.name), v)
		}
		return m.Value(), nil
	}
	return connect.Null, nil
}

func (r reader) freeNumber(s string) (connect.Value, error) {
	if strings.ContainsAny(s, ".eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return connect.Null, r.fail("%s is beyond a float64", s)
		}
		return connect.Float64(f), nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return connect.Null, r.fail("%s is beyond an int64", s)
	}
	return connect.Int64(n), nil
}

// value reads data that is described by a schema.
func (r reader) value(x any, s *connect.Schema) (connect.Value, error) {
	if s == nil {
		return r.free(x)
	}
	if x == nil {
		if def, ok := s.Default(); ok && !s.IsOptional() {
			return def, nil
		}
		if !s.IsOptional() {
			return connect.Null, r.fail("null, but the schema says %v", s)
		}
		return connect.Null, nil
	}
	switch s.Logical() {
	case connect.LogicalDecimal:
		return r.decimal(x, s)
	case connect.LogicalDate, connect.LogicalTime, connect.LogicalTimestamp:
		return r.instant(x, s)
	}
	var v connect.Value
	var err error
	ok := false
	switch s.Kind() {
	case connect.KindBool:
		var b bool
		b, ok = x.(bool)
		v = connect.Bool(b)
	case connect.KindString:
		var t string
		t, ok = x.(string)
		v = connect.String(t)
	case connect.KindBytes:
		var b []byte
		b, ok = x.([]byte)
		v = connect.Bytes(b)
	case connect.KindArray:
		return r.array(x, s)
	case connect.KindMap:
		return r.mapping(x, s)
	case connect.KindStruct:
		return r.structure(x, s)
	default:
		v, ok, err = r.number(x, s.Kind())
	}
	if err == nil && !ok {
		err = r.fail("%s is no %v", showData(x), s.Kind())
	}
	return v, err
}

var ranges = map[connect.Kind]struct {
	bits int
	make func(int64) connect.Value
}{
	connect.KindInt8:  {8, func(n int64) connect.Value { return connect.Int8(int8(n)) }},
	connect.KindInt16: {16, func(n int64) connect.Value { return connect.Int16(int16(n)) }},
	connect.KindInt32: {32, func(n int64) connect.Value { return connect.Int32(int32(n)) }},
	connect.KindInt64: {64, connect.Int64},
}

func (r reader) number(x any, k connect.Kind) (v connect.Value, ok bool, err error) {
	text, ok := x.(json.Number)
	if s, isText := x.(string); isText && (k == connect.KindFloat32 || k == connect.KindFloat64) {
		switch s { // which JSON has not
		case "NaN", "Infinity", "-Infinity":
			text, ok = json.Number(s), true
		}
	}
	if !ok {
		return v, false, nil
	}
	if kind, isInt := ranges[k]; isInt {
		n, err := strconv.ParseInt(string(text), 10, kind.bits)
		if err != nil {
			return v, true, r.fail("%s is no %v", text, k)
		}
		return kind.make(n), true, nil
	}
	bits := 64
	if k == connect.KindFloat32 {
		bits = 32
	}
	f, err := strconv.ParseFloat(string(text), bits)
	if err != nil {
		return v, true, r.fail("%s is beyond a %v", text, k)
	}
	if bits == 32 {
		return connect.Float32(float32(f)), true, nil
	}
	return connect.Float64(f), true, nil
}

func (r reader) array(x any, s *connect.Schema) (connect.Value, error) {
	list, ok := x.([]any)
	if !ok {
		return connect.Null, r.fail("%s is no array", showData(x))
	}
	a := &connect.Array{Elems: make([]connect.Value, len(list))}
	for i, e := range list {
		v, err := r.in(index(i)).value(e, s.Elem())
		if err != nil {
			return connect.Null, err
		}
		a.Elems[i] = v
	}
	return a.Value(), nil
}

// mapping reads a map; a key that is no text is read as the number or the word
// that its name is.
func (r reader) mapping(x any, s *connect.Schema) (connect.Value, error) {
	o, ok := x.(object)
	if !ok {
		return connect.Null, r.fail("%s is no map", showData(x))
	}
	m := &connect.Map{}
	for _, f := range o {
		var name any = f.name
		if k := s.Key(); k != nil && k.Kind() != connect.KindString {
			name = json.Number(f.name)
			if k.Kind() == connect.KindBool {
				name = f.name == "true"
			}
		}
		at := r.in(f.name)
		key, err := at.value(name, s.Key())
		if err != nil {
			return connect.Null, err
		}
		v, err := at.value(f.value, s.Elem())
		if err != nil {
			return connect.Null, err
		}
		m.Put(key, v)
	}
	return m.Value(), nil
}

func (r reader) structure(x any, s *connect.Schema) (connect.Value, error) {
	o, ok := x.(object)
	if !ok {
		return connect.Null, r.fail("%s is no struct", showData(x))
	}
	for _, f := range o {
		if s.FieldIndex(f.name) < 0 {
			return connect.Null, r.fail("the schema has no field %q; it has %s", f.name, fieldNames(s))
		}
	}
	st := &connect.Struct{Schema: s, Slots: make([]connect.Value, len(s.Fields()))}
	for i, f := range s.Fields() {
		given, ok := o.get(f.Name)
		if _, def := f.Schema.Default(); !ok && !def && !f.Schema.IsOptional() {
			return connect.Null, r.in(f.Name).fail("is missing, and the schema says %v", f.Schema)
		}
		v, err := r.in(f.Name).value(given, f.Schema)
		if err != nil {
			return connect.Null, err
		}
		st.Slots[i] = v
	}
	return st.Value(), nil
}

func fieldNames(s *connect.Schema) string {
	var names []string
	for _, f := range s.Fields() {
		names = append(names, f.Name)
	}
	return shorten(strings.Join(names, ", "))
}
