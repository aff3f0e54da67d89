package avro

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kcgen.dev/runtime/connect"
)

// fromConnect turns one Connect schema, with all that is in it, into Avro's.
type fromConnect struct {
	*options
	nameless int             // schemas that got a name of ours
	seen     map[string]bool // names of schemas of fields
	done     []converted
}

// converted is a schema that is not optional, and what became of it.
type converted struct {
	from *connect.Schema
	to   *schema
}

// avroSchema is the Avro schema under which data of s are written; nil stands
// for data without a schema.
func (o *options) avroSchema(s *connect.Schema) (*schema, error) {
	c := fromConnect{options: o, seen: map[string]bool{}}
	return c.schema(s, false)
}

// schema converts s. With bare, an optional one is not made a union: it is to
// be a part of one.
func (c *fromConnect) schema(s *connect.Schema, bare bool) (*schema, error) {
	if s == nil {
		return anything, nil
	}
	union := isUnion(s)
	if !s.IsOptional() && !union {
		if found := c.find(s); found != nil {
			return found, nil
		}
	}
	base, err := c.base(s, union)
	if err != nil {
		return nil, err
	}
	if base.kind == kindUnion {
		return base, nil // it has no place for properties
	}
	if err := c.annotate(base, s); err != nil {
		return nil, err
	}
	if !s.IsOptional() {
		if mayBeNamed(s) {
			c.done = append(c.done, converted{s, base})
		}
		return base, nil
	}
	if bare {
		return base, nil
	}
	return optional(base, s), nil
}

// find gives what an equal schema became. Types with a name need it: a name
// is defined once.
func (c *fromConnect) find(s *connect.Schema) *schema {
	for _, d := range c.done {
		if d.from == s {
			return d.to
		}
	}
	if !mayBeNamed(s) {
		return nil
	}
	for _, d := range c.done {
		if d.from.Equal(s) {
			return d.to
		}
	}
	return nil
}

func mayBeNamed(s *connect.Schema) bool {
	switch s.Kind() {
	case connect.KindStruct, connect.KindMap:
		return true
	case connect.KindString, connect.KindBytes: // enums and what is fixed
		return len(s.Params()) > 0
	}
	return false
}

// optional is the union with null, whose first type the default is of.
func optional(base *schema, s *connect.Schema) *schema {
	u := newSchema(kindUnion)
	if _, has := s.Default(); has {
		u.branches = []*schema{base, newSchema(kindNull)}
	} else {
		u.branches = []*schema{newSchema(kindNull), base}
	}
	return u
}

var plainKinds = map[connect.Kind]kind{
	connect.KindInt8: kindInt, connect.KindInt16: kindInt, connect.KindInt32: kindInt,
	connect.KindInt64: kindLong, connect.KindFloat32: kindFloat, connect.KindFloat64: kindDouble,
	connect.KindBool: kindBoolean, connect.KindString: kindString, connect.KindBytes: kindBytes,
}

// base converts the type of s, without what annotate adds.
func (c *fromConnect) base(s *connect.Schema, union bool) (*schema, error) {
	switch s.Kind() {
	case connect.KindString:
		if param, ok := c.enumParam(s); ok {
			return c.enumOf(s, param)
		}
	case connect.KindBytes:
		return c.bytes(s)
	case connect.KindArray:
		elem, err := c.schema(s.Elem(), false)
		return &schema{kind: kindArray, elem: elem}, err
	case connect.KindMap:
		if !c.avroMap(s) {
			return c.entries(s)
		}
		elem, err := c.schema(s.Elem(), false)
		return &schema{kind: kindMap, elem: elem}, err
	case connect.KindStruct:
		switch {
		case union:
			return c.union(s)
		case s.IsOptional():
			record, err := c.schema(required(s), false)
			return &schema{kind: kindUnion, branches: []*schema{newSchema(kindNull), record}}, err
		}
		return c.record(s)
	}
	return newSchema(plainKinds[s.Kind()]), nil
}

