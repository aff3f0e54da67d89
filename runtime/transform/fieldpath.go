package transform

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"kcgen.dev/runtime/connect"
)

// fieldPath is the way to a field: the names from the outermost struct or map
// to it, one where it is not nested.
type fieldPath []string

// parseFieldPath reads a field's name (V1, or no version: all of the text is
// the name) or its path (V2, KIP-821): names with dots between, a name with
// dots in backticks. A backtick before a dot that ends no name has a backslash
// before it.
func parseFieldPath(text, version string) (fieldPath, error) {
	switch version {
	case "", "V1":
		return fieldPath{text}, nil
	case "V2":
		return parseV2(text)
	}
	return nil, fmt.Errorf(`fieldSyntaxVersion is %q, and has to be "V1" or "V2"`, version)
}

// parseFieldPaths reads a list; what comes again is left out.
func parseFieldPaths(texts []string, version string) (paths []fieldPath, err error) {
	seen := map[string]bool{}
	for _, text := range texts {
		if seen[text] {
			continue
		}
		seen[text] = true
		p, err := parseFieldPath(text, version)
		if err != nil {
			return nil, err
		}
		paths = append(paths, p)
	}
	return paths, nil
}

func parseV2(text string) (path fieldPath, err error) {
	if text == "" {
		return nil, fmt.Errorf("field path %q has no name in it", text)
	}
	for rest, more := text, true; more; {
		var name string
		if strings.HasPrefix(rest, "`") {
			if name, rest, more, err = quoted(rest[1:]); err != nil {
				return nil, fmt.Errorf("field path %q: the backtick at byte %d opens a name that no backtick closes", text, len(text)-len(rest))
			}
		} else {
			name, rest, more = strings.Cut(rest, ".")
		}
		path = append(path, name)
	}
	return path, nil
}

// quoted reads a name up to the backtick that closes it: one before a dot or at
// the end, and not behind a backslash. Other backticks are part of the name.
func quoted(in string) (name, rest string, more bool, err error) {
	var b strings.Builder
	for i := 0; i < len(in); i++ {
		last, dot := i == len(in)-1, i < len(in)-1 && in[i+1] == '.'
		if in[i] != '`' || !last && !dot {
			b.WriteByte(in[i])
			continue
		}
		if i > 0 && in[i-1] == '\\' {
			if last {
				break
			}
			escaped := b.String()
			b.Reset()
			b.WriteString(escaped[:len(escaped)-1] + "`")
			continue
		}
		if last {
			return b.String(), "", false, nil
		}
		return b.String(), in[i+2:], true, nil
	}
	return "", in, false, fmt.Errorf("no closing backtick")
}

// String is the path for messages.
func (p fieldPath) String() string { return strings.Join(p, ".") }

// schema is the schema of the field; nil where there is none. What is no
// struct has no fields to look for.
func (p fieldPath) schema(in *connect.Schema) (*connect.Schema, error) {
	for _, name := range p {
		if in.Kind() != connect.KindStruct {
			return nil, fmt.Errorf("field %q: only a struct has fields, and %q is looked for in %v", p, name, in)
		}
		i := in.FieldIndex(name)
		if i < 0 {
			return nil, nil
		}
		in = in.Fields()[i].Schema
	}
	return in, nil
}

// needed is the schema of a field that has to be there.
func (p fieldPath) needed(in *connect.Schema) (*connect.Schema, error) {
	s, err := p.schema(in)
	if err == nil && s == nil {
		err = p.missing(in)
	}
	return s, err
}

// missing is the error of a field that is not there.
func (p fieldPath) missing(in *connect.Schema) error {
	for n, name := range p {
		i := in.FieldIndex(name)
		switch {
		case i >= 0:
			in = in.Fields()[i].Schema
		case n == 0:
			return connect.NoField(name, in)
		default:
			return fmt.Errorf("field %q: %w", p[:n], connect.NoField(name, in))
		}
	}
	return nil
}

// mayBeNull is whether inStruct may give null for the field, which is there.
func (p fieldPath) mayBeNull(in *connect.Schema, last bool) bool {
	for n, name := range p {
		in = in.Fields()[in.FieldIndex(name)].Schema
		if _, ok := in.Default(); ok {
			if n == len(p)-1 && !last {
				return true
			}
		} else if in.IsOptional() {
			return true
		}
	}
	return false
}

// inStruct is the value of the field in a struct; null where there is none, or
// none of what it is in. Of structs on the way that are null the default
// counts, and of the field itself where last says so.
func (p fieldPath) inStruct(st *connect.Struct, last bool) (connect.Value, error) {
	for n, name := range p {
		i := st.Schema.FieldIndex(name)
		if i < 0 || i >= len(st.Slots) {
			return connect.Null, nil
		}
		v := st.Slots[i]
		leaf := n == len(p)-1
		if v.IsNull() && (last || !leaf) {
			v, _ = st.Schema.Fields()[i].Schema.Default()
		}
		if leaf || v.IsNull() {
			return v, nil
		}
		if st = v.Struct(); st == nil {
			return connect.Null, fmt.Errorf("field %q: %q is %v and no struct", p, name, v.Kind())
		}
	}
	return connect.Null, nil
}

// inMap is the value of the field in a map; null where there is none, or none
// of what it is in.
func (p fieldPath) inMap(m *connect.Map) (connect.Value, error) {
	for n, name := range p {
		v := m.Get(name)
		if n == len(p)-1 || v.IsNull() {
			return v, nil
		}
		if m = v.Map(); m == nil {
			return connect.Null, fmt.Errorf("field %q: %q is %v and no map", p, name, v.Kind())
		}
	}
	return connect.Null, nil
}

// structOf is the struct that a datum with a schema holds, with all its slots.
func structOf(v connect.Value) (*connect.Struct, error) {
	st := v.Struct()
	switch {
	case st == nil:
		return nil, fmt.Errorf("a struct is needed where there is a schema, and this is %v", v.Kind())
	case len(st.Slots) != len(st.Schema.Fields()):
		return nil, fmt.Errorf("a struct with %d slots for %d fields", len(st.Slots), len(st.Schema.Fields()))
	}
	return st, nil
}

// mapOf is the map that a datum without a schema holds.
func mapOf(v connect.Value) (*connect.Map, error) {
	m := v.Map()
	if m == nil {
		return nil, fmt.Errorf("a map is needed where there is no schema, and this is %v", v.Kind())
	}
	return m, nil
}

// filled is a field's value in a new struct: the default where it is null and
// that is wanted. Null is an error where the schema requires a value.
func filled(s *connect.Schema, v connect.Value, withDefault bool) (connect.Value, error) {
	if !v.IsNull() {
		return v, nil
	}
	if def, ok := s.Default(); ok && withDefault {
		return def, nil
	}
	if !s.IsOptional() {
		return connect.Null, fmt.Errorf("null, but %v is required", s)
	}
	return connect.Null, nil
}

// sortedKeys are the keys of a map from fields in a fixed order, so that what
// comes of them is the same every time.
func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
