package jsonschema

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

// describer writes a Connect schema as JSON Schema, in the words and in the
// order of JsonSchemaData and of the library that prints for it.
type describer struct {
	options *Converter
	writer  *writer
	ids     map[string]bool // of the schemas that are written, or begun
	depth   int
}

// maxLevels bounds schemas within schemas.
const maxLevels = 1000

var errLevels = fmt.Errorf("more than %d levels of schemas", maxLevels)

// noIndex is the place of a schema that is no field.
const noIndex = -1

// text is the JSON Schema of s.
func (w *writer) text(s *connect.Schema) (string, error) {
	d := describer{options: w.options, writer: w, ids: map[string]bool{}}
	text, err := d.schema(nil, s, noIndex, false)
	return string(text), err
}

// schema appends s; bare leaves out that null is allowed.
func (d *describer) schema(dst []byte, s *connect.Schema, index int, bare bool) (_ []byte, err error) {
	if s == nil {
		return dst, errors.New("an array or map without the schema of its elements has no JSON Schema")
	}
	if d.depth++; d.depth > maxLevels {
		return dst, errLevels
	}
	defer func() { d.depth-- }()
	if id, ok := s.Param(idParam); ok {
		d.ids[id] = true
	}
	switch {
	case isVariant(s):
		return dst, errors.New("a Variant cannot be written")
	case isUnion(s):
		return d.union(dst, s, index)
	case s.IsOptional() && !bare:
		dst = d.combined(dst, s, index)
		dst = append(dst, `{"type":"null"},`...)
		// The id of a struct is written within, too.
		if dst, err = d.plain(dst, s, noIndex, s.Kind() == connect.KindStruct); err != nil {
			return dst, err
		}
		return append(dst, "]}"...), nil
	}
	return d.plain(dst, s, index, true)
}

// combined begins a oneOf.
func (d *describer) combined(dst []byte, s *connect.Schema, index int) []byte {
	dst = appendID(append(dst, '{'), s)
	if index != noIndex {
		dst = strconv.AppendInt(appendKey(dst, keyIndex), int64(index), 10)
	}
	return append(appendKey(dst, "oneOf"), '[')
}

// union appends the oneOf of a union's fields. Its own name, documentation and
// the like have no place in it.
func (d *describer) union(dst []byte, s *connect.Schema, index int) (_ []byte, err error) {
	dst = d.combined(dst, s, index)
	if s.IsOptional() {
		dst = append(dst, `{"type":"null"}`...)
	}
	for i, f := range s.Fields() {
		if i > 0 || s.IsOptional() {
			dst = append(dst, ',')
		}
		if dst, err = d.schema(dst, f.Schema, i, true); err != nil {
			return dst, fmt.Errorf("field %q: %w", f.Name, err)
		}
	}
	return append(dst, "]}"...), nil
}

