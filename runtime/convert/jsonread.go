package convert

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"kcgen.dev/runtime/connect"
)

// jsonReader reads data as Kafka Connect's JsonConverter does, or, under
// strict, without the losses that it passes over.
type jsonReader struct {
	tape
	replaceNull bool
	schemas     cache[string, *connect.Schema] // by their text
	names       names
	slab        connect.Slab
	members     []int32 // where the fields of the structs that are being read stand
	lost        bool    // a null was read where one is not allowed, which only a struct minds
}

var errEnvelope = errors.New(`with schemasEnable a message is {"schema":…,"payload":…} and nothing else; plain JSON needs schemasEnable: false`)

// plain reads a message of a schema that it does not carry, or of none. No
// text at all is null.
func (r *jsonReader) plain(data []byte, schema *connect.Schema) (connect.Datum, error) {
	r.known = ""
	if err := r.reset(data); err != nil {
		return connect.Datum{}, err
	}
	ok, err := r.root()
	if err != nil {
		return connect.Datum{}, err
	}
	if !ok {
		r.leaf(tNull, 0, 0, false)
	}
	return r.payload(schema, 0)
}

// payload reads the whole datum that stands at node n.
func (r *jsonReader) payload(schema *connect.Schema, n int) (connect.Datum, error) {
	r.lost, r.members = false, r.members[:0]
	r.names.reset()
	v, err := r.value(schema, n)
	if err != nil {
		return connect.Datum{}, err
	}
	return connect.Datum{Schema: schema, Value: v}, nil
}

