package debezium

import (
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
)

// reference is a field of the envelope that is added to rows or headers.
type reference struct {
	parent string // the struct that has it: "source"; "" is the envelope itself
	field  string
	name   string // what it is called where it is added
}

// parseReferences reads addFields or addHeaders.
func parseReferences(prefix string, in []string) (out []reference, err error) {
	for _, text := range in {
		r, err := parseReference(prefix, text)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func parseReference(prefix, text string) (r reference, err error) {
	path, alias, aliased := strings.Cut(text, ":")
	parent, field, nested := strings.Cut(path, ".")
	if !nested {
		parent, field = parentOf(path), path
	}
	bad := field == "" || strings.Contains(field, ".") || nested && parent == "" ||
		aliased && (alias == "" || strings.Contains(alias, ":"))
	if bad {
		return r, fmt.Errorf(`%q is no field of the envelope: it is written "op", "source.ts_ms" or "source.ts_ms:alias"`, text)
	}
	r = reference{parent: parent, field: field, name: prefix + field}
	switch {
	case aliased:
		r.name = prefix + alias
	case nested:
		r.name = prefix + parent + "_" + field
	}
	return r, nil
}

// parentOf is the struct in which a field is looked for that is given by its
// name alone.
func parentOf(field string) string {
	switch field {
	case "id", "data_collection_order", "total_order":
		return "transaction"
	case fieldOp, fieldTimestamp, "ts_us", "ts_ns":
		return ""
	case "updateDescription": // of MongoDB
		return field
	}
	return "source"
}

// addition is a reference in envelopes of one schema.
type addition struct {
	name   string
	schema *connect.Schema
	own    *connect.Schema // the field's schema in the envelope
	parent int             // the struct that has to be there, or -1
	in     *connect.Schema // that of parent, where the field is in it
	field  int             // in parent, or in the envelope
	whole  bool            // the field is a struct or a map
}

// additions finds references in an envelope's schema. One that is not there is
// passed over, as long as the struct is there that should have it.
func additions(refs []reference, envelope *connect.Schema) (out []addition, err error) {
	for _, r := range refs {
		a := addition{name: r.name, parent: -1, field: envelope.FieldIndex(r.field)}
		from := envelope
		if r.parent != "" {
			if a.parent = envelope.FieldIndex(r.parent); a.parent < 0 {
				return nil, fmt.Errorf("%q: %w", r.name, connect.NoField(r.parent, envelope))
			}
			parent := envelope.Fields()[a.parent].Schema
			if parent.Kind() != connect.KindStruct {
				return nil, fmt.Errorf("%q: field %q is a %v, and has to be a struct", r.name, r.parent, parent.Kind())
			}
			if i := parent.FieldIndex(r.field); i >= 0 {
				a.in, a.field, from = parent, i, parent
			}
		}
		if a.field < 0 {
			continue
		}
		a.own = from.Fields()[a.field].Schema
		if a.schema, err = added(a.own); err != nil {
			return nil, fmt.Errorf("%q: %w", r.name, err)
		}
		a.whole = a.schema.Kind() == connect.KindStruct || a.schema.Kind() == connect.KindMap
		out = append(out, a)
	}
	return out, nil
}

// added is the schema of a field where it is added: optional, without its
// default, and without what is in it, for only null could be added of a struct
// or a map.
func added(s *connect.Schema) (*connect.Schema, error) {
	b := connect.NewSchema(s.Kind())
	switch s.Kind() {
	case connect.KindArray:
		b.Elem(s.Elem()).Untyped()
	case connect.KindMap:
		b.Untyped()
	}
	return b.Basics(s).Optional().Build()
}

// value is what is added of an envelope.
func (a *addition) value(envelope []connect.Value) (connect.Value, error) {
	if a.parent < 0 {
		return envelope[a.field], nil
	}
	parent := envelope[a.parent]
	if parent.IsNull() { // snapshots have no transaction
		return connect.Null, nil
	}
	if a.in == nil {
		return envelope[a.field], nil
	}
	in, err := slots(a.in, parent)
	if err != nil {
		return connect.Null, err
	}
	return in[a.field], nil
}
