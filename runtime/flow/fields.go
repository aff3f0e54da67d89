package flow

import "kcgen.dev/runtime/connect"

// Field is a part of a record's key or value of which something is known.
type Field struct {
	Path     string // value.customer.name; key and value are the wholes
	Type     string // as a reader has to know it, without names and versions
	Optional bool   // it may be null, or has a default: a reader can do without it
}

// Fields are what is known of a record, part by part. What is unknown is left
// out.
func Fields(s connect.Shape) []Field {
	if s.None {
		return nil
	}
	return formFields(formFields(nil, "key", s.Key), "value", s.Value)
}

func formFields(out []Field, part string, f connect.Form) []Field {
	if !f.Known || f.Nulls == connect.NullsAlways {
		return out
	}
	if f.Schema == nil {
		return append(out, Field{Path: part, Type: "without a schema"})
	}
	return schemaFields(append(out, Field{part, plainType(f.Schema), f.Schema.IsOptional()}), part, f.Schema)
}

// schemaFields adds the fields of a struct, or of the structs in an array or a
// map.
func schemaFields(out []Field, path string, s *connect.Schema) []Field {
	for s.Elem() != nil {
		s, path = s.Elem(), path+"[]"
	}
	for _, f := range s.Fields() {
		if len(out) >= maxRows {
			return out
		}
		_, filled := f.Schema.Default()
		at := path + "." + connect.Word(f.Name)
		out = append(out, Field{at, plainType(f.Schema), f.Schema.IsOptional() || filled})
		out = schemaFields(out, at, f.Schema)
	}
	return out
}

// plainType is typeText without what a reader does not have to know.
func plainType(s *connect.Schema) string {
	switch s.Kind() {
	case connect.KindArray:
		return "array of " + plainType(s.Elem())
	case connect.KindMap:
		return "map of " + plainType(s.Key()) + " to " + plainType(s.Elem())
	case connect.KindStruct:
		return "struct"
	}
	if s.Logical() == connect.NotLogical {
		return s.Kind().String()
	}
	return logicalText(s)
}
