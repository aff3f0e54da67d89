package jsonschema

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"kcgen.dev/runtime/connect"
)

// converter makes Connect schemas of nodes, as JsonSchemaData does.
type converter struct {
	options *Converter
	reader  *reader                   // of defaults
	open    map[*node]bool            // what is being made
	structs map[*node]*connect.Schema // those that have been made, for what refers to them again
	ids     map[*node]string          // that they have then …
	given   map[*node]string          // … and would have in another go
	again   int                       // how often that was
	unions  int
	count   int
	depth   int
}

// maxFields bounds what the references of a schema may unfold to.
const maxFields = 100000

// schema makes the Connect schema of n; version is that of the registry, if
// there is one.
func (c *converter) schema(n *node, version *int32, optional bool) (*connect.Schema, error) {
	if c.depth++; c.depth > maxLevels {
		return nil, errLevels
	}
	defer func() { c.depth-- }()
	if c.count++; c.count > maxFields {
		return nil, fmt.Errorf("unfolds to more than %d schemas", maxFields)
	}
	if c.open[n] {
		return nil, fmt.Errorf("%s: a schema that contains itself has no Connect schema here", n.place)
	}
	c.open[n] = true
	defer delete(c.open, n)

	switch n.form {
	case formReference:
		if s, ok := c.structs[n.target.node]; ok {
			return c.copy(n.target.node, s, optional)
		}
		return c.schema(n.target.node, version, optional)
	case formCombined:
		if len(n.parts) == 1 && c.options.FlattenSingletonUnions {
			return c.schema(n.parts[0], nil, false)
		}
		if n.criterion == allOf {
			return c.allOf(n, version, optional)
		}
		c.unions++ // of those that turn out to be none, too
		if part := nullable(n); part != nil {
			return c.schema(part, version, true)
		}
	}
	b, err := c.builder(n)
	if err != nil {
		return nil, err
	}
	return c.finish(b, n, version, optional)
}

// copy is the schema of a struct that is referred to again. JsonSchemaData
// gives it an id, by which it is known when it is written.
func (c *converter) copy(n *node, s *connect.Schema, optional bool) (*connect.Schema, error) {
	c.again++
	c.count += len(s.Fields())
	b := connect.NewStruct().Name(s.Name()).Doc(s.Doc())
	if v, ok := s.Version(); ok {
		b.Version(v)
	}
	params := s.Params()
	if _, ok := s.Param(idParam); !ok {
		params = append(slices.Clone(params), connect.Param{Key: idParam, Value: c.ids[n]})
	}
	for _, p := range hashOrder(params, paramKey, roomOfCopy(len(params))) {
		b.Param(p.Key, p.Value)
	}
	for _, f := range s.Fields() {
		b.Field(f.Name, f.Schema)
	}
	if def, ok := s.Default(); ok {
		b.Default(def)
	}
	if optional {
		b.Optional()
	}
	c.given[n] = "#id" + strconv.Itoa(c.again)
	return b.Build()
}

// nullable is the schema beside null in a combination of these two; nil where
// n is none.
func nullable(n *node) *node {
	if len(n.parts) != 2 {
		return nil
	}
	a, b := n.parts[0], n.parts[1]
	switch {
	case a.form == formNull && b.form != formNull:
		return b
	case b.form == formNull:
		return a // which is null too, or not
	}
	return nil
}

// builder begins the schema of n.
func (c *converter) builder(n *node) (*connect.SchemaBuilder, error) {
	switch n.form {
	case formBool:
		return connect.NewSchema(connect.KindBool), nil
	case formNumber:
		return c.number(n)
	case formString:
		if n.connectType() == "bytes" {
			return connect.NewSchema(connect.KindBytes), nil
		}
		return connect.NewSchema(connect.KindString), nil
	case formEnum, formConst:
		return c.enum(n), nil
	case formCombined:
		return c.union(n)
	case formArray:
		return c.array(n)
	case formObject:
		return c.object(n)
	}
	return nil, fmt.Errorf("%s: %s has no Connect schema", n.place, formNames[n.form])
}

// connectType is the value of connect.type.
func (n *node) connectType() string {
	if n.keywords == nil {
		return ""
	}
	return n.keywords.text(keyType)
}

func (c *converter) number(n *node) (*connect.SchemaBuilder, error) {
	name := n.connectType()
	switch {
	case name == "" && n.integer:
		return connect.NewSchema(connect.KindInt64), nil
	case name == "":
		return connect.NewSchema(connect.KindFloat64), nil
	}
	kind, ok := typeKinds[name]
	if !ok || kind == connect.KindMap {
		return nil, fmt.Errorf("%s: connect.type %q is no number", n.place, cutText(name))
	}
	return connect.NewSchema(kind), nil
}

// enum is a string with its values in its parameters.
func (c *converter) enum(n *node) *connect.SchemaBuilder {
	param := enumParam
	if c.options.GeneralizedSumTypeSupport {
		param = sharedEnum
	}
	b := connect.NewSchema(connect.KindString).Param(param, "")
	for i, v := range n.values {
		symbol := nullSymbol
		switch v := v.(type) {
		case nil:
		case string:
			symbol = v
		default:
			symbol = string(appendTree(nil, v))
		}
		if c.options.GeneralizedSumTypeSupport {
			b.Param(param+"."+symbol, strconv.Itoa(i))
		} else {
			b.Param(param+"."+symbol, symbol)
		}
	}
	return b
}

