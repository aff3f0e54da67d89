package vectortest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"kcgen.dev/runtime/connect"
)

// envelope is a datum as the vectors write it.
type envelope struct {
	Key          string          // of a header
	Schema       json.RawMessage `json:"schema"`
	Payload      json.RawMessage `json:"payload"`
	PayloadError string          `json:"payload_error"`
	Typed        json.RawMessage `json:"typed"`
}

type record struct {
	Topic     string          `json:"topic"`
	Partition *int32          `json:"partition"`
	Timestamp *int64          `json:"timestamp"`
	Key       json.RawMessage `json:"key"`
	Value     json.RawMessage `json:"value"`
	Headers   []envelope      `json:"headers"`
	Offset    *int64          `json:"offset"`
	Kind      string          `json:"kind"`
}

type schema struct {
	Type       string          `json:"type"`
	Optional   bool            `json:"optional"`
	Name       string          `json:"name"`
	Version    *int32          `json:"version"`
	Doc        string          `json:"doc"`
	Parameters json.RawMessage `json:"parameters"`
	Default    json.RawMessage `json:"default"`
	Items      json.RawMessage `json:"items"`
	Keys       json.RawMessage `json:"keys"`
	Values     json.RawMessage `json:"values"`
	Fields     []json.RawMessage
	Field      string `json:"field"`
}

var kinds = map[string]connect.Kind{
	"boolean": connect.KindBool, "int8": connect.KindInt8, "int16": connect.KindInt16,
	"int32": connect.KindInt32, "int64": connect.KindInt64, "float": connect.KindFloat32,
	"double": connect.KindFloat64, "string": connect.KindString, "bytes": connect.KindBytes,
	"array": connect.KindArray, "map": connect.KindMap, "struct": connect.KindStruct,
}

func isNull(raw json.RawMessage) bool {
	return len(raw) == 0 || string(bytes.TrimSpace(raw)) == "null"
}

func readRecord(raw json.RawMessage) (*connect.Record, error) {
	var in record
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, err
	}
	r := &connect.Record{Topic: in.Topic, Partition: connect.NoPartition, Timestamp: connect.NoTimestamp, Offset: -1}
	if in.Partition != nil {
		r.Partition = *in.Partition
	}
	if in.Timestamp != nil {
		r.Timestamp = *in.Timestamp
	}
	if in.Offset != nil {
		r.Offset = *in.Offset
	} else if in.Kind == "sink" {
		r.Offset = 0
	}
	var err error
	if r.Key, err = readDatum(in.Key); err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	if r.Value, err = readDatum(in.Value); err != nil {
		return nil, fmt.Errorf("value: %w", err)
	}
	for _, h := range in.Headers {
		d, err := h.datum()
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", h.Key, err)
		}
		r.Headers = append(r.Headers, connect.Header{Key: h.Key, Datum: d})
	}
	return r, nil
}

func readDatum(raw json.RawMessage) (connect.Datum, error) {
	if isNull(raw) {
		return connect.Datum{}, nil
	}
	var e envelope
	if err := json.Unmarshal(raw, &e); err != nil {
		return connect.Datum{}, err
	}
	return e.datum()
}

func (e envelope) datum() (d connect.Datum, err error) {
	if d.Schema, err = readSchema(e.Schema); err != nil {
		return d, err
	}
	if e.Typed != nil {
		d.Value, err = readTyped(d.Schema, e.Typed)
	} else {
		d.Value, err = readPayload(d.Schema, e.Payload)
	}
	return d, err
}

func readSchema(raw json.RawMessage) (*connect.Schema, error) {
	if isNull(raw) {
		return nil, nil
	}
	var in schema
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, err
	}
	b := connect.NewSchema(kinds[in.Type]).Name(in.Name).Doc(in.Doc)
	if in.Optional {
		b.Optional()
	}
	if in.Version != nil {
		b.Version(*in.Version)
	}
	params, err := readObject(in.Parameters)
	if err != nil {
		return nil, err
	}
	for _, p := range params {
		text, err := readString(p.value)
		if err != nil {
			return nil, err
		}
		b.Param(p.key, text)
	}
	if err := in.addParts(b); err != nil {
		return nil, err
	}
	if !isNull(in.Default) {
		s, err := b.Build()
		if err != nil {
			return nil, err
		}
		v, err := readPayload(s, in.Default)
		if err != nil {
			return nil, err
		}
		b.Default(v)
	}
	return b.Build()
}

func (in *schema) addParts(b *connect.SchemaBuilder) error {
	for _, part := range []struct {
		raw json.RawMessage
		set func(*connect.Schema) *connect.SchemaBuilder
	}{{in.Items, b.Elem}, {in.Values, b.Elem}, {in.Keys, b.Key}} {
		if isNull(part.raw) {
			if len(part.raw) > 0 { // said to be null: the schema of a value without a common type
				b.Untyped()
			}
			continue
		}
		s, err := readSchema(part.raw)
		if err != nil {
			return err
		}
		part.set(s)
	}
	for _, raw := range in.Fields {
		var f schema
		if err := json.Unmarshal(raw, &f); err != nil {
			return err
		}
		s, err := readSchema(raw)
		if err != nil {
			return err
		}
		b.Field(f.Field, s)
	}
	return nil
}