// envelope reads {"schema":…,"payload":…}.
func (r *jsonReader) envelope(data []byte) (d connect.Datum, err error) {
	r.known = r.schemas.last
	if err := r.reset(data); err != nil {
		return d, err
	}
	if ok, err := r.root(); err != nil {
		return d, err
	} else if !ok || !r.is(0, tObject) {
		return d, errEnvelope
	}
	schema, payload := -1, -1
	for k := 1; k < r.next(0); k = r.next(k + 1) {
		twice := false
		switch r.text(k) {
		case "schema":
			schema, twice = k+1, schema >= 0
		case "payload":
			payload, twice = k+1, payload >= 0
		default:
			return d, errEnvelope
		}
		if twice && r.strict {
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
	switch r.nodes[n].token {
	case tSchema:
		return r.schemas.v, nil
	case tNull:
		return nil, nil
	case tObject:
	default:
		return nil, errors.New(`schema without "type"`)
	}
	text := connect.Text(r.raw(n)).Str() // aliased for the look-up alone
	if s, ok := r.schemas.get(text); ok {
		return s, nil
	}
	s, err := r.schema(n)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	text = string(r.raw(n))
	r.schemas.put(text, s, len(text))
	return s, nil
}

// is reports whether there is a node n (-1 is none) and it is a k.
func (r *jsonReader) is(n int, k token) bool { return n >= 0 && r.nodes[n].token == k }

// next is the node behind node n and all that is in it.
func (r *jsonReader) next(n int) int { return int(r.nodes[n].next) }

// raw is the text of a node, of a string without its quotes.
func (r *jsonReader) raw(n int) []byte { return r.data[r.nodes[n].start:r.nodes[n].end] }

// text is the string at node n.
func (r *jsonReader) text(n int) string { return r.string(n).Str() }

// string is the string at node n, which aliases the message if it can.
func (r *jsonReader) string(n int) connect.Value {
	raw := r.raw(n)
	if !r.nodes[n].escaped {
		return connect.Text(raw)
	}
	return connect.Text(unescape(raw))
}

// member is the node of an object's member, the last of that name; -1 where
// there is none or n is no object.
func (r *jsonReader) member(n int, name string) int {
	found := -1
	if r.is(n, tObject) {
		for k := n + 1; k < r.next(n); k = r.next(k + 1) {
			if r.text(k) == name {
				found = k + 1
			}
		}
	}
	return found
}

// unescape resolves the escapes of a string that the tape has checked. Half a
// surrogate pair becomes '?', which is what Java writes for it.
func unescape(s []byte) []byte {
	out := make([]byte, 0, len(s))
	for len(s) > 0 {
		n := 0
		for n < len(s) && s[n] != '\\' {
			n++
		}
		out = append(out, s[:n]...)
		if s = s[n:]; len(s) == 0 {
			break
		}
		switch c := s[1]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, size := unescapeRune(s)
			out = utf8.AppendRune(out, r)
			s = s[size:]
			continue
		default:
			out = append(out, c)
		}
		s = s[2:]
	}
	return out
}

// unescapeRune reads \uXXXX, or two of them that are one character.
func unescapeRune(s []byte) (r rune, size int) {
	r, _ = hex4(s[2:])
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
		low, _ := hex4(s[8:])
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return '?', 6
}

// value reads node n as a value of schema s, or of none.
func (r *jsonReader) value(s *connect.Schema, n int) (connect.Value, error) {
	if s == nil {
		return r.free(n)
	}
	if n < 0 || r.nodes[n].token == tNull {
		return r.null(s)
	}
	if s.Logical() != connect.NotLogical {
		return r.logical(s, n)
	}
	switch s.Kind() {
	case connect.KindBool:
		if t := r.nodes[n].token; r.strict && t != tTrue && t != tFalse {
			return connect.Null, r.unfit(s, n)
		}
		return connect.Bool(r.is(n, tTrue)), nil
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		return r.int(s, n)
	case connect.KindFloat32, connect.KindFloat64:
		return r.float(s, n)
	case connect.KindString:
		if !r.is(n, tString) {
			return r.lose(s, n)
		}
		return r.checked(n)
	case connect.KindBytes:
		if !r.is(n, tString) {
			return r.lose(s, n)
		}
		b, err := r.base64(n)
		return connect.Bytes(b), err
	case connect.KindArray:
		return r.array(s, n)
	case connect.KindMap:
		return r.mapping(s, n)
	}
	return r.structure(s, n)
}

var kindOfToken = [...]string{"null", "a boolean", "a boolean", "a number", "a number", "a string", "an array", "an object", "an object"}

// unfit is the error of a value of the wrong type.
func (r *jsonReader) unfit(s *connect.Schema, n int) error {
	return fmt.Errorf("%s at byte %d, but the schema says %v", kindOfToken[r.nodes[n].token], r.nodes[n].start, s)
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
	if r.strict {
		return connect.Null, r.unfit(s, n)
	}
	r.lost = r.lost || !s.IsOptional()
	return connect.Null, nil
}

// checked is the string at n; under strict it has no half characters.
func (r *jsonReader) checked(n int) (connect.Value, error) {
	if r.strict && r.nodes[n].escaped && halved(r.raw(n)) {
		return connect.Null, fmt.Errorf("half a surrogate pair in the string at byte %d", r.nodes[n].start)
	}
	return r.string(n), nil
}

// halved reports whether the escapes hold half a surrogate pair.
func halved(s []byte) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			continue
		}
		if s[i+1] != 'u' {
			i++
			continue
		}
		first, _ := hex4(s[i+2:])
		_, size := unescapeRune(s[i:])
		if size == 6 && utf16.IsSurrogate(first) {
			return true
		}
		i += size - 1
	}
	return false
}

func (r *jsonReader) int(s *connect.Schema, n int) (connect.Value, error) {
	t := r.nodes[n].token
	if t != tInt && t != tFloat {
		if r.strict {
			return connect.Null, r.unfit(s, n)
		}
		return intOf(s.Kind(), 0), nil
	}
	i := r.integer(n)
	v := intOf(s.Kind(), i)
	if r.strict && (t != tInt || v.Int() != i || !r.inRange(n)) {
		return connect.Null, fmt.Errorf("number at byte %d is no %v", r.nodes[n].start, s.Kind())
	}
	return v, nil
}

func intOf(k connect.Kind, i int64) connect.Value {
	switch k {
	case connect.KindInt8:
		return connect.Int8(int8(i))
	case connect.KindInt16:
		return connect.Int16(int16(i))
	case connect.KindInt32:
		return connect.Int32(int32(i))
	}
	return connect.Int64(i)
}

// inRange reports whether the integer at n is an int64.
func (r *jsonReader) inRange(n int) bool {
	_, err := strconv.ParseInt(string(r.raw(n)), 10, 64)
	return err == nil
}

