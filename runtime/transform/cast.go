package transform

import (
	"errors"
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = Cast{}

// Open gives the function that does it.
func (c Cast) Open() (connect.Apply, error) {
	part, err := partOf(c.On)
	var cast changer
	if err == nil {
		cast, err = c.changer()
	}
	if err != nil {
		return nil, fmt.Errorf("transform: open Cast: %w", err)
	}
	return func(r *connect.Record) (bool, error) {
		d := part(r)
		if d.Value.IsNull() {
			return true, nil
		}
		if err := cast.rewrite(d); err != nil {
			return false, fmt.Errorf("transform: Cast on the %s: %w", c.On, err)
		}
		return true, nil
	}, nil
}

// Flow gives what is cast its new type. Null stays null, with the schema that
// it has.
func (c Cast) Flow(s *connect.Shape) error {
	cast, err := c.changer()
	if err != nil {
		return err
	}
	return ofOption("spec", pastNulls(formOf(c.On, s), cast.becomes))
}

// changer changes a key or value, and says what becomes of its schema.
type changer interface {
	rewrite(*connect.Datum) error
	becomes(*connect.Schema) (*connect.Schema, error)
}

func (c Cast) changer() (changer, error) {
	if len(c.Spec) == 0 {
		return nil, errors.New("spec has no field and no type to cast to")
	}
	root, kinds := &branch{}, map[*branch]connect.Kind{}
	for _, item := range c.Spec {
		name, kind, isField := strings.Cut(item, ":")
		if !isField {
			kind = item
		}
		to, err := castType(kind)
		switch {
		case err != nil:
			return nil, fmt.Errorf("spec %q: %w", item, err)
		case !isField && len(c.Spec) > 1:
			return nil, fmt.Errorf("spec %q is for all of the value, and nothing can be beside it", item)
		case !isField:
			return newWholeCaster(to), nil
		}
		path, err := parseFieldPath(name, c.FieldSyntaxVersion)
		if err != nil {
			return nil, fmt.Errorf("spec %q: %w", item, err)
		}
		b := root.at(path)
		b.change, kinds[b] = true, to
	}
	return c.fields(root, kinds), nil
}

var castTypes = map[string]connect.Kind{
	"int8": connect.KindInt8, "int16": connect.KindInt16, "int32": connect.KindInt32, "int64": connect.KindInt64,
	"float32": connect.KindFloat32, "float64": connect.KindFloat64,
	"boolean": connect.KindBool, "string": connect.KindString,
}

func castType(name string) (connect.Kind, error) {
	to, ok := castTypes[name]
	if !ok {
		return 0, fmt.Errorf("%q is no type to cast to; those are int8, int16, int32, int64, float32, float64, boolean and string", name)
	}
	return to, nil
}

// wholeCaster casts the whole key or value.
type wholeCaster struct {
	to      connect.Kind
	schemas schemas
	text    texts
}

func newWholeCaster(to connect.Kind) *wholeCaster {
	w := &wholeCaster{to: to}
	w.schemas.derive = w.derive
	return w
}

// becomes is the schema of what is cast, if anything of it can be.
func (w *wholeCaster) becomes(in *connect.Schema) (*connect.Schema, error) {
	if _, err := castValue(&w.text, in, sample(in), w.to); err != nil {
		return nil, err
	}
	return w.derive(in)
}

func (w *wholeCaster) rewrite(d *connect.Datum) (err error) {
	schema := d.Schema
	if schema != nil {
		if schema, err = w.schemas.of(d.Schema); err != nil {
			return err
		}
	}
	v, err := castValue(&w.text, d.Schema, d.Value, w.to)
	if err != nil {
		return err
	}
	d.Schema, d.Value = schema, v
	return nil
}

// derive is the schema of the type with all that the old one says beside it,
// its name included: a Timestamp that is cast to string is called Timestamp, as
// in Kafka Connect. The value of a default is cast too.
func (w *wholeCaster) derive(in *connect.Schema) (*connect.Schema, error) {
	return castSchema(&w.text, connect.NewSchema(w.to).Basics(in), in, w.to)
}

// castSchema completes the schema of what is cast.
func castSchema(t *texts, b *connect.SchemaBuilder, in *connect.Schema, to connect.Kind) (*connect.Schema, error) {
	if in.IsOptional() {
		b.Optional()
	}
	if def, ok := in.Default(); ok {
		def, err := castValue(t, in, def, to)
		if err != nil {
			return nil, fmt.Errorf("default: %w", err)
		}
		b.Default(def)
	}
	return b.Build()
}

// fields makes what casts the fields of the tree.
func (c Cast) fields(root *branch, kinds map[*branch]connect.Kind) *rewriter {
	t := &texts{}
	return (&rewriter{
		root: root, replaceNull: c.ReplaceNullWithDefault, optional: true,
		schema: func(b *branch, in *connect.Schema) (*connect.Schema, error) {
			return castSchema(t, connect.NewSchema(kinds[b]), in, kinds[b])
		},
		value: func(b *branch, in *connect.Schema, v connect.Value) (connect.Value, error) {
			return castValue(t, in, v, kinds[b])
		},
		fits: func(b *branch, in *connect.Schema) error {
			_, err := castValue(t, in, sample(in), kinds[b])
			return err
		},
	}).open()
}