type member struct {
	key   string
	value json.RawMessage
}

// readObject keeps the order of the members, which a Go map does not.
func readObject(raw json.RawMessage) (ms []member, err error) {
	if isNull(raw) {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return nil, err
		}
		ms = append(ms, member{key.(string), v})
	}
	return ms, nil
}

func readString(raw json.RawMessage) (s string, err error) {
	err = json.Unmarshal(raw, &s)
	return s, err
}

func readBytes(raw json.RawMessage) ([]byte, error) {
	s, err := readString(raw)
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(s)
}

func readFloat(raw json.RawMessage, bits int) (float64, error) {
	s := strings.Trim(string(bytes.TrimSpace(raw)), `"`)
	f, err := strconv.ParseFloat(s, bits)
	if math.IsInf(f, 0) {
		return f, nil
	}
	return f, err
}

// readPayload reads the payload of an envelope.
func readPayload(s *connect.Schema, raw json.RawMessage) (connect.Value, error) {
	switch {
	case isNull(raw):
		return connect.Null, nil
	case s == nil:
		return readFree(raw)
	case s.Logical() != connect.NotLogical:
		return readLogical(s, raw)
	}
	switch s.Kind() {
	case connect.KindBool:
		var b bool
		err := json.Unmarshal(raw, &b)
		return connect.Bool(b), err
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		n, err := strconv.ParseInt(string(bytes.TrimSpace(raw)), 10, 64)
		return connect.IntOf(s.Kind(), n), err
	case connect.KindFloat32:
		f, err := readFloat(raw, 32)
		return connect.Float32(float32(f)), err
	case connect.KindFloat64:
		f, err := readFloat(raw, 64)
		return connect.Float64(f), err
	case connect.KindString:
		t, err := readString(raw)
		return connect.String(t), err
	case connect.KindBytes:
		b, err := readBytes(raw)
		return connect.Bytes(b), err
	case connect.KindArray:
		return readArray(s.Elem(), raw)
	case connect.KindMap:
		return readMap(s, raw)
	}
	return readStruct(s, raw)
}

func readLogical(s *connect.Schema, raw json.RawMessage) (connect.Value, error) {
	if s.Logical() == connect.LogicalDecimal {
		b, err := readBytes(raw)
		if err != nil {
			return connect.Null, err
		}
		scale, _ := s.Scale()
		d, err := connect.DecimalOf(b, scale)
		return d.Value(), err
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(raw)), 10, 64)
	if s.Logical() == connect.LogicalDate {
		n *= connect.MillisPerDay
	}
	return connect.InstantMilli(n), err
}

func readArray(elem *connect.Schema, raw json.RawMessage) (connect.Value, error) {
	var in []json.RawMessage
	if err := json.Unmarshal(raw, &in); err != nil {
		return connect.Null, err
	}
	a := &connect.Array{}
	for _, e := range in {
		v, err := readPayload(elem, e)
		if err != nil {
			return connect.Null, err
		}
		a.Elems = append(a.Elems, v)
	}
	return a.Value(), nil
}

func readMap(s *connect.Schema, raw json.RawMessage) (connect.Value, error) {
	m := &connect.Map{}
	add := func(k connect.Value, raw json.RawMessage) error {
		v, err := readPayload(s.Elem(), raw)
		m.Put(k, v)
		return err
	}
	if s.Key().Kind() == connect.KindString {
		ms, err := readObject(raw)
		for _, e := range ms {
			if err == nil {
				err = add(connect.String(e.key), e.value)
			}
		}
		return m.Value(), err
	}
	var pairs [][2]json.RawMessage
	if err := json.Unmarshal(raw, &pairs); err != nil {
		return connect.Null, err
	}
	for _, p := range pairs {
		k, err := readPayload(s.Key(), p[0])
		if err == nil {
			err = add(k, p[1])
		}
		if err != nil {
			return connect.Null, err
		}
	}
	return m.Value(), nil
}

func readStruct(s *connect.Schema, raw json.RawMessage) (connect.Value, error) {
	ms, err := readObject(raw)
	if err != nil {
		return connect.Null, err
	}
	st := &connect.Struct{Schema: s, Slots: make([]connect.Value, len(s.Fields()))}
	for _, m := range ms {
		i := s.FieldIndex(m.key)
		if i < 0 {
			return connect.Null, fmt.Errorf("no field %q", m.key)
		}
		if st.Slots[i], err = readPayload(s.Fields()[i].Schema, m.value); err != nil {
			return connect.Null, err
		}
	}
	return st.Value(), nil
}

