package jsonschema

import (
	"errors"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse"
	"kcgen.dev/runtime/fuse/recipe"
	"kcgen.dev/runtime/registry"
)

var (
	_ fuse.Writer = Converter{}
	_ fuse.Part   = Converter{}
	_ fuse.Heads  = &codec{}
)

// Decisive is the converter without what data are not written by: where the
// registry is, and what schemas are filed under there.
func (c Converter) Decisive() any {
	c.SchemaRegistry, c.SubjectNameStrategy = registry.Registry{}, ""
	return c
}

// Pieces is the schema, which the registry gives a number, and what comes
// between the names of fields.
func (c Converter) Pieces(role connect.Role, v fuse.Value) ([]recipe.Piece, error) {
	if role == connect.RoleHeader {
		return nil, errHeader
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	switch {
	case c.UseSchemaID != 0 || c.UseLatestVersion:
		return nil, errors.New("it writes under another schema than the data's own (useSchemaId, useLatestVersion)")
	case c.JSONFailInvalidSchema:
		return nil, errors.New("it validates each record (jsonFailInvalidSchema)")
	case c.JSONIndentOutput:
		return nil, errors.New("it indents each record (jsonIndentOutput)")
	case v.MayBeNull():
		return nil, fuse.ErrMaybeNull
	case v.Schema == nil:
		return nil, errors.New("data without a schema have no JSON Schema")
	}
	w := c.codec(nil)
	out, err := w.describe(v.Schema)
	if err != nil {
		return nil, err
	}
	body, err := fuse.JSON{Numeric: w.w.logicals.Numeric, Append: w.w.constant, Union: isUnion}.Pieces(v)
	return append([]recipe.Piece{{Append: recipe.Head, Bytes: []byte(out.text)}}, body...), err
}

// constant appends a value under a schema. A required one that is null is an
// error, as its field is left out.
func (w *writer) constant(dst []byte, s *connect.Schema, v connect.Value) ([]byte, error) {
	if s == nil {
		return dst, errNoSchema
	}
	p, err := w.compile(s)
	switch {
	case err != nil:
		return dst, err
	case v.IsNull() && p.null == nil:
		return dst, errors.New("a required field that is null is left out")
	}
	return w.value(dst, p, v)
}