// integer is the number at n without what is behind the point, modulo 2^64, as
// longValue of Java's numbers gives it.
func (r *jsonReader) integer(n int) int64 {
	raw := r.raw(n)
	negative := raw[0] == '-'
	if negative {
		raw = raw[1:]
	}
	var u uint64
	if r.nodes[n].token == tInt {
		for _, c := range raw {
			u = u*10 + uint64(c-'0')
		}
	} else {
		u = truncated(raw)
	}
	if negative {
		u = -u
	}
	return int64(u)
}

// truncated is the whole part of digits[.digits][E±digits], modulo 2^64.
func truncated(raw []byte) (u uint64) {
	digits, frac, exp, ok := split(raw)
	if !ok {
		return 0 // an exponent beyond all bounds; value and errors are the caller's
	}
	whole := int64(len(digits)) - int64(frac) + exp
	for i := int64(0); i < whole; i++ {
		if i >= int64(len(digits))+64 {
			return 0 // 10^64 is a multiple of 2^64
		}
		d := byte('0')
		if i < int64(len(digits)) {
			d = digits[i]
		}
		u = u*10 + uint64(d-'0')
	}
	return u
}

// split takes an unsigned number apart: all its digits, how many of them stand
// behind the point, and the exponent. It reports false where the scale is
// beyond what a BigDecimal holds.
func split(raw []byte) (digits []byte, frac int, exp int64, ok bool) {
	digits = make([]byte, 0, 64)
	point := false
	for i, c := range raw {
		switch c {
		case '.':
			point = true
			continue
		case 'e', 'E':
			var err error
			if exp, err = strconv.ParseInt(string(raw[i+1:]), 10, 64); err != nil {
				return digits, frac, 0, false
			}
			scale := int64(frac) - exp
			return digits, frac, exp, scale >= math.MinInt32 && scale <= math.MaxInt32
		}
		digits = append(digits, c)
		if point {
			frac++
		}
	}
	return digits, frac, 0, true
}

func (r *jsonReader) float(s *connect.Schema, n int) (connect.Value, error) {
	bits := 64
	if s.Kind() == connect.KindFloat32 {
		bits = 32
	}
	var f float64
	switch t := r.nodes[n].token; {
	case t == tInt || t == tFloat:
		var err error
		if f, err = r.number(n, bits); err != nil {
			return connect.Null, err
		}
		if r.strict && math.IsInf(f, 0) {
			return connect.Null, fmt.Errorf("number at byte %d is no %v", r.nodes[n].start, s.Kind())
		}
	case r.strict: // what is written for NaN and the infinities is read again
		switch {
		case t == tString && r.text(n) == "NaN":
			f = math.NaN()
		case t == tString && r.text(n) == "Infinity":
			f = math.Inf(1)
		case t == tString && r.text(n) == "-Infinity":
			f = math.Inf(-1)
		default:
			return connect.Null, r.unfit(s, n)
		}
	}
	if bits == 32 {
		return connect.Float32(float32(f)), nil
	}
	return connect.Float64(f), nil
}

// number is the number at n as a float, infinite where it is too large. There
// is no negative zero, as it goes through a BigDecimal in Java.
func (r *jsonReader) number(n, bits int) (float64, error) {
	raw := r.raw(n)
	if r.nodes[n].token == tFloat {
		if err := checkScale(raw, int(r.nodes[n].start)); err != nil {
			return 0, err
		}
	}
	f, err := strconv.ParseFloat(string(raw), bits)
	if err != nil && !math.IsInf(f, 0) {
		return 0, fmt.Errorf("number at byte %d: bad number", r.nodes[n].start)
	}
	if f == 0 && isZero(raw) {
		f = 0 // not -0
	}
	return f, nil
}

// checkScale refuses an exponent that no BigDecimal holds.
func checkScale(raw []byte, start int) error {
	for i, c := range raw {
		if c|0x20 == 'e' && len(raw)-i > 9 { // fewer digits are within bounds
			if raw[0] == '-' {
				raw = raw[1:]
			}
			if _, _, _, ok := split(raw); !ok {
				return fmt.Errorf("number at byte %d: its exponent is out of bounds", start)
			}
			return nil
		}
	}
	return nil
}

// isZero reports whether a number has no digit but zeros.
func isZero(raw []byte) bool {
	for _, c := range raw {
		if c|0x20 == 'e' {
			return true
		}
		if c >= '1' && c <= '9' {
			return false
		}
	}
	return true
}