// plain appends a schema as if it was required.
func (d *describer) plain(dst []byte, s *connect.Schema, index int, withID bool) (_ []byte, err error) {
	dst = append(dst, '{')
	if s.Kind() != connect.KindBool {
		dst = d.kind(dst, s)
	}
	if dst, err = d.common(dst, s, index, withID); err != nil {
		return dst, err
	}
	switch s.Kind() {
	case connect.KindBool:
		dst = append(appendKey(dst, "type"), `"boolean"`...)
	case connect.KindArray:
		if dst, err = d.reference(appendKey(dst, "items"), s.Elem(), noIndex); err != nil {
			return dst, fmt.Errorf("elements: %w", err)
		}
	case connect.KindMap:
		if dst, err = d.mapping(dst, s); err != nil {
			return dst, fmt.Errorf("map: %w", err)
		}
	case connect.KindStruct:
		if dst, err = d.properties(dst, s); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// kind appends the keywords that stand before all others.
func (d *describer) kind(dst []byte, s *connect.Schema) []byte {
	name := "string"
	switch s.Kind() {
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		name = "integer"
	case connect.KindFloat32, connect.KindFloat64:
		name = "number"
	case connect.KindString:
		if isEnum(s) {
			return d.enum(dst, s)
		}
	case connect.KindBytes:
		if s.Logical() == connect.LogicalDecimal && d.writer.logicals.Numeric {
			name = "number"
		}
	case connect.KindArray:
		name = "array"
	case connect.KindMap:
		name = "array"
		if isObjectMap(s) {
			name = "object"
		}
	case connect.KindStruct:
		name = "object"
	}
	dst = jsontext.AppendText(appendKey(dst, "type"), []byte(name))
	if s.Kind() == connect.KindStruct && !d.options.ObjectAdditionalProperties {
		dst = append(appendKey(dst, "additionalProperties"), "false"...)
	}
	return dst
}

func (d *describer) enum(dst []byte, s *connect.Schema) []byte {
	param := enumParam
	if d.options.GeneralizedSumTypeSupport {
		param = sharedEnum
	}
	dst = append(appendKey(dst, "enum"), '[')
	for i, symbol := range hashOrder(symbols(s, param), symbolHash, defaultRoom) {
		if i > 0 {
			dst = append(dst, ',')
		}
		if symbol == nullSymbol {
			dst = append(dst, "null"...)
			continue
		}
		dst = jsontext.AppendText(dst, []byte(symbol))
	}
	return append(dst, ']')
}

// symbolHash is what a symbol is filed under; null has the hash of "".
func symbolHash(symbol string) string {
	if symbol == nullSymbol {
		return ""
	}
	return symbol
}

// common appends title, description, default, id and Connect's own keywords.
func (d *describer) common(dst []byte, s *connect.Schema, index int, withID bool) (_ []byte, err error) {
	if s.Name() != "" {
		dst = jsontext.AppendText(appendKey(dst, "title"), []byte(s.Name()))
	}
	if s.Doc() != "" {
		dst = jsontext.AppendText(appendKey(dst, "description"), []byte(s.Doc()))
	}
	if def, ok := s.Default(); ok {
		if dst, err = d.defaultValue(appendKey(dst, "default"), s, def); err != nil {
			return dst, fmt.Errorf("default: %w", err)
		}
	}
	if withID {
		dst = appendID(dst, s)
	}
	for _, m := range copied(d.keywords(s, index), memberName) {
		dst = append(appendKey(dst, m.name), m.value.([]byte)...)
	}
	return dst, nil
}

// keywords are Connect's own, in the order in which JsonSchemaData puts them
// into its map.
func (d *describer) keywords(s *connect.Schema, index int) (out []member) {
	if name, ok := typeNames[s.Kind()]; ok {
		out = append(out, member{keyType, jsontext.AppendText(nil, []byte(name))})
	}
	if v, ok := s.Version(); ok {
		out = append(out, member{keyVersion, strconv.AppendInt(nil, int64(v), 10)})
	}
	params := slices.DeleteFunc(slices.Clone(s.Params()), func(p connect.Param) bool { return strings.HasPrefix(p.Key, ownPrefix) })
	if len(params) > 0 {
		out = append(out, member{keyParams, appendParams(nil, params)})
	}
	if index != noIndex {
		out = append(out, member{keyIndex, strconv.AppendInt(nil, int64(index), 10)})
	}
	return out
}

func paramKey(p connect.Param) string { return p.Key }

func appendParams(dst []byte, params []connect.Param) []byte {
	collected := hashOrder(params, paramKey, defaultRoom)
	dst = append(dst, '{')
	for _, p := range hashOrder(collected, paramKey, roomFor(len(params))) {
		dst = jsontext.AppendText(appendKey(dst, p.Key), []byte(p.Value))
	}
	return append(dst, '}')
}

// mapping appends what a map holds.
func (d *describer) mapping(dst []byte, s *connect.Schema) (_ []byte, err error) {
	if isObjectMap(s) {
		return d.schema(appendKey(dst, "additionalProperties"), s.Elem(), noIndex, false)
	}
	entry := []struct {
		name   string
		index  int
		schema *connect.Schema
	}{{entryValue, 1, s.Elem()}, {entryKey, 0, s.Key()}} // as a HashMap has these two names
	dst = append(appendKey(dst, "items"), `{"type":"object","properties":{`...)
	for _, e := range entry {
		if dst, err = d.schema(appendKey(dst, e.name), e.schema, e.index, false); err != nil {
			return dst, err
		}
	}
	return append(dst, "}}"...), nil
}

// property is a field on its way into a HashMap.
type property struct {
	name  string
	index int
}

func (d *describer) properties(dst []byte, s *connect.Schema) (_ []byte, err error) {
	fields := s.Fields()
	if len(fields) == 0 {
		return dst, nil
	}
	texts := make([][]byte, len(fields))
	order := make([]property, len(fields))
	for i, f := range fields {
		// In the order of the fields, as which of two is the reference depends on it.
		if texts[i], err = d.reference(nil, f.Schema, i); err != nil {
			return dst, fmt.Errorf("field %q: %w", f.Name, err)
		}
		order[i] = property{f.Name, i}
	}
	dst = append(appendKey(dst, "properties"), '{')
	for _, p := range hashOrder(order, func(p property) string { return p.name }, defaultRoom) {
		dst = append(appendKey(dst, p.name), texts[p.index]...)
	}
	return append(dst, '}'), nil
}

// reference appends a schema, or a $ref to it where it has an id and is there
// already.
func (d *describer) reference(dst []byte, s *connect.Schema, index int) ([]byte, error) {
	if s != nil {
		if id, ok := s.Param(idParam); ok && d.ids[id] {
			dst = jsontext.AppendText(append(dst, `{"$ref":`...), []byte(id))
			return append(dst, '}'), nil
		}
	}
	return d.schema(dst, s, index, false)
}

// defaultValue appends a default. Numbers lose the zeros behind their point,
// as that library writes them.
func (d *describer) defaultValue(dst []byte, s *connect.Schema, v connect.Value) ([]byte, error) {
	if s.Kind() == connect.KindString {
		return jsontext.AppendText(dst, v.Raw()), nil
	}
	p, err := d.writer.compile(s)
	if err != nil {
		return dst, err
	}
	text, err := d.writer.value(nil, p, v)
	if err != nil {
		return dst, err
	}
	if text[0] == '"' {
		switch v.Kind() {
		case connect.KindFloat32, connect.KindFloat64:
			return dst, fmt.Errorf("%s has no place in a JSON Schema", text)
		}
		return append(dst, text...), nil
	}
	if c := text[0]; c == '-' || c >= '0' && c <= '9' {
		return appendNumber(dst, text)
	}
	return append(dst, text...), nil
}

func appendNumber(dst, text []byte) ([]byte, error) {
	if slices.Contains(text, '.') && !slices.Contains(text, 'E') {
		text = []byte(strings.TrimSuffix(strings.TrimRight(string(text), "0"), "."))
	}
	var t jsontext.Tape
	if err := t.Reset(text); err != nil {
		return dst, err
	}
	if _, err := t.Root(); err != nil {
		return dst, err
	}
	v, err := t.Decimal(0)
	if err != nil {
		return dst, err
	}
	return v.Decimal().Append(dst), nil
}

func appendID(dst []byte, s *connect.Schema) []byte {
	if id, ok := s.Param(idParam); ok {
		dst = jsontext.AppendText(appendKey(dst, "id"), []byte(id))
	}
	return dst
}

// appendKey appends a member's name, with a comma where one is before it.
func appendKey(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(jsontext.AppendText(dst, []byte(name)), ':')
}
