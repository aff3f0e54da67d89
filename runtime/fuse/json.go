package fuse

import (
	"errors"
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse/recipe"
	"kcgen.dev/runtime/internal/jsontext"
)

// JSON is how a converter writes JSON, for its Pieces.
type JSON struct {
	Numeric bool // decimals are numbers
	// Append appends a value of a schema, or of none. An error is that there is
	// none like that, as null where a value is required.
	Append func(dst []byte, s *connect.Schema, v connect.Value) ([]byte, error)
	// Union is whether a struct stands for one of its fields; nil: none does.
	Union func(*connect.Schema) bool
}

// Pieces are what v is written as.
func (j JSON) Pieces(v Value) ([]recipe.Piece, error) {
	w := jsonPieces{JSON: j}
	err := w.value(v)
	w.end()
	return w.pieces, err
}

// ErrMaybeNull is of what cannot be written without a look at each record.
var ErrMaybeNull = errors.New("whether it is null differs from record to record")

type jsonPieces struct {
	JSON
	bytes  []byte // since the last piece
	pieces []recipe.Piece
}

func (w *jsonPieces) end() {
	if len(w.bytes) > 0 {
		w.pieces = append(w.pieces, recipe.Piece{Bytes: w.bytes})
		w.bytes = nil
	}
}

func (w *jsonPieces) add(p recipe.Piece) {
	w.end()
	w.pieces = append(w.pieces, p)
}

func (w *jsonPieces) value(v Value) (err error) {
	as, kind := recipe.JSON, connect.KindString
	switch v.From {
	case Constant:
		w.bytes, err = w.Append(w.bytes, v.Schema, v.Always)
		return err
	case Object:
		return w.object(v)
	case Slot:
		return w.slot(v)
	case Topic:
		as = recipe.JSONTopic
	case Timestamp:
		as, kind = recipe.Millis, connect.KindInt64
	}
	if s := v.Schema; s != nil && (s.Kind() != kind || s.Logical() != connect.NotLogical && s.Logical() != connect.LogicalTimestamp) {
		return misfit(s)
	}
	w.add(recipe.Piece{Append: as})
	return nil
}

func misfit(s *connect.Schema) error { return fmt.Errorf("a schema that does not fit: %v", s) }

// object writes the fields with their names.
func (w *jsonPieces) object(v Value) error {
	if s := v.Schema; s != nil && (s.Kind() != connect.KindStruct || len(s.Fields()) != len(v.Fields) || w.Union != nil && w.Union(s)) {
		return misfit(s)
	}
	if len(v.Fields) == 0 {
		w.bytes = append(w.bytes, '{')
	}
	before := byte('{')
	for _, f := range v.Fields {
		w.bytes = append(jsontext.AppendString(append(w.bytes, before), []byte(f.Name)), ':')
		if err := w.value(f.Value); err != nil {
			return fmt.Errorf("field %q: %w", f.Name, err)
		}
		before = ','
	}
	w.bytes = append(w.bytes, '}')
	return nil
}

// slot writes a field of the record's struct: what comes where it is null, if
// that may be, and what comes else.
func (w *jsonPieces) slot(v Value) error {
	piece, err := w.present(v)
	if err != nil {
		return err
	}
	null, err := w.Append(nil, v.Schema, v.Else)
	switch {
	case err == nil:
		piece = recipe.Piece{Append: recipe.Either, Slot: v.Slot, Null: []recipe.Piece{{Bytes: null}}, Else: []recipe.Piece{piece}}
	case v.Mask != nil:
		return ErrMaybeNull
	}
	w.add(piece)
	return nil
}

// present is what a slot that is not null is written as.
func (w *jsonPieces) present(v Value) (recipe.Piece, error) {
	s := v.Schema
	if v.Mask != nil {
		b, err := w.Append(nil, s, *v.Mask)
		return recipe.Piece{Bytes: b}, err
	}
	p := recipe.Piece{Slot: v.Slot}
	switch kind := s.Kind(); {
	case s.Logical() == connect.LogicalDecimal && w.Numeric:
		p.Append = recipe.JSONNumber
	case s.Logical() == connect.LogicalDecimal:
		scale, ok := s.Scale()
		if !ok {
			return p, errors.New("a decimal without a scale")
		}
		p.Append, p.Scale = recipe.JSONDecimal, scale
	case s.Logical() != connect.NotLogical:
		p.Append, p.Kind = recipe.JSONInstant, LogicalName(s.Logical())
	case kind == connect.KindString:
		p.Append = recipe.JSONString
	case kind < connect.KindArray:
		p.Append, p.Kind = recipe.JSONOf, KindName(kind)
	default:
		return p, fmt.Errorf("what is in %v differs from record to record", kind)
	}
	return p, nil
}
