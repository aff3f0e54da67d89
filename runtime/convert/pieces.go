package convert

import (
	"errors"
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse"
	"kcgen.dev/runtime/fuse/recipe"
)

var (
	_ fuse.Writer = String{}
	_ fuse.Writer = JSON{}
)

var errAsText = errors.New("how a struct or a map is written as text is not known before there is one")

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
	}
	return nil, errAsText
}

// Pieces is what comes between the names of fields.
func (j JSON) Pieces(role connect.Role, v fuse.Value) ([]recipe.Piece, error) {
	codec, err := j.Open(role)
	if err != nil {
		return nil, err
	}
	c := codec.(*jsonCodec)
	w := pieceWriter{jsonWriter: &c.w}
	var p *plan
	if v.Schema != nil {
		if p, err = c.w.plan(v.Schema); err != nil {
			return nil, err
		}
	}
	switch {
	case c.envelope && p == nil:
		w.bytes = append(w.bytes, `{"schema":null,"payload":`...)
	case c.envelope:
		w.bytes = append(w.bytes, p.envelope...)
	}
	if err := w.value(p, v); err != nil {
		return nil, err
	}
	if c.envelope {
		w.bytes = append(w.bytes, '}')
	}
	w.end()
	return w.pieces, nil
}

// pieceWriter writes as a jsonWriter does what is known before there is a
// record.
type pieceWriter struct {
	*jsonWriter
	bytes  []byte // since the last piece
	pieces []recipe.Piece
}

func (w *pieceWriter) end() {
	if len(w.bytes) > 0 {
		w.pieces = append(w.pieces, recipe.Piece{Bytes: w.bytes})
		w.bytes = nil
	}
}

func (w *pieceWriter) append(what string) {
	w.end()
	w.pieces = append(w.pieces, recipe.Piece{Append: what})
}

// value writes v by its plan; nil where it has no schema.
func (w *pieceWriter) value(p *plan, v fuse.Value) (err error) {
	switch v.From {
	case fuse.Constant:
		if p == nil {
			w.bytes, err = w.free(w.bytes, v.Always)
		} else {
			w.bytes, err = w.jsonWriter.value(w.bytes, p, v.Always)
		}
		return err
	case fuse.Object:
		return w.object(p, v)
	}
	as, kind := recipe.JSON, connect.KindString
	switch v.From {
	case fuse.Topic:
		as = recipe.JSONTopic
	case fuse.Timestamp:
		as, kind = recipe.Millis, connect.KindInt64
	}
	if p != nil && (p.kind != kind || p.logical != connect.NotLogical && p.logical != connect.LogicalTimestamp) {
		return fmt.Errorf("a schema that does not fit: %v", p.schema)
	}
	w.append(as)
	return nil
}

// object writes the fields with their names.
func (w *pieceWriter) object(p *plan, v fuse.Value) error {
	if p != nil && (p.kind != connect.KindStruct || len(p.fields) != len(v.Fields)) {
		return fmt.Errorf("a schema that does not fit: %v", p.schema)
	}
	if len(v.Fields) == 0 {
		w.bytes = append(w.bytes, '{')
	}
	for i, f := range v.Fields {
		w.bytes = appendName(w.bytes, i, connect.String(f.Name))
		var field *plan
		if p != nil {
			field = p.fields[i].plan
		}
		if err := w.value(field, f.Value); err != nil {
			return fmt.Errorf("field %q: %w", f.Name, err)
		}
	}
	w.bytes = append(w.bytes, '}')
	return nil
}