// union is a struct with a field for each of the types.
func (c *converter) union(n *node) (*connect.SchemaBuilder, error) {
	name, prefix := oneOfName, oneOfName+".field."
	if c.options.GeneralizedSumTypeSupport {
		name, prefix = unionPrefix+strconv.Itoa(c.unions-1), unionField
	}
	b := connect.NewStruct().Name(name)
	if c.options.GeneralizedSumTypeSupport {
		b.Param(sharedUnion, name)
	}
	i := 0
	for _, part := range n.parts {
		if part.form == formNull {
			b.Optional()
			continue
		}
		s, err := c.schema(part, nil, true)
		if err != nil {
			return nil, err
		}
		b.Field(prefix+strconv.Itoa(i), s)
		i++
	}
	return b, nil
}

func (c *converter) array(n *node) (*connect.SchemaBuilder, error) {
	if n.items == nil {
		return nil, fmt.Errorf("%s: an array that does not say what it holds (items) has no Connect schema", n.place)
	}
	if n.connectType() != "map" || n.items.form != formObject {
		elem, err := c.schema(n.items, nil, false)
		if err != nil {
			return nil, err
		}
		return connect.NewArray(elem), nil
	}
	key, err := c.property(n.items, entryKey)
	if err != nil {
		return nil, err
	}
	elem, err := c.property(n.items, entryValue)
	if err != nil {
		return nil, err
	}
	return connect.NewMap(key, elem), nil
}

func (c *converter) property(n *node, name string) (*connect.Schema, error) {
	for _, p := range n.properties {
		if p.name == name {
			return c.schema(p.node, nil, false)
		}
	}
	return nil, fmt.Errorf("%s: the entry of a map without %q", n.place, name)
}

func (c *converter) object(n *node) (*connect.SchemaBuilder, error) {
	if n.connectType() == "map" {
		if n.additional == nil {
			return nil, fmt.Errorf("%s: a map without the schema of its values (additionalProperties)", n.place)
		}
		elem, err := c.schema(n.additional, nil, false)
		if err != nil {
			return nil, err
		}
		return connect.NewMap(connect.StringSchema, elem), nil
	}
	b := connect.NewStruct()
	return b, c.fields(b, ordered(n.properties), n.required)
}

func (c *converter) fields(b *connect.SchemaBuilder, fields []field, required map[string]bool) error {
	for _, f := range fields {
		s, err := c.schema(f.node, nil, c.options.UseOptionalForNonrequired && !required[f.name])
		if err != nil {
			return err
		}
		b.Field(f.name, s)
	}
	return nil
}

// ordered sorts properties by connect.index; one without it has its place.
func ordered(properties []field) []field {
	type placed struct {
		field
		index int32
	}
	list := make([]placed, len(properties))
	for i, f := range properties {
		list[i] = placed{f, int32(i)}
		if v, ok := f.node.int(keyIndex); ok {
			list[i].index = v
		}
	}
	slices.SortStableFunc(list, func(a, b placed) int { return cmp.Compare(a.index, b.index) })
	out := make([]field, len(list))
	for i, p := range list {
		out[i] = p.field
	}
	return out
}

// int is the value of a keyword that is an int32.
func (n *node) int(keyword string) (int32, bool) {
	if n.keywords == nil {
		return 0, false
	}
	v, _ := n.keywords.get(keyword)
	text, _ := v.(number)
	i, err := strconv.ParseInt(string(text), 10, 32)
	return int32(i), err == nil
}

// finish adds what a schema of any type may have.
func (c *converter) finish(b *connect.SchemaBuilder, n *node, version *int32, optional bool) (*connect.Schema, error) {
	if n.form != formCombined && n.title != "" {
		b.Name(n.title)
	}
	if v, ok := n.int(keyVersion); ok {
		b.Version(v)
	} else if version != nil {
		b.Version(*version)
	}
	if n.description != "" {
		b.Doc(n.description)
	}
	if n.keywords != nil {
		if err := c.addParams(b, n); err != nil {
			return nil, fmt.Errorf("%s: %w", n.place, err)
		}
	}
	if n.hasDefault && n.defaultValue != nil {
		if err := c.addDefault(b, n.defaultValue); err != nil {
			return nil, fmt.Errorf("%s: default: %w", n.place, err)
		}
	}
	if optional {
		b.Optional()
	}
	s, err := b.Build()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.place, err)
	}
	if n.form == formObject && s.Kind() == connect.KindStruct {
		c.structs[n] = s
	}
	return s, nil
}

func (c *converter) addParams(b *connect.SchemaBuilder, n *node) error {
	v, ok := n.keywords.get(keyParams)
	if !ok {
		return nil
	}
	params, ok := v.(*object)
	if !ok {
		return errors.New("connect.parameters is no object")
	}
	for _, m := range hashOrder(hashOrder(params.members, memberName, defaultRoom), memberName, roomFor(len(params.members))) {
		text, ok := m.value.(string)
		if !ok {
			return fmt.Errorf("connect.parameters: %q is no string", cutText(m.name))
		}
		b.Param(m.name, text)
	}
	if id := c.ids[n]; id != "" && len(params.members) > 0 { // they are one map with those of what refers to it
		b.Param(idParam, id)
	}
	return nil
}

func (c *converter) addDefault(b *connect.SchemaBuilder, value any) error {
	s, err := b.Build()
	if err != nil {
		return err
	}
	d, err := c.reader.parse(s, appendTree(nil, value))
	if err != nil {
		return err
	}
	b.Default(d)
	return nil
}