// readFree reads a payload without a schema, as JsonConverter does.
func readFree(raw json.RawMessage) (connect.Value, error) {
	raw = bytes.TrimSpace(raw)
	switch raw[0] {
	case '{':
		ms, err := readObject(raw)
		m := &connect.Map{}
		for _, e := range ms {
			if err != nil {
				break
			}
			var v connect.Value
			v, err = readPayload(nil, e.value)
			m.Put(connect.String(e.key), v)
		}
		return m.Value(), err
	case '[':
		return readArray(nil, raw)
	case '"':
		t, err := readString(raw)
		return connect.String(t), err
	case 't', 'f':
		return connect.Bool(raw[0] == 't'), nil
	}
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return connect.Int64(n), nil
	}
	f, err := readFloat(raw, 64)
	return connect.Float64(f), err
}

// readTyped reads a value that names its Java types: {"i8":5}.
func readTyped(s *connect.Schema, raw json.RawMessage) (connect.Value, error) {
	if isNull(raw) {
		return connect.Null, nil
	}
	ms, err := readObject(raw)
	if err != nil || len(ms) != 1 {
		return connect.Null, fmt.Errorf("typed value %s: %v", raw, err)
	}
	kind, v := ms[0].key, ms[0].value
	switch kind {
	case "i8", "i16", "i32", "i64":
		n, err := strconv.ParseInt(string(v), 10, 64)
		return connect.IntOf(map[string]connect.Kind{"i8": connect.KindInt8, "i16": connect.KindInt16,
			"i32": connect.KindInt32, "i64": connect.KindInt64}[kind], n), err
	case "f32":
		f, err := readFloat(v, 32)
		return connect.Float32(float32(f)), err
	case "f64":
		f, err := readFloat(v, 64)
		return connect.Float64(f), err
	case "bool":
		return connect.Bool(string(v) == "true"), nil
	case "str":
		t, err := readString(v)
		return connect.String(t), err
	case "bytes", "bytebuffer":
		b, err := readBytes(v)
		return connect.Bytes(b), err
	case "date":
		n, err := strconv.ParseInt(string(v), 10, 64)
		return connect.InstantMilli(n), err
	case "dec":
		t, err := readString(v)
		if err != nil {
			return connect.Null, err
		}
		return decimalOf(t)
	}
	return readTypedParts(s, kind, v)
}

func readTypedParts(s *connect.Schema, kind string, raw json.RawMessage) (connect.Value, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return connect.Null, err
	}
	switch kind {
	case "list":
		a := &connect.Array{}
		for _, e := range list {
			v, err := readTyped(nil, e)
			if err != nil {
				return connect.Null, err
			}
			a.Elems = append(a.Elems, v)
		}
		return a.Value(), nil
	case "map":
		m := &connect.Map{}
		for _, e := range list {
			var pair [2]json.RawMessage
			if err := json.Unmarshal(e, &pair); err != nil {
				return connect.Null, err
			}
			k, err := readTyped(nil, pair[0])
			if err != nil {
				return connect.Null, err
			}
			v, err := readTyped(nil, pair[1])
			if err != nil {
				return connect.Null, err
			}
			m.Put(k, v)
		}
		return m.Value(), nil
	case "struct":
		return readTypedStruct(s, list)
	}
	return connect.Null, fmt.Errorf("typed value of unknown type %q", kind)
}

func readTypedStruct(s *connect.Schema, fields []json.RawMessage) (connect.Value, error) {
	if s == nil || s.Kind() != connect.KindStruct {
		return connect.Null, fmt.Errorf("typed struct without a struct's schema")
	}
	st := &connect.Struct{Schema: s, Slots: make([]connect.Value, len(s.Fields()))}
	for _, raw := range fields {
		var pair [2]json.RawMessage
		if err := json.Unmarshal(raw, &pair); err != nil {
			return connect.Null, err
		}
		name, err := readString(pair[0])
		if err != nil {
			return connect.Null, err
		}
		i := s.FieldIndex(name)
		if i < 0 {
			return connect.Null, fmt.Errorf("no field %q", name)
		}
		if st.Slots[i], err = readTyped(s.Fields()[i].Schema, pair[1]); err != nil {
			return connect.Null, err
		}
	}
	return st.Value(), nil
}

// decimalOf reads BigDecimal.toString's text.
func decimalOf(text string) (connect.Value, error) {
	digits, exp, _ := strings.Cut(text, "E")
	var e int64
	if exp != "" {
		var err error
		if e, err = strconv.ParseInt(exp, 10, 32); err != nil {
			return connect.Null, err
		}
	}
	whole, frac, _ := strings.Cut(digits, ".")
	n, ok := new(big.Int).SetString(whole+frac, 10)
	if !ok {
		return connect.Null, fmt.Errorf("decimal %q", text)
	}
	d := &connect.Decimal{Unscaled: n, Scale: int32(int64(len(frac)) - e)}
	return d.Value(), nil
}
