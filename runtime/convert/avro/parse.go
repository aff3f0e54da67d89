package avro

import (
	"fmt"
	"slices"
	"strings"

	"kcgen.dev/runtime/registry"
)

// parser reads schemas; a name that one gives is known to the next.
type parser struct {
	names map[string]*schema
	count int
}

// maxSchemas bounds the types that one text may hold.
const maxSchemas = 100_000

// parse reads a schema behind those that it refers to.
func parse(text string, imports []registry.Import) (*schema, error) {
	s, _, err := parseNames(text, imports)
	return s, err
}

// parseNames is parse that gives all named types too.
func parseNames(text string, imports []registry.Import) (*schema, map[string]*schema, error) {
	p := &parser{names: map[string]*schema{}}
	for _, i := range imports {
		if _, err := p.text(i.Text); err != nil {
			return nil, nil, fmt.Errorf("reference %s: %w", i.Name, err)
		}
	}
	s, err := p.text(text)
	return s, p.names, err
}

func (p *parser) text(text string) (*schema, error) {
	v, err := parseJSON(text)
	if err != nil {
		// A text may be a type's bare name, without the quotes of JSON.
		if k, ok := primitives[strings.TrimSpace(text)]; ok && k != kindNull {
			return newSchema(k), nil
		}
		return nil, fmt.Errorf("schema is no JSON: %w", err)
	}
	return p.schema(v, "")
}

// schema reads a schema; space is the namespace around it.
func (p *parser) schema(v *jsonValue, space string) (*schema, error) {
	if p.count++; p.count > maxSchemas {
		return nil, fmt.Errorf("schema of more than %d types", maxSchemas)
	}
	switch v.kind {
	case jsonString:
		return p.reference(v.text, space)
	case jsonArray:
		return p.union(v, space)
	case jsonObject:
		return p.object(v, space)
	}
	return nil, fmt.Errorf("schema that is %s, where a type is needed", appendJSON(nil, v))
}

// reference finds what a name stands for: a primitive type, or a type that was
// defined before, in the namespace around it or in none.
func (p *parser) reference(name, space string) (*schema, error) {
	if k, ok := primitives[name]; ok {
		return newSchema(k), nil
	}
	if s, ok := p.known(name, space); ok {
		return s, nil
	}
	return nil, fmt.Errorf("type %q is not defined before it is used", name)
}

func (p *parser) known(name, space string) (*schema, bool) {
	if space != "" && !strings.Contains(name, ".") {
		if s, ok := p.names[space+"."+name]; ok {
			return s, true
		}
	}
	s, ok := p.names[strings.TrimPrefix(name, ".")]
	return s, ok
}

func (p *parser) union(v *jsonValue, space string) (*schema, error) {
	s := newSchema(kindUnion)
	seen := map[string]bool{}
	for _, e := range v.elems {
		b, err := p.schema(e, space)
		if err != nil {
			return nil, err
		}
		if b.kind == kindUnion {
			return nil, fmt.Errorf("union within a union")
		}
		if seen[b.fullName()] {
			return nil, fmt.Errorf("union with %s twice", b)
		}
		seen[b.fullName()] = true
		s.branches = append(s.branches, b)
	}
	return s, nil
}

func (p *parser) object(v *jsonValue, space string) (*schema, error) {
	t := v.member("type")
	name, ok := t.str()
	switch {
	case t == nil:
		return nil, fmt.Errorf(`schema without "type"`)
	case !ok:
		return p.schema(t, space) // {"type":{"type":…}}
	}
	k := kind(max(0, slices.Index(kindNames[:], name)))
	switch {
	case name == "error":
		k = kindRecord
	case kindNames[k] != name || k == kindUnion:
		return p.reference(name, space)
	}
	s := newSchema(k)
	if k.named() {
		if err := p.define(s, v, space); err != nil {
			return nil, err
		}
	}
	if err := p.parts(s, v, space); err != nil {
		if k.named() {
			return nil, fmt.Errorf("%s: %w", s, err)
		}
		return nil, err
	}
	s.props = props(v, attributes[:], k == kindEnum, "default")
	return s, nil
}