// base64 decodes the string at n. White space between groups of four is
// passed over, as by Jackson.
func (r *jsonReader) base64(n int) ([]byte, error) {
	text := r.string(n).Raw()
	b := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	size, err := base64.StdEncoding.Decode(b, text)
	if err != nil && !r.strict {
		size, err = base64.StdEncoding.Decode(b, packed(text))
	}
	if err != nil {
		return nil, fmt.Errorf("string at byte %d is not base64", r.nodes[n].start)
	}
	return b[:size], nil
}

// packed is text without the white space between its groups of four.
func packed(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, c := range text {
		if c > ' ' || len(out)%4 != 0 {
			out = append(out, c)
		}
	}
	return out
}

// logical reads a value of a logical type. These are not lax.
func (r *jsonReader) logical(s *connect.Schema, n int) (connect.Value, error) {
	t := r.nodes[n].token
	if s.Logical() == connect.LogicalDecimal {
		switch t {
		case tInt, tFloat:
			return r.decimal(n)
		case tString:
			return r.decimalBytes(s, n)
		}
		return connect.Null, r.unfit(s, n)
	}
	if t != tInt {
		return connect.Null, r.unfit(s, n)
	}
	i := r.integer(n)
	if s.Logical() == connect.LogicalTimestamp {
		if r.strict && !r.inRange(n) {
			return connect.Null, r.unfit(s, n)
		}
		return connect.InstantMilli(i), nil
	}
	if i != int64(int32(i)) || !r.inRange(n) {
		return connect.Null, r.unfit(s, n)
	}
	if s.Logical() == connect.LogicalDate {
		return connect.InstantMilli(i * connect.MillisPerDay), nil
	}
	if i < 0 || i > connect.MillisPerDay {
		return connect.Null, fmt.Errorf("number at byte %d is no Time: not within one day", r.nodes[n].start)
	}
	return connect.InstantMilli(i), nil
}

// decimal is the number at n, with the scale that it is written in.
func (r *jsonReader) decimal(n int) (connect.Value, error) {
	raw := r.raw(n)
	negative := raw[0] == '-'
	if negative {
		raw = raw[1:]
	}
	digits, frac, exp, ok := split(raw)
	if !ok {
		return connect.Null, fmt.Errorf("number at byte %d: its exponent is out of bounds", r.nodes[n].start)
	}
	u, _ := new(big.Int).SetString(string(digits), 10)
	if negative {
		u.Neg(u)
	}
	d := &connect.Decimal{Unscaled: u, Scale: int32(int64(frac) - exp)}
	return d.Value(), nil
}

func (r *jsonReader) decimalBytes(s *connect.Schema, n int) (connect.Value, error) {
	b, err := r.base64(n)
	if err != nil {
		return connect.Null, err
	}
	scale, ok := s.Scale()
	if !ok || len(b) == 0 {
		return connect.Null, fmt.Errorf("string at byte %d is no Decimal: no bytes, or no good scale in the schema", r.nodes[n].start)
	}
	d, err := connect.DecimalOf(b, scale)
	return d.Value(), err
}

// array reads an array. Anything else is an array of what it has in it: an
// object of its members' values, a scalar of nothing.
func (r *jsonReader) array(s *connect.Schema, n int) (connect.Value, error) {
	nd := r.nodes[n]
	if nd.token != tArray && r.strict {
		return connect.Null, r.unfit(s, n)
	}
	var elem *connect.Schema
	if s != nil {
		elem = s.Elem()
	}
	if nd.token == tObject {
		return r.valuesOf(elem, n)
	}
	a := r.slab.Array(int(nd.count))
	for i, k := 0, n+1; i < len(a.Elems); i, k = i+1, r.next(k) {
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
		if !r.is(n, tObject) {
			return connect.Null, r.unfit(s, n)
		}
		m, err := r.object(s.Elem(), n)
		return m.Value(), err
	}
	if !r.is(n, tArray) {
		return connect.Null, r.unfit(s, n)
	}
	m := r.slab.Map(int(r.nodes[n].count))
	index := connect.NewMapIndex(m)
	for k := n + 1; k < r.next(n); k = r.next(k) {
		if !r.is(k, tArray) || r.nodes[k].count != 2 {
			return connect.Null, fmt.Errorf("entry of a map at byte %d is no array of key and value", r.nodes[k].start)
		}
		key, err := r.value(s.Key(), k+1)
		if err != nil {
			return connect.Null, err
		}
		if err := r.put(m, index, key, s.Elem(), r.next(k+1)); err != nil {
			return connect.Null, err
		}
	}
	return m.Value(), nil
}

