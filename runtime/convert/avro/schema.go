package avro

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// kind is one of Avro's types.
type kind uint8

const (
	kindNull kind = iota
	kindBoolean
	kindInt
	kindLong
	kindFloat
	kindDouble
	kindBytes
	kindString
	kindRecord
	kindEnum
	kindFixed
	kindArray
	kindMap
	kindUnion
)

var kindNames = [...]string{
	"null", "boolean", "int", "long", "float", "double", "bytes", "string",
	"record", "enum", "fixed", "array", "map", "union",
}

func (k kind) String() string { return kindNames[k] }

// primitives are the kinds that a name stands for.
var primitives = func() map[string]kind {
	m := map[string]kind{}
	for k := kindNull; k <= kindString; k++ {
		m[k.String()] = k
	}
	return m
}()

// schema is a schema of Avro. Its parts depend on its kind. It may be
// recursive where it comes from a text.
type schema struct {
	kind     kind
	name     string // of a record, enum or fixed, without its namespace
	space    string // its namespace
	doc      *string
	fields   []*field
	symbols  []string
	fallback *string // the default symbol of an enum
	elem     *schema // an array's items, a map's values
	branches []*schema
	size     int // of a fixed
	aliases  []string
	props    jsonValue // an object of what is no attribute of Avro
	least    int       // see minSize: one more than it, or 0 where it is not known yet
}

// field is a field of a record.
type field struct {
	name    string
	schema  *schema
	doc     *string
	def     *jsonValue // nil: no default
	aliases []string
	props   jsonValue
}

func newSchema(k kind) *schema { return &schema{kind: k} }

func (k kind) named() bool { return k == kindRecord || k == kindEnum || k == kindFixed }

// fullName is the name with its namespace; of a type without a name, the type.
func (s *schema) fullName() string {
	switch {
	case !s.kind.named():
		return s.kind.String()
	case s.space == "":
		return s.name
	}
	return s.space + "." + s.name
}

// String names the schema in errors.
func (s *schema) String() string {
	switch {
	case s.kind.named():
		return s.kind.String() + " " + s.fullName()
	case s.kind == kindArray || s.kind == kindMap:
		return s.kind.String() + " of " + s.elem.String()
	}
	return s.kind.String()
}

// prop is a property, or nil.
func (s *schema) prop(name string) *jsonValue { return s.props.member(name) }

// text is a property that is a string; "" for any other.
func (s *schema) text(name string) string {
	t, _ := s.prop(name).str()
	return t
}

// setProp adds a property that is not there yet.
func (s *schema) setProp(name string, v *jsonValue) error {
	if old := s.prop(name); old != nil {
		if sameJSON(old, v) {
			return nil
		}
		return fmt.Errorf("property %q twice, with two values", name)
	}
	s.props.kind = jsonObject
	s.props.add(name, v)
	return nil
}

// fieldNamed is the place of a record's field, or -1.
func (s *schema) fieldNamed(name string) int {
	return slices.IndexFunc(s.fields, func(f *field) bool { return f.name == name })
}

// nullBranch is the place of null in a union, or -1.
func (s *schema) nullBranch() int {
	return slices.IndexFunc(s.branches, func(b *schema) bool { return b.kind == kindNull })
}

// optionalOf is T of a union of null and T; else nil.
func (s *schema) optionalOf() *schema {
	if s.kind != kindUnion || len(s.branches) != 2 {
		return nil
	}
	switch i := s.nullBranch(); {
	case i < 0, s.branches[1-i].kind == kindNull:
		return nil
	default:
		return s.branches[1-i]
	}
}

// minSize is the least number of bytes that data of the schema take. A schema
// that holds itself adds nothing where it does.
func (s *schema) minSize() int {
	if s.least == 0 {
		s.least = 1
		s.least = 1 + s.sum()
	}
	return s.least - 1
}

func (s *schema) sum() int {
	switch s.kind {
	case kindNull:
		return 0
	case kindFloat:
		return 4
	case kindDouble:
		return 8
	case kindFixed:
		return s.size
	case kindRecord:
		n := 0
		for _, f := range s.fields {
			n = min(n+f.schema.minSize(), 1<<30)
		}
		return n
	}
	return 1
}

// checkName holds a name to Avro's rule: letters, digits and underscores, no
// digit in front.
func checkName(what, name string) error {
	if name == "" {
		return fmt.Errorf("%s without a name", what)
	}
	for i, r := range name {
		if r == '_' || unicode.IsLetter(r) || i > 0 && unicode.IsDigit(r) {
			continue
		}
		return fmt.Errorf("%s %q: Avro allows letters, digits and _ in a name, and no digit in front", what, name)
	}
	return nil
}

// cutName divides a full name into namespace and name.
func cutName(full string) (space, name string) {
	if i := strings.LastIndexByte(full, '.'); i >= 0 {
		return full[:i], full[i+1:]
	}
	return "", full
}
