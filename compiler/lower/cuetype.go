package lower

import (
	"fmt"
	"math"
	"strings"

	"cuelang.org/go/cue"
)

// connectSchema is a schema in Kafka Connect's JSON form.
type connectSchema struct {
	Type     string           `json:"type"`
	Optional bool             `json:"optional,omitempty"`
	Field    string           `json:"field,omitempty"`
	Items    *connectSchema   `json:"items,omitempty"`
	Keys     *connectSchema   `json:"keys,omitempty"`
	Values   *connectSchema   `json:"values,omitempty"`
	Fields   []*connectSchema `json:"fields,omitempty"`
}

// integers are the ranges of CUE's bounded integers, and the smallest of
// Connect's types that holds each. Any other integer is an int64.
var integers = []struct {
	min, max int64
	connect  string
}{
	{math.MinInt8, math.MaxInt8, "int8"}, {0, math.MaxUint8, "int16"},
	{math.MinInt16, math.MaxInt16, "int16"}, {0, math.MaxUint16, "int32"},
	{math.MinInt32, math.MaxInt32, "int32"},
}

// typeError is what is wrong with a CUE type, and where in it.
type typeError struct {
	at  cue.Value
	msg string
}

func (e *typeError) Error() string { return e.msg }

func noType(v cue.Value, format string, args ...any) error {
	return &typeError{v, fmt.Sprintf(format, args...)}
}

// cueType says a CUE type as a schema of Kafka Connect. It need not be
// concrete: {id!: int64, name?: string}.
func (l *lowerer) cueType(v cue.Value, depth int) (*connectSchema, error) {
	if depth > maxData {
		return nil, noType(v, "is nested more than %d levels, or refers to itself", maxData)
	}
	kind := v.IncompleteKind()
	optional := kind&cue.NullKind != 0
	if optional && kind != cue.NullKind {
		kind &^= cue.NullKind
		v = withoutNull(v)
	}
	s, err := l.typeOfKind(v, kind, depth)
	if s != nil {
		s.Optional = optional
	}
	return s, err
}

// withoutNull is T of null | T.
func withoutNull(v cue.Value) cue.Value {
	op, args := v.Expr()
	if op != cue.OrOp {
		return v
	}
	var rest []cue.Value
	for _, a := range args {
		if a.IncompleteKind() != cue.NullKind {
			rest = append(rest, a)
		}
	}
	if len(rest) == 1 {
		return rest[0]
	}
	return v
}

func (l *lowerer) typeOfKind(v cue.Value, kind cue.Kind, depth int) (*connectSchema, error) {
	switch kind {
	case cue.BoolKind:
		return &connectSchema{Type: "boolean"}, nil
	case cue.StringKind:
		return &connectSchema{Type: "string"}, nil
	case cue.BytesKind:
		return &connectSchema{Type: "bytes"}, nil
	case cue.IntKind:
		return &connectSchema{Type: l.integerType(v)}, nil
	case cue.FloatKind, cue.NumberKind:
		if fmt.Sprint(v) == "float32" {
			return &connectSchema{Type: "float"}, nil
		}
		return &connectSchema{Type: "double"}, nil
	case cue.ListKind:
		return l.listType(v, depth)
	case cue.StructKind:
		return l.structType(v, depth)
	case cue.BottomKind:
		return nil, noType(v, "is no type: %s", oneLine(v.Err()))
	}
	return nil, noType(v, "may be %v, which no schema of Kafka Connect is: write one type, or null | one type", kind)
}

// oneLine is the first of CUE's errors. Of a field that is called as its type
// is, it says how CUE is told them apart.
func oneLine(err error) string {
	if err == nil {
		return "it holds nothing"
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	if _, name, ok := strings.Cut(line, "cannot reference optional field: "); ok {
		return fmt.Sprintf("%s is the field itself here; where the type is meant, the field's name stands in quotes: %[1]q?: %[1]s", name)
	}
	return line
}

// integerType goes by the numbers that a type allows: those of int32 & >0 are
// an int32's up to its end.
func (l *lowerer) integerType(v cue.Value) string {
	allows := func(n int64) bool { return v.Unify(l.context.Encode(n)).Err() == nil }
	for _, t := range integers {
		if allows(t.max) && !allows(t.max+1) && !allows(t.min-1) {
			return t.connect
		}
	}
	return "int64"
}

func (l *lowerer) listType(v cue.Value, depth int) (*connectSchema, error) {
	e := v.LookupPath(cue.MakePath(cue.AnyIndex))
	if !e.Exists() || v.LookupPath(cue.MakePath(cue.Index(0))).Exists() {
		return nil, noType(v, "is a list of given elements: write [...T], all of one type")
	}
	items, err := l.cueType(e, depth+1)
	return &connectSchema{Type: "array", Items: items}, err
}

// structType is a struct, or a map where nothing but {[string]: T} is said.
func (l *lowerer) structType(v cue.Value, depth int) (*connectSchema, error) {
	it, err := v.Fields(cue.Optional(true), cue.Patterns(true))
	if err != nil {
		return nil, noType(v, "is no struct: %s", oneLine(err))
	}
	s := &connectSchema{Type: "struct"}
	for it.Next() {
		f, err := l.cueType(it.Value(), depth+1)
		if err != nil {
			return nil, err
		}
		if it.FieldType()&cue.PatternConstraint != 0 {
			s.Values = f
			continue
		}
		f.Field = it.Selector().Unquoted()
		f.Optional = f.Optional || it.FieldType()&cue.OptionalConstraint != 0
		s.Fields = append(s.Fields, f)
	}
	switch {
	case s.Values != nil && len(s.Fields) > 0:
		return nil, noType(v, "has fields and a pattern: Kafka Connect has structs, whose fields are known, and maps {[string]: T}")
	case s.Values != nil:
		s.Type, s.Keys = "map", &connectSchema{Type: "string"}
	}
	return s, nil
}