// required is s without being optional. What it is made of is s's own, so it
// can be built.
func required(s *connect.Schema) *connect.Schema {
	if !s.IsOptional() {
		return s
	}
	b := connect.NewSchema(s.Kind()).Basics(s).Untyped()
	for _, f := range s.Fields() {
		b.Field(f.Name, f.Schema)
	}
	if s.Elem() != nil {
		b.Elem(s.Elem())
	}
	if s.Key() != nil {
		b.Key(s.Key())
	}
	if def, ok := s.Default(); ok && def.Kind() != connect.KindStruct {
		b.Default(def)
	}
	return b.MustBuild()
}

// name gives a type its name: the schema's, or one of ours.
func (c *fromConnect) name(to *schema, s *connect.Schema) error {
	if s.Name() == "" {
		c.nameless++
		to.space, to.name = namespace, defaultName
		if c.nameless > 1 {
			to.name += strconv.Itoa(c.nameless)
		}
		return nil
	}
	to.space, to.name = c.split(s.Name())
	return c.hint(checkName("schema name", to.name))
}

// hint says what helps against a name that Avro does not allow.
func (c *fromConnect) hint(err error) error {
	if err == nil || c.scrubNames {
		return err
	}
	return fmt.Errorf("%w; scrubInvalidNames replaces what is wrong", err)
}

func (c *fromConnect) enumOf(s *connect.Schema, param string) (*schema, error) {
	own := &schema{kind: kindEnum}
	if err := c.name(own, s); err != nil {
		return nil, err
	}
	e := &schema{kind: kindEnum}
	for _, p := range s.Params() {
		if symbol, ok := strings.CutPrefix(p.Key, param+"."); ok {
			if err := checkName("symbol", symbol); err != nil {
				return nil, err
			}
			e.symbols = append(e.symbols, symbol)
		}
	}
	full, ok := s.Param(param)
	if !ok {
		return nil, fmt.Errorf("enum without the parameter %s", param)
	}
	e.space, e.name = cutName(full)
	doc, def := paramEnumDoc+own.name, paramEnumDefault+own.name
	if c.discardDocs {
		doc, def = paramPlainEnum, ""
	}
	e.doc = paramOf(s, doc)
	if def != "" {
		e.fallback = paramOf(s, def)
	}
	if e.fallback != nil && !slices.Contains(e.symbols, *e.fallback) {
		return nil, fmt.Errorf("enum default %q is none of the symbols", *e.fallback)
	}
	return e, c.hint(checkName("enum", e.name))
}

// paramOf is a parameter, or nil.
func paramOf(s *connect.Schema, name string) *string {
	if v, ok := s.Param(name); ok {
		return &v
	}
	return nil
}

// bytes converts bytes, which may be fixed, and decimals, which may be too.
func (c *fromConnect) bytes(s *connect.Schema) (*schema, error) {
	b := newSchema(kindBytes)
	if text, ok := fixedSize(s); ok {
		size, err := strconv.Atoi(text)
		if err != nil || size < 0 {
			return nil, fmt.Errorf("parameter %s is %q, not a size", paramFixed, text)
		}
		b = &schema{kind: kindFixed, size: size}
		if err := c.name(b, s); err != nil {
			return nil, err
		}
	}
	if s.Logical() != connect.LogicalDecimal {
		return b, nil
	}
	scale, ok := s.Scale()
	if !ok {
		return nil, fmt.Errorf("a Decimal whose schema has no good scale parameter")
	}
	digits := defaultDigits
	if text, ok := s.Param(paramDigits); ok {
		var err error
		if digits, err = strconv.Atoi(text); err != nil || digits < 1 {
			return nil, fmt.Errorf("parameter %s is %q, not a number of digits", paramDigits, text)
		}
	}
	if b.kind == kindFixed && digits > maxDigits(b.size) && scale >= 0 && int(scale) <= digits {
		return nil, fmt.Errorf("a Decimal of %d digits does not fit into the %d bytes that %s says", digits, b.size, paramFixed)
	}
	return b, firstErr(b.setProp(propScale, jsonInt(int64(scale))), b.setProp(propDigits, jsonInt(int64(digits))))
}

func firstErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// entries converts a map whose keys are no strings: an array of pairs.
func (c *fromConnect) entries(s *connect.Schema) (*schema, error) {
	e := &schema{kind: kindRecord, space: namespace, name: entryName}
	if s.Name() != "" {
		if err := c.name(e, s); err != nil {
			return nil, err
		}
		_ = e.setProp(propInternal, jsonText(entryName)) // the first
	}
	for i, part := range []*connect.Schema{s.Key(), s.Elem()} {
		f, err := c.field([]string{"key", "value"}[i], part, nil)
		if err != nil {
			return nil, err
		}
		e.fields = append(e.fields, f)
	}
	return &schema{kind: kindArray, elem: e}, nil
}

func (c *fromConnect) union(s *connect.Schema) (*schema, error) {
	u := newSchema(kindUnion)
	if s.IsOptional() {
		u.branches = append(u.branches, newSchema(kindNull))
	}
	seen := map[string]bool{}
	for _, f := range s.Fields() {
		b, err := c.schema(required(f.Schema), true)
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", f.Name, err)
		}
		if b.kind == kindUnion {
			return nil, fmt.Errorf("field %q: union within a union", f.Name)
		}
		if seen[b.fullName()] {
			return nil, fmt.Errorf("field %q: a union has %s once", f.Name, b)
		}
		seen[b.fullName()] = true
		u.branches = append(u.branches, b)
	}
	return u, nil
}

func (c *fromConnect) record(s *connect.Schema) (*schema, error) {
	r := newSchema(kindRecord)
	if err := c.name(r, s); err != nil {
		return nil, err
	}
	if c.discardDocs {
		r.doc = paramOf(s, paramPlainRecord)
	} else {
		r.doc = paramOf(s, paramRecordDoc)
	}
	seen := make(map[string]bool, len(s.Fields()))
	for _, f := range s.Fields() {
		name := c.scrub(f.Name)
		if err := c.hint(checkName("field", name)); err != nil {
			return nil, err
		}
		if seen[name] {
			return nil, fmt.Errorf("field %q: another field has the name %q in Avro", f.Name, name)
		}
		seen[name] = true
		var doc *string
		if !c.discardDocs {
			doc = paramOf(s, paramFieldDoc+f.Name)
		}
		field, err := c.field(name, f.Schema, doc)
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", f.Name, err)
		}
		r.fields = append(r.fields, field)
	}
	return r, nil
}

// field converts a field of a record.
func (c *fromConnect) field(name string, s *connect.Schema, doc *string) (*field, error) {
	f := &field{name: name, doc: doc}
	again := false
	if s != nil && s.Name() != "" {
		full := c.scrubFull(s.Name())
		again = c.seen[full]
		c.seen[full] = true
	}
	var err error
	if f.schema, err = c.schema(s, false); err != nil || s == nil {
		return f, err
	}
	if def, ok := s.Default(); ok {
		if f.def, err = c.defaultJSON(s, def); err != nil {
			return nil, fmt.Errorf("default: %w", err)
		}
	} else if s.IsOptional() {
		f.def = &jsonValue{}
	}
	if all := newDefaults(); f.def != nil && !all.valid(f.schema, f.def) {
		f.def = nil
	}
	if c.discardDocs {
		f.doc = nil
		if s.Doc() != "" {
			text := s.Doc()
			f.doc = &text
		}
	}
	// A type with a name is written once; what a later field says otherwise
	// stands with the field.
	if c.metaData && again && hasName(f.schema) {
		if params := c.paramsJSON(s); params != nil {
			f.props = jsonValue{kind: jsonObject}
			f.props.add(propParams, params)
		}
	}
	return f, nil
}

func hasName(s *schema) bool {
	for _, b := range s.branches {
		if b.kind.named() {
			return true
		}
	}
	return s.kind.named()
}
