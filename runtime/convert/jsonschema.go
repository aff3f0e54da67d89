package convert

import (
	"errors"
	"fmt"
	"strconv"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

// typeNames are JsonSchema's names of the types.
var typeNames = map[connect.Kind]string{
	connect.KindBool: "boolean", connect.KindInt8: "int8", connect.KindInt16: "int16",
	connect.KindInt32: "int32", connect.KindInt64: "int64", connect.KindFloat32: "float",
	connect.KindFloat64: "double", connect.KindString: "string", connect.KindBytes: "bytes",
	connect.KindArray: "array", connect.KindMap: "map", connect.KindStruct: "struct",
}

var typeKinds = func() map[string]connect.Kind {
	m := map[string]connect.Kind{}
	for k, name := range typeNames {
		m[name] = k
	}
	return m
}()

// schema appends the schema as JsonConverter writes it, its members in that
// order; field is the name that it has in a struct. That of an untyped array's
// elements is null.
func (w *jsonWriter) schema(dst []byte, p *plan, field string) (_ []byte, err error) {
	if p == nil {
		return append(dst, "null"...), nil
	}
	s := p.schema
	dst = append(dst, `{"type":"`...)
	dst = append(dst, typeNames[p.kind]...)
	dst = append(dst, '"')
	if dst, err = w.parts(dst, p); err != nil {
		return dst, err
	}
	dst = append(dst, `,"optional":`...)
	dst = strconv.AppendBool(dst, s.IsOptional())
	if s.Name() != "" {
		dst = appendMember(dst, "name", s.Name())
	}
	if v, ok := s.Version(); ok {
		dst = append(dst, `,"version":`...)
		dst = strconv.AppendInt(dst, int64(v), 10)
	}
	if s.Doc() != "" {
		dst = appendMember(dst, "doc", s.Doc())
	}
	dst = appendParams(dst, s.Params())
	if def, ok := s.Default(); ok {
		dst = append(dst, `,"default":`...)
		if dst, err = w.value(dst, p, def); err != nil {
			return dst, fmt.Errorf("default: %w", err)
		}
	}
	if field != "" {
		dst = appendMember(dst, "field", field)
	}
	return append(dst, '}'), nil
}

// parts appends the schemas within the schema.
func (w *jsonWriter) parts(dst []byte, p *plan) (_ []byte, err error) {
	switch p.kind {
	case connect.KindArray:
		return w.schema(append(dst, `,"items":`...), p.elem, "")
	case connect.KindMap:
		if dst, err = w.schema(append(dst, `,"keys":`...), p.key, ""); err != nil {
			return dst, err
		}
		return w.schema(append(dst, `,"values":`...), p.elem, "")
	case connect.KindStruct:
		dst = append(dst, `,"fields":[`...)
		for i, f := range p.fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = w.schema(dst, f.plan, p.schema.Fields()[i].Name); err != nil {
				return dst, err
			}
		}
		dst = append(dst, ']')
	}
	return dst, nil
}

func appendMember(dst []byte, name, value string) []byte {
	dst = append(dst, `,"`...)
	dst = append(dst, name...)
	dst = append(dst, `":`...)
	return jsontext.AppendString(dst, []byte(value))
}

func appendParams(dst []byte, ps []connect.Param) []byte {
	if len(ps) == 0 {
		return dst
	}
	dst = append(dst, `,"parameters":`...)
	for i, p := range ps {
		sep := byte(',')
		if i == 0 {
			sep = '{'
		}
		dst = append(jsontext.AppendString(append(dst, sep), []byte(p.Key)), ':')
		dst = jsontext.AppendString(dst, []byte(p.Value))
	}
	return append(dst, '}')
}

// schema reads the schema that stands at node n. Members that it does not know
// or that have another type than they should are passed over, as
// JsonConverter does.
func (r *jsonReader) schema(n int) (*connect.Schema, error) {
	t := r.Member(n, "type")
	if !r.Is(t, jsontext.String) {
		return nil, errors.New(`schema without "type"`)
	}
	kind, ok := typeKinds[r.Text(t)]
	if !ok {
		return nil, errors.New("schema of an unknown type")
	}
	b := connect.NewSchema(kind)
	if err := r.addParts(b, kind, n); err != nil {
		return nil, err
	}
	if r.Is(r.Member(n, "optional"), jsontext.True) {
		b.Optional()
	}
	if m := r.Member(n, "name"); r.Is(m, jsontext.String) {
		b.Name(r.Text(m))
	}
	if m := r.Member(n, "version"); r.Is(m, jsontext.Int) {
		b.Version(int32(r.Integer(m)))
	}
	if m := r.Member(n, "doc"); r.Is(m, jsontext.String) {
		b.Doc(r.Text(m))
	}
	if m := r.Member(n, "parameters"); r.Is(m, jsontext.Object) {
		for k := m + 1; k < r.Next(m); k = r.Next(k + 1) {
			if !r.Is(k+1, jsontext.String) {
				return nil, errors.New("schema parameter that is no string")
			}
			b.Param(r.Text(k), r.Text(k+1))
		}
	}
	if m := r.Member(n, "default"); m >= 0 {
		if err := r.addDefault(b, m); err != nil {
			return nil, err
		}
	}
	return b.Build()
}

func (r *jsonReader) addParts(b *connect.SchemaBuilder, kind connect.Kind, n int) error {
	switch kind {
	case connect.KindArray:
		return r.addPart(b.Elem, n, "items")
	case connect.KindMap:
		if err := r.addPart(b.Key, n, "keys"); err != nil {
			return err
		}
		return r.addPart(b.Elem, n, "values")
	case connect.KindStruct:
		fields := r.Member(n, "fields")
		if !r.Is(fields, jsontext.Array) {
			return errors.New(`struct's schema without "fields"`)
		}
		for f := fields + 1; f < r.Next(fields); f = r.Next(f) {
			name := r.Member(f, "field")
			if !r.Is(name, jsontext.String) {
				return errors.New("field without a name in a struct's schema")
			}
			s, err := r.schema(f)
			if err != nil {
				return err
			}
			b.Field(r.Text(name), s)
		}
	}
	return nil
}

func (r *jsonReader) addPart(set func(*connect.Schema) *connect.SchemaBuilder, n int, name string) error {
	m := r.Member(n, name)
	if m < 0 || r.Is(m, jsontext.Null) {
		return fmt.Errorf("schema without %q", name)
	}
	s, err := r.schema(m)
	if err == nil {
		set(s)
	}
	return err
}

// addDefault reads the default at node m. A struct cannot be one: Kafka
// Connect refuses it.
func (r *jsonReader) addDefault(b *connect.SchemaBuilder, m int) error {
	s, err := b.Build()
	if err != nil {
		return err
	}
	v, err := r.value(s, m)
	if err != nil {
		return fmt.Errorf("default: %w", err)
	}
	if v.IsNull() && !s.IsOptional() {
		return errors.New("default: null, but a value is required")
	}
	if v.Kind() == connect.KindStruct {
		return errors.New("default: a struct cannot be one")
	}
	b.Default(v)
	return nil
}
