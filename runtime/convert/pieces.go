package convert

import (
	"errors"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse"
	"kcgen.dev/runtime/fuse/recipe"
)

var (
	_ fuse.Plain = String{}
	_ fuse.Plain = JSON{}
)

var errAsText = errors.New("how a struct or a map is written as text is not known before there is one")

// Plain is that text has no schema.
func (String) Plain() bool { return true }

// Plain is whether the schema is left out.
func (j JSON) Plain() bool { return !j.SchemasEnable }

// Pieces is a text as it is.
func (s String) Pieces(role connect.Role, v fuse.Value) ([]recipe.Piece, error) {
	codec, err := s.Open(role)
	switch {
	case err != nil:
		return nil, err
	case v.From == fuse.Constant && !v.Always.IsNull():
		b, err := codec.Encode(&connect.Buffer{}, "", connect.Datum{Schema: v.Schema, Value: v.Always})
		return []recipe.Piece{{Bytes: b}}, err
	case v.From == fuse.Text && codec == connect.Codec(utf8Codec{}):
		return []recipe.Piece{{Append: recipe.Raw}}, nil
	case v.From == fuse.Slot && codec == connect.Codec(utf8Codec{}):
		return slotText(v)
	}
	return nil, errAsText
}

// slotText is the text of a slot that is never null and has no parts.
func slotText(v fuse.Value) ([]recipe.Piece, error) {
	kind := v.Schema.Kind()
	switch {
	case v.MayBeNull() || v.Mask != nil || !v.Else.IsNull():
		return nil, fuse.ErrMaybeNull
	case v.Schema.Logical() != connect.NotLogical || kind < connect.KindBool || kind > connect.KindString:
		return nil, errAsText
	}
	return []recipe.Piece{{Append: recipe.TextOf, Slot: v.Slot, Kind: fuse.KindName(kind)}}, nil
}

// Pieces is what comes between the names of fields.
func (j JSON) Pieces(role connect.Role, v fuse.Value) ([]recipe.Piece, error) {
	codec, err := j.Open(role)
	if err != nil {
		return nil, err
	}
	c := codec.(*jsonCodec)
	before := []byte(`{"schema":null,"payload":`)
	if v.Schema != nil {
		p, err := c.w.plan(v.Schema)
		if err != nil {
			return nil, err
		}
		before = p.envelope
	}
	body, err := fuse.JSON{Numeric: c.w.logicals.Numeric, Append: c.w.constant}.Pieces(v)
	if err != nil || !c.envelope {
		return body, err
	}
	return append(append([]recipe.Piece{{Bytes: before}}, body...), recipe.Piece{Bytes: []byte("}")}), nil
}

// constant appends a value under a schema, or under none.
func (w *jsonWriter) constant(dst []byte, s *connect.Schema, v connect.Value) ([]byte, error) {
	if s == nil {
		return w.free(dst, v)
	}
	p, err := w.plan(s)
	if err != nil {
		return dst, err
	}
	return w.value(dst, p, v)
}
