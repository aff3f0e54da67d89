package debezium

import (
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
)

// The fields of an envelope that are looked at.
const (
	fieldBefore    = "before"
	fieldAfter     = "after"
	fieldOp        = "op"
	fieldTimestamp = "ts_ms"
)

// The operations that are told apart.
const (
	opUpdate = "u"
	opDelete = "d"
)

// isEnvelope reports whether data of a schema are change events. As in
// Debezium, the schema's name says so.
func isEnvelope(s *connect.Schema) bool {
	return s != nil && strings.HasSuffix(s.Name(), envelopeName)
}

// fieldOf is the schema of a field, or nil.
func fieldOf(s *connect.Schema, name string) *connect.Schema {
	if i := s.FieldIndex(name); i >= 0 {
		return s.Fields()[i].Schema
	}
	return nil
}

// typed is the place of a field of a kind.
func typed(s *connect.Schema, name string, kind connect.Kind) (int, error) {
	i := s.FieldIndex(name)
	if i < 0 {
		return i, connect.NoField(name, s)
	}
	if k := s.Fields()[i].Schema.Kind(); k != kind {
		return i, fmt.Errorf("field %q is a %v, and has to be a %v", name, k, kind)
	}
	return i, nil
}

// slots are the fields of a struct of the schema.
func slots(s *connect.Schema, v connect.Value) ([]connect.Value, error) {
	st := v.Struct()
	switch {
	case st == nil:
		return nil, fmt.Errorf("a struct is needed, and this is %v", v.Kind())
	case !s.Equal(st.Schema):
		return nil, fmt.Errorf("a struct of %v, but the schema says %v", st.Schema, s)
	case len(st.Slots) != len(s.Fields()):
		return nil, fmt.Errorf("a struct with %d slots for %d fields", len(st.Slots), len(s.Fields()))
	}
	return st.Slots, nil
}

// orDefault is a field's value, or its default where it is null.
func orDefault(s *connect.Schema, v connect.Value) connect.Value {
	if def, ok := s.Default(); ok && v.IsNull() {
		return def
	}
	return v
}

// required is an error where a field is null that may not be.
func required(f *connect.Field, v connect.Value) error {
	if v.IsNull() && !f.Schema.IsOptional() {
		return fmt.Errorf("field %q: null, but %v is required", f.Name, f.Schema)
	}
	return nil
}

// blank reports whether nothing is in a text that Java's trim leaves.
func blank(s string) bool {
	for i := range len(s) {
		if s[i] > ' ' {
			return false
		}
	}
	return true
}

// room is a copy of headers with room for more: a record's own are shared.
func room(in []connect.Header, n int) []connect.Header {
	return append(make([]connect.Header, 0, len(in)+n), in...)
}