// object reads an object as a map; the last of a name counts.
func (r *jsonReader) object(elem *connect.Schema, n int) (*connect.Map, error) {
	list := r.names.next()
	m, k, err := r.guessed(list.guess(int(r.nodes[n].count)), elem, n)
	if err != nil || k == r.next(n) {
		return m, err
	}
	index := connect.NewMapIndex(m)
	for ; k < r.next(n); k = r.next(k + 1) {
		key, err := r.checked(k)
		if err != nil {
			return nil, err
		}
		if err := r.put(m, index, key, elem, k+1); err != nil {
			return nil, err
		}
	}
	list.learn(m)
	return m, nil
}

// guessed reads the members of an object as long as they have the names that
// it probably has, and gives the node of the first that has not. Names that
// differ from each other in the guess need no look at those before them.
func (r *jsonReader) guessed(guess *connect.KeySet, elem *connect.Schema, n int) (m *connect.Map, k int, err error) {
	k = n + 1
	if guess == nil {
		return r.slab.Map(int(r.nodes[n].count)), k, nil
	}
	m = r.slab.MapOf(guess)
	for i, name := range guess.Keys() {
		if r.nodes[k].escaped || string(r.raw(k)) != name.Str() {
			m.Keys, m.Vals, m.Shared = m.Keys[:i:i], m.Vals[:i], nil
			return m, k, nil
		}
		if m.Vals[i], err = r.value(elem, k+1); err != nil {
			return nil, k, err
		}
		k = r.next(k + 1)
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
	if r.strict {
		return fmt.Errorf("a key twice in the map, again at byte %d", r.nodes[n].start)
	}
	m.Vals[i] = v
	return nil
}

// structure reads an object as a struct: first where each field stands, then
// the fields in the schema's order.
func (r *jsonReader) structure(s *connect.Schema, n int) (connect.Value, error) {
	if !r.is(n, tObject) {
		return connect.Null, r.unfit(s, n)
	}
	fields := s.Fields()
	base := len(r.members)
	defer func() { r.members = r.members[:base] }()
	for range fields {
		r.members = append(r.members, -1)
	}
	if err := r.locate(s, n, r.members[base:]); err != nil {
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

// locate finds the nodes of a struct's fields. Members mostly come in the
// order of the fields, which saves the look-up.
func (r *jsonReader) locate(s *connect.Schema, n int, at []int32) error {
	fields := s.Fields()
	expected := 0
	for k := n + 1; k < r.next(n); k = r.next(k + 1) {
		name := r.text(k)
		i := expected
		if i >= len(fields) || fields[i].Name != name {
			i = s.FieldIndex(name)
		}
		if i < 0 {
			if r.strict {
				return fmt.Errorf("the member at byte %d is no field of the schema", r.nodes[k].start)
			}
			continue
		}
		if at[i] >= 0 && r.strict {
			return fmt.Errorf("field %q twice", fields[i].Name)
		}
		at[i] = int32(k + 1)
		expected = i + 1
	}
	return nil
}

// free reads a value without a schema: integers are int64, other numbers
// float64, objects maps.
func (r *jsonReader) free(n int) (connect.Value, error) {
	switch r.nodes[n].token {
	case tTrue, tFalse:
		return connect.Bool(r.is(n, tTrue)), nil
	case tInt:
		if r.strict && !r.inRange(n) {
			return connect.Null, fmt.Errorf("number at byte %d is no int64", r.nodes[n].start)
		}
		return connect.Int64(r.integer(n)), nil
	case tFloat:
		return r.float(connect.Float64Schema, n)
	case tString:
		return r.checked(n)
	case tArray:
		return r.array(nil, n)
	case tObject:
		m, err := r.object(nil, n)
		return m.Value(), err
	}
	return connect.Null, nil
}
