package convert

import (
	"errors"
	"fmt"
	"math"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

// jsonReader reads data as Kafka Connect's JsonConverter does, or, under
// strict, without the losses that it passes over.
type jsonReader struct {
	jsontext.Tape
	replaceNull bool
	schemas     cache[string, *connect.Schema] // by their text
	names       names
	quick       quick
	pick        *pick       // of the members of messages without a schema; nil: all
	part        *partReader // of the fields of those with one; nil: all
	slab        connect.Slab
	members     []int32 // where the fields of the structs that are being read stand
	lost        bool    // a null was read where one is not allowed, which only a struct minds
}

var errEnvelope = errors.New(`with schemasEnable a message is {"schema":…,"payload":…} and nothing else; plain JSON needs schemasEnable: false`)

// plain reads a message of a schema that it does not carry, or of none. No
// text at all is null.
func (r *jsonReader) plain(data []byte, schema *connect.Schema) (connect.Datum, error) {
	if schema == nil && !r.Strict {
		r.quick.names, r.quick.slab, r.quick.pick = &r.names, &r.slab, r.pick
		if v, ok := r.quick.read(data); ok {
			return connect.Datum{Value: v}, nil
		}
	}
	if schema != nil && r.part != nil {
		if d, ok := r.inPart(data, schema); ok {
			return d, nil
		}
	}
	r.Known = ""
	if err := r.Reset(data); err != nil {
		return connect.Datum{}, err
	}
	ok, err := r.Root()
	if err != nil {
		return connect.Datum{}, err
	}
	if !ok {
		r.Nothing()
	}
	return r.payload(schema, 0)
}

// payload reads the whole datum that stands at node n.
func (r *jsonReader) payload(schema *connect.Schema, n int) (connect.Datum, error) {
	r.lost, r.members = false, r.members[:0]
	r.names.reset()
	if schema == nil && r.picks(n) {
		v, err := r.picked(n)
		return connect.Datum{Value: v}, err
	}
	v, err := r.value(schema, n)
	if err != nil {
		return connect.Datum{}, err
	}
	if r.part != nil && schema != nil {
		return r.narrowed(schema, v), nil
	}
	return connect.Datum{Schema: schema, Value: v}, nil
}

// envelope reads {"schema":…,"payload":…}.
func (r *jsonReader) envelope(data []byte) (d connect.Datum, err error) {
	if r.part != nil {
		if d, ok := r.inPart(data, nil); ok {
			return d, nil
		}
	}
	r.Known = r.schemas.last
	if err := r.Reset(data); err != nil {
		return d, err
	}
	if ok, err := r.Root(); err != nil {
		return d, err
	} else if !ok || !r.Is(0, jsontext.Object) {
		return d, errEnvelope
	}
	schema, payload := -1, -1
	for k := 1; k < r.Next(0); k = r.Next(k + 1) {
		twice := false
		switch r.Text(k) {
		case "schema":
			schema, twice = k+1, schema >= 0
		case "payload":
			payload, twice = k+1, payload >= 0
		default:
			return d, errEnvelope
		}
		if twice && r.Strict {
			return d, errors.New("a name twice in the envelope")
		}
	}
	if schema < 0 || payload < 0 {
		return d, errEnvelope
	}
	s, err := r.schemaOf(schema)
	if err != nil {
		return d, err
	}
	return r.payload(s, payload)
}

// schemaOf finds or reads the envelope's schema: messages of one schema share
// one pointer as long as they share its text.
func (r *jsonReader) schemaOf(n int) (*connect.Schema, error) {
	switch r.Nodes[n].Token {
	case jsontext.KnownText:
		return r.schemas.v, nil
	case jsontext.Null:
		return nil, nil
	case jsontext.Object:
	default:
		return nil, errors.New(`schema without "type"`)
	}
	text := connect.Text(r.Raw(n)).Str() // aliased for the look-up alone
	if s, ok := r.schemas.get(text); ok {
		return s, nil
	}
	s, err := r.schema(n)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	text = string(r.Raw(n))
	r.schemas.put(text, s, len(text))
	return s, nil
}

// value reads node n as a value of schema s, or of none.
func (r *jsonReader) value(s *connect.Schema, n int) (connect.Value, error) {
	if s == nil {
		return r.free(n)
	}
	if n < 0 || r.Nodes[n].Token == jsontext.Null {
		return r.null(s)
	}
	if s.Logical() != connect.NotLogical {
		return r.Logical(s, n)
	}
	switch s.Kind() {
	case connect.KindBool:
		if t := r.Nodes[n].Token; r.Strict && t != jsontext.True && t != jsontext.False {
			return connect.Null, r.Unfit(s, n)
		}
		return connect.Bool(r.Is(n, jsontext.True)), nil
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		return r.int(s, n)
	case connect.KindFloat32, connect.KindFloat64:
		return r.float(s, n)
	case connect.KindString:
		if !r.Is(n, jsontext.String) {
			return r.lose(s, n)
		}
		return r.Whole(n)
	case connect.KindBytes:
		if !r.Is(n, jsontext.String) {
			return r.lose(s, n)
		}
		b, err := r.Base64(n)
		return connect.Bytes(b), err
	case connect.KindArray:
		return r.array(s, n)
	case connect.KindMap:
		return r.mapping(s, n)
	}
	return r.structure(s, n)
}

// null is what null, or nothing, is under a schema.
func (r *jsonReader) null(s *connect.Schema) (connect.Value, error) {
	if def, ok := s.Default(); ok && r.replaceNull {
		return def, nil
	}
	if s.IsOptional() {
		return connect.Null, nil
	}
	return connect.Null, fmt.Errorf("null, but %v is required", s)
}

// lose gives null for a value of the wrong type. Kafka Connect notices it when
// it becomes part of a struct, and at the top not at all.
func (r *jsonReader) lose(s *connect.Schema, n int) (connect.Value, error) {
	if r.Strict {
		return connect.Null, r.Unfit(s, n)
	}
	r.lost = r.lost || !s.IsOptional()
	return connect.Null, nil
}

func (r *jsonReader) int(s *connect.Schema, n int) (connect.Value, error) {
	t := r.Nodes[n].Token
	if t != jsontext.Int && t != jsontext.Float {
		if r.Strict {
			return connect.Null, r.Unfit(s, n)
		}
		return connect.IntOf(s.Kind(), 0), nil
	}
	i := r.Integer(n)
	v := connect.IntOf(s.Kind(), i)
	if r.Strict && (t != jsontext.Int || v.Int() != i || !r.InRange(n)) {
		return connect.Null, fmt.Errorf("number at byte %d is no %v", r.Nodes[n].Start, s.Kind())
	}
	return v, nil
}

func (r *jsonReader) float(s *connect.Schema, n int) (connect.Value, error) {
	bits := 64
	if s.Kind() == connect.KindFloat32 {
		bits = 32
	}
	var f float64
	switch t := r.Nodes[n].Token; {
	case t == jsontext.Int || t == jsontext.Float:
		var err error
		if f, err = r.Float(n, bits); err != nil {
			return connect.Null, err
		}
		if r.Strict && math.IsInf(f, 0) {
			return connect.Null, fmt.Errorf("number at byte %d is no %v", r.Nodes[n].Start, s.Kind())
		}
	case r.Strict: // what is written for NaN and the infinities is read again
		switch {
		case t == jsontext.String && r.Text(n) == "NaN":
			f = math.NaN()
		case t == jsontext.String && r.Text(n) == "Infinity":
			f = math.Inf(1)
		case t == jsontext.String && r.Text(n) == "-Infinity":
			f = math.Inf(-1)
		default:
			return connect.Null, r.Unfit(s, n)
		}
	}
	if bits == 32 {
		return connect.Float32(float32(f)), nil
	}
	return connect.Float64(f), nil
}

// array reads an array. Anything else is an array of what it has in it: an
// object of its members' values, a scalar of nothing.
func (r *jsonReader) array(s *connect.Schema, n int) (connect.Value, error) {
	nd := r.Nodes[n]
	if nd.Token != jsontext.Array && r.Strict {
		return connect.Null, r.Unfit(s, n)
	}
	var elem *connect.Schema
	if s != nil {
		elem = s.Elem()
	}
	if nd.Token == jsontext.Object {
		return r.valuesOf(elem, n)
	}
	a := r.slab.Array(int(nd.Count))
	for i, k := 0, n+1; i < len(a.Elems); i, k = i+1, r.Next(k) {
		v, err := r.value(elem, k)
		if err != nil {
			return connect.Null, err
		}
		a.Elems[i] = v
	}
	return a.Value(), nil
}

// valuesOf is the array of an object's values, each name once.
func (r *jsonReader) valuesOf(elem *connect.Schema, n int) (connect.Value, error) {
	m, err := r.object(elem, n)
	if err != nil {
		return connect.Null, err
	}
	a := r.slab.Array(m.Len())
	copy(a.Elems, m.Vals)
	return a.Value(), nil
}

func (r *jsonReader) mapping(s *connect.Schema, n int) (connect.Value, error) {
	if s.Key().Kind() == connect.KindString {
		if !r.Is(n, jsontext.Object) {
			return connect.Null, r.Unfit(s, n)
		}
		m, err := r.object(s.Elem(), n)
		return m.Value(), err
	}
	if !r.Is(n, jsontext.Array) {
		return connect.Null, r.Unfit(s, n)
	}
	m := r.slab.Map(int(r.Nodes[n].Count))
	index := connect.NewMapIndex(m)
	for k := n + 1; k < r.Next(n); k = r.Next(k) {
		if !r.Is(k, jsontext.Array) || r.Nodes[k].Count != 2 {
			return connect.Null, fmt.Errorf("entry of a map at byte %d is no array of key and value", r.Nodes[k].Start)
		}
		key, err := r.value(s.Key(), k+1)
		if err != nil {
			return connect.Null, err
		}
		if err := r.put(m, index, key, s.Elem(), r.Next(k+1)); err != nil {
			return connect.Null, err
		}
	}
	return m.Value(), nil
}

// object reads an object as a map; the last of a name counts.
func (r *jsonReader) object(elem *connect.Schema, n int) (*connect.Map, error) {
	list := r.names.next()
	m, k, err := r.guessed(list.guess(int(r.Nodes[n].Count)), elem, n)
	if err != nil || k == r.Next(n) {
		return m, err
	}
	index := connect.NewMapIndex(m)
	for ; k < r.Next(n); k = r.Next(k + 1) {
		key, err := r.Whole(k)
		if err != nil {
			return nil, err
		}
		if err := r.put(m, index, key, elem, k+1); err != nil {
			return nil, err
		}
	}
	list.learn(&r.Tape, n)
	return m, nil
}

// guessed reads the members of an object as long as they have the names that
// it probably has, and gives the node of the first that has not. Names that
// differ from each other in the guess need no look at those before them.
func (r *jsonReader) guessed(guess *connect.KeySet, elem *connect.Schema, n int) (m *connect.Map, k int, err error) {
	k = n + 1
	if guess == nil {
		return r.slab.Map(int(r.Nodes[n].Count)), k, nil
	}
	m = r.slab.MapOf(guess)
	for i, name := range guess.Keys() {
		if r.Nodes[k].Escaped || string(r.Raw(k)) != name.Str() {
			m.Keys, m.Vals, m.Shared = m.Keys[:i:i], m.Vals[:i], nil
			return m, k, nil
		}
		if m.Vals[i], err = r.value(elem, k+1); err != nil {
			return nil, k, err
		}
		k = r.Next(k + 1)
	}
	return m, k, nil
}

// put reads the value at node n and puts it under key.
func (r *jsonReader) put(m *connect.Map, index *connect.MapIndex, key connect.Value, elem *connect.Schema, n int) error {
	v, err := r.value(elem, n)
	if err != nil {
		return err
	}
	i := index.Find(key)
	if i < 0 {
		m.Put(key, v)
		return nil
	}
	if r.Strict {
		return fmt.Errorf("a key twice in the map, again at byte %d", r.Nodes[n].Start)
	}
	m.Vals[i] = v
	return nil
}

// structure reads an object as a struct: first where each field stands, then
// the fields in the schema's order.
func (r *jsonReader) structure(s *connect.Schema, n int) (connect.Value, error) {
	if !r.Is(n, jsontext.Object) {
		return connect.Null, r.Unfit(s, n)
	}
	fields := s.Fields()
	base := len(r.members)
	defer func() { r.members = r.members[:base] }()
	for range fields {
		r.members = append(r.members, -1)
	}
	if err := r.Locate(s, n, r.members[base:], r.Strict); err != nil {
		return connect.Null, err
	}
	st := r.slab.Struct(s)
	for i := range fields {
		v, err := r.value(fields[i].Schema, int(r.members[base+i]))
		if err == nil && r.lost {
			err = errors.New("a value of another type where one is required")
		}
		if err != nil {
			return connect.Null, fmt.Errorf("field %q: %w", fields[i].Name, err)
		}
		st.Slots[i] = v
	}
	return st.Value(), nil
}

// free reads a value without a schema: integers are int64, other numbers
// float64, objects maps.
func (r *jsonReader) free(n int) (connect.Value, error) {
	switch r.Nodes[n].Token {
	case jsontext.True, jsontext.False:
		return connect.Bool(r.Is(n, jsontext.True)), nil
	case jsontext.Int:
		if r.Strict && !r.InRange(n) {
			return connect.Null, fmt.Errorf("number at byte %d is no int64", r.Nodes[n].Start)
		}
		return connect.Int64(r.Integer(n)), nil
	case jsontext.Float:
		return r.float(connect.Float64Schema, n)
	case jsontext.String:
		return r.Whole(n)
	case jsontext.Array:
		return r.array(nil, n)
	case jsontext.Object:
		m, err := r.object(nil, n)
		return m.Value(), err
	}
	return connect.Null, nil
}
