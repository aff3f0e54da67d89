package avro

import (
	"errors"
	"fmt"

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
// between and in front of texts.
func (c Converter) Pieces(role connect.Role, v fuse.Value) ([]recipe.Piece, error) {
	switch {
	case role == connect.RoleHeader:
		return nil, errHeader
	case c.UseSchemaID != 0:
		return nil, errors.New("it writes under another schema than the data's own (useSchemaId)")
	case c.UseLatestVersion && !c.AutoRegisterSchemas:
		return nil, errors.New("it writes under the latest schema, which may change while it runs (useLatestVersion)")
	case v.MayBeNull():
		return nil, fuse.ErrMaybeNull
	case v.Schema == nil:
		return nil, errors.New("data without a schema are written by what each record holds")
	}
	o := c.options()
	own, err := o.avroSchema(v.Schema)
	if err != nil {
		return nil, err
	}
	of, err := text(own)
	if err != nil {
		return nil, err
	}
	n, err := o.plan(v.Schema, own, own)
	if err != nil {
		return nil, err
	}
	w := pieceWriter{pieces: []recipe.Piece{{Append: recipe.Head, Bytes: []byte(of)}}}
	err = w.value(n, v)
	return w.pieces, err
}

// pieceWriter writes as appendValue does what is known before there is a record.
type pieceWriter struct{ pieces []recipe.Piece }

func (w *pieceWriter) bytes(b []byte) { w.pieces = append(w.pieces, recipe.Piece{Bytes: b}) }

func (w *pieceWriter) value(n *writeNode, v fuse.Value) error {
	switch v.From {
	case fuse.Constant:
		b, err := appendValue(nil, n, v.Always)
		w.bytes(b)
		return err
	case fuse.Object:
		return w.record(n, v)
	case fuse.Slot:
		return w.slot(n, v)
	}
	as := recipe.Avro
	op, kind := writeString, connect.KindString
	switch v.From {
	case fuse.Topic:
		as = recipe.AvroTopic
	case fuse.Timestamp:
		as, op, kind = recipe.AvroTime, writeInstant, connect.KindInstant
	}
	if n.op != op || n.kind != kind || kind == connect.KindInstant && n.logical != connect.LogicalTimestamp {
		return fmt.Errorf("a schema that does not fit: %v", n.schema)
	}
	w.branch(n)
	w.pieces = append(w.pieces, recipe.Piece{Append: as})
	return nil
}

// branch is the number of the value's type, where it is one of a union's.
func (w *pieceWriter) branch(n *writeNode) {
	if n.union {
		w.bytes([]byte{n.tag}) // a type's own union has two
	}
}

func (w *pieceWriter) record(n *writeNode, v fuse.Value) error {
	if n.op != writeRecord {
		return fmt.Errorf("a schema that does not fit: %v", n.schema)
	}
	w.branch(n)
	for _, f := range n.fields {
		if f.node == nil || f.slot >= len(v.Fields) {
			return fmt.Errorf("a schema that does not fit: %v", n.schema)
		}
		of := v.Fields[f.slot].Value
		if f.def != nil {
			of = of.Or(*f.def)
		}
		if err := w.value(f.node, of); err != nil {
			return fmt.Errorf("field %q: %w", f.name, err)
		}
	}
	return nil
}

// slot writes a field of the record's struct: what comes where it is null, if
// that may be, and what comes else.
func (w *pieceWriter) slot(n *writeNode, v fuse.Value) error {
	if !n.schema.Equal(v.Schema) {
		return fmt.Errorf("a schema that does not fit: %v", v.Schema)
	}
	null, errNull := appendValue(nil, n, v.Else) // an error is that it may not be null
	in := &pieceWriter{}
	in.branch(n)
	err := in.present(n, v)
	switch {
	case err != nil:
		return err
	case errNull == nil:
		w.pieces = append(w.pieces, recipe.Piece{Append: recipe.Either, Slot: v.Slot, Null: []recipe.Piece{{Bytes: null}}, Else: in.pieces})
		return nil
	case v.Mask != nil:
		return fuse.ErrMaybeNull
	}
	w.pieces = append(w.pieces, in.pieces...)
	return nil
}

// present writes a slot that is not null, behind its branch.
func (w *pieceWriter) present(n *writeNode, v fuse.Value) error {
	p := recipe.Piece{Slot: v.Slot, Kind: fuse.KindName(n.kind)}
	switch {
	case v.Mask != nil:
		bare := *n
		bare.union = false
		b, err := appendValue(nil, &bare, *v.Mask)
		w.bytes(b)
		return err
	case n.op == writeString:
		p.Append, p.Kind = recipe.AvroString, ""
	case n.op == writeInstant:
		p.Append, p.Kind = recipe.AvroInstant, fuse.LogicalName(n.logical)
	case n.op == writeBytes && n.logical == connect.LogicalDecimal:
		scale, ok := n.schema.Scale()
		if !ok {
			return errors.New("a decimal without a scale")
		}
		p.Append, p.Kind, p.Scale = recipe.AvroDecimal, "", scale
	case n.op == writeBool, n.op == writeInt, n.op == writeFloat, n.op == writeDouble, n.op == writeBytes:
		p.Append = recipe.AvroOf
	default:
		return fmt.Errorf("how %v is written differs from record to record", n.schema)
	}
	w.pieces = append(w.pieces, p)
	return nil
}
