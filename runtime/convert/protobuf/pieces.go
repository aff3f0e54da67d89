package protobuf

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"

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

// Pieces is the schema, which the registry gives a number, and its fields with
// their tags.
func (c Converter) Pieces(role connect.Role, v fuse.Value) ([]recipe.Piece, error) {
	switch {
	case role == connect.RoleHeader:
		return nil, notHeaders(role)
	case c.UseSchemaID != 0 || c.UseLatestVersion:
		return nil, errors.New("it writes under another schema than the data's own (useSchemaId, useLatestVersion)")
	case v.MayBeNull():
		return nil, fuse.ErrMaybeNull
	case v.Schema == nil:
		return nil, errNoSchema
	}
	w := c.newWriter(v.Schema)
	if w.err != nil {
		return nil, w.err
	}
	out := []recipe.Piece{{Append: recipe.Head, Bytes: []byte(w.own.Text)}}
	if v.Schema.Kind() != connect.KindStruct {
		p, err := w.plan.fields[0].pieces(v)
		return append(out, p...), err
	}
	if v.From != fuse.Object || len(v.Fields) != len(v.Schema.Fields()) {
		return nil, fmt.Errorf("a schema that does not fit: %v", v.Schema)
	}
	for _, f := range w.plan.fields {
		p, err := f.pieces(v.Fields[f.slot].Value)
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", f.name, err)
		}
		out = append(out, p...)
	}
	return out, nil
}

// pieces are what a field is written as; none where it is left out.
func (f *writeField) pieces(v fuse.Value) ([]recipe.Piece, error) {
	if f.member >= 0 {
		return nil, errors.New("which field of a oneof there is differs from record to record")
	}
	v = v.Or(f.def)
	switch v.From {
	case fuse.Constant:
		return f.constant(v.Always)
	case fuse.Slot:
		return f.slotPieces(v)
	}
	p := recipe.Piece{Append: recipe.ProtoText, Tag: f.tag, Always: f.explicit}
	switch {
	case f.simple() != nil || f.want != connect.KindString || v.From == fuse.Timestamp || v.From == fuse.Object:
		return nil, fmt.Errorf("how %v is written differs from record to record", v.Schema)
	case v.From == fuse.Topic:
		p.Append = recipe.ProtoTopic
	}
	return []recipe.Piece{p}, nil
}

// constant is a value that is always the same; null is left out.
func (f *writeField) constant(v connect.Value) ([]recipe.Piece, error) {
	if v.IsNull() {
		return nil, nil
	}
	b, err := f.append(nil, v)
	return []recipe.Piece{{Bytes: b}}, err
}

// slotPieces are a field of the record's struct.
func (f *writeField) slotPieces(v fuse.Value) (pieces []recipe.Piece, err error) {
	if v.Mask != nil {
		pieces, err = f.constant(*v.Mask)
	} else {
		err = f.simple()
		pieces = []recipe.Piece{{Append: recipe.Proto, Slot: v.Slot, Kind: fuse.KindName(f.want), Tag: f.tag, Always: f.explicit}}
	}
	if err != nil {
		return nil, err
	}
	null, err := f.constant(v.Else)
	return []recipe.Piece{{Append: recipe.Either, Slot: v.Slot, Null: null, Else: pieces}}, err
}

// simple is why a field is more than its tag and a value as it is.
func (f *writeField) simple() error {
	plain := f.how == asScalar && f.enum == nil && !f.repeated && !f.isMap && f.logical == connect.NotLogical
	switch f.kind {
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.BoolKind, protoreflect.FloatKind,
		protoreflect.DoubleKind, protoreflect.Int32Kind, protoreflect.Int64Kind:
	default:
		plain = false
	}
	if !plain {
		return fmt.Errorf("how %v is written differs from record to record", f.want)
	}
	return nil
}