// attributes are those members of a schema that Avro gives a meaning; what
// else there is are properties.
var attributes = [...]string{"aliases", "doc", "fields", "items", "name", "namespace", "size", "symbols", "type", "values"}

func props(v *jsonValue, known []string, also bool, other string) jsonValue {
	out := jsonValue{kind: jsonObject}
	for i, name := range v.names {
		if !slices.Contains(known, name) && !(also && name == other) {
			out.add(name, v.elems[i])
		}
	}
	return out
}

// define reads a name and makes it known.
func (p *parser) define(s *schema, v *jsonValue, space string) error {
	name, _ := v.member("name").str()
	if strings.Contains(name, ".") {
		s.space, s.name = cutName(name)
	} else {
		s.space, s.name = space, name
		if own, ok := v.member("namespace").str(); ok {
			s.space = own
		}
	}
	if err := checkName(s.kind.String(), s.name); err != nil {
		return err
	}
	if doc, ok := v.member("doc").str(); ok {
		s.doc = &doc
	}
	for _, a := range stringsOf(v.member("aliases")) {
		if !strings.Contains(a, ".") && s.space != "" {
			a = s.space + "." + a
		}
		s.aliases = append(s.aliases, a)
	}
	if _, twice := p.names[s.fullName()]; twice {
		return fmt.Errorf("%s is defined twice", s)
	}
	p.names[s.fullName()] = s
	return nil
}

func stringsOf(v *jsonValue) (out []string) {
	if v == nil || v.kind != jsonArray {
		return nil
	}
	for _, e := range v.elems {
		if t, ok := e.str(); ok {
			out = append(out, t)
		}
	}
	return out
}

// parts reads what a schema is made of.
func (p *parser) parts(s *schema, v *jsonValue, space string) (err error) {
	switch s.kind {
	case kindRecord:
		return p.fields(s, v)
	case kindEnum:
		return p.enum(s, v)
	case kindFixed:
		size, ok := v.member("size").integer()
		if !ok || size < 0 || size > 1<<30 {
			return fmt.Errorf("a size is needed, of 0 to 2^30")
		}
		s.size = int(size)
	case kindArray, kindMap:
		name := map[kind]string{kindArray: "items", kindMap: "values"}[s.kind]
		e := v.member(name)
		if e == nil {
			return fmt.Errorf("%v without %q", s.kind, name)
		}
		s.elem, err = p.schema(e, space)
	}
	return err
}

func (p *parser) fields(s *schema, v *jsonValue) error {
	list := v.member("fields")
	if list == nil || list.kind != jsonArray {
		return fmt.Errorf(`no "fields"`)
	}
	seen := map[string]bool{}
	for _, e := range list.elems {
		name, _ := e.member("name").str()
		if err := checkName("field", name); err != nil {
			return err
		}
		if seen[name] {
			return fmt.Errorf("field %q twice", name)
		}
		seen[name] = true
		t := e.member("type")
		if t == nil {
			return fmt.Errorf("field %q has no type", name)
		}
		f := &field{name: name, def: e.member("default"), aliases: stringsOf(e.member("aliases"))}
		var err error
		if f.schema, err = p.schema(t, s.space); err != nil {
			return fmt.Errorf("field %q: %w", name, err)
		}
		if doc, ok := e.member("doc").str(); ok {
			f.doc = &doc
		}
		f.props = props(e, []string{"aliases", "default", "doc", "name", "order", "type"}, false, "")
		s.fields = append(s.fields, f)
	}
	return nil
}

func (p *parser) enum(s *schema, v *jsonValue) error {
	list := v.member("symbols")
	if list == nil || list.kind != jsonArray {
		return fmt.Errorf(`no "symbols"`)
	}
	seen := map[string]bool{}
	for _, symbol := range stringsOf(list) {
		if err := checkName("symbol", symbol); err != nil {
			return err
		}
		if seen[symbol] {
			return fmt.Errorf("symbol %q twice", symbol)
		}
		seen[symbol] = true
		s.symbols = append(s.symbols, symbol)
	}
	if def, ok := v.member("default").str(); ok {
		if !seen[def] {
			return fmt.Errorf("default %q is none of the symbols", def)
		}
		s.fallback = &def
	}
	return nil
}
