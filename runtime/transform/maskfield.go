package transform

import (
	"errors"
	"fmt"
	"math/big"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = MaskField{}

// Open gives the function that does it. It is an error to mask nothing.
func (f MaskField) Open() (connect.Apply, error) {
	part, err := partOf(f.On)
	var w *rewriter
	if err == nil {
		w, err = f.rewriter()
	}
	if err != nil {
		return nil, fmt.Errorf("transform: open MaskField: %w", err)
	}
	return func(r *connect.Record) (bool, error) {
		d := part(r)
		schema := d.Schema
		if err := w.rewrite(d); err != nil {
			return false, fmt.Errorf("transform: MaskField on the %s: %w", f.On, err)
		}
		d.Schema = schema
		return true, nil
	}, nil
}

// Flow changes no schema: it says which fields cannot be masked. Null fails.
func (f MaskField) Flow(s *connect.Shape) error {
	w, err := f.rewriter()
	if err != nil {
		return err
	}
	form := formOf(f.On, s)
	nulls := noNulls(f.On, form)
	return errors.Join(nulls, ofOption("fields", pastNulls(form, w.becomes)))
}

func (f MaskField) rewriter() (*rewriter, error) {
	root, err := changed(f.Fields, f.FieldSyntaxVersion)
	if err != nil {
		return nil, err
	}
	mask := empty
	if f.Replacement != "" {
		mask = newMaskText(f.Replacement).of
	}
	return (&rewriter{
		root: root, replaceNull: f.ReplaceNullWithDefault, sameSchema: true, byKind: true,
		value: func(_ *branch, _ *connect.Schema, v connect.Value) (connect.Value, error) { return mask(v) },
		fits: func(_ *branch, in *connect.Schema) error {
			_, err := mask(sample(in))
			return err
		},
	}).open(), nil
}

// changed is the tree that changes these fields.
func changed(fields []string, version string) (*branch, error) {
	if len(fields) == 0 {
		return nil, errors.New("no fields")
	}
	paths, err := parseFieldPaths(fields, version)
	if err != nil {
		return nil, fmt.Errorf("fields: %w", err)
	}
	root := &branch{}
	for _, path := range paths {
		root.at(path).change = true
	}
	return root, nil
}

var (
	emptyList  = (&connect.Array{}).Value()
	emptyText  = constant("")
	emptyMap   = (&connect.Map{}).Value()
	zeroNumber = (&connect.Decimal{Unscaled: new(big.Int)}).Value()
)

// empty is the empty value of v's kind.
func empty(v connect.Value) (connect.Value, error) {
	switch v.Kind() {
	case connect.KindNull:
		return v, nil
	case connect.KindBool:
		return connect.Bool(false), nil
	case connect.KindInt8:
		return connect.Int8(0), nil
	case connect.KindInt16:
		return connect.Int16(0), nil
	case connect.KindInt32:
		return connect.Int32(0), nil
	case connect.KindInt64:
		return connect.Int64(0), nil
	case connect.KindFloat32:
		return connect.Float32(0), nil
	case connect.KindFloat64:
		return connect.Float64(0), nil
	case connect.KindString:
		return emptyText, nil
	case connect.KindDecimal:
		return zeroNumber, nil
	case connect.KindInstant:
		return connect.InstantMilli(0), nil
	case connect.KindArray:
		return emptyList, nil
	case connect.KindMap:
		return emptyMap, nil
	}
	return connect.Null, fmt.Errorf("%v cannot be masked", v.Kind())
}

// maskText is the text in place of a field, and what it is as a number.
type maskText struct {
	text    connect.Value
	decimal *connect.Decimal
	long    int64
	double  float64
	err     error // why it is no number
}

func newMaskText(text string) *maskText {
	r := &maskText{text: constant(text)}
	if r.decimal, r.err = parseDecimal(text); r.err == nil {
		r.long, r.double = lowBits(r.decimal), decimalFloat(r.decimal, 64)
	}
	return r
}

// of is what stands in place of v. Integers lose the bits that they have no
// room for, as in Kafka Connect.
func (r *maskText) of(v connect.Value) (connect.Value, error) {
	switch v.Kind() {
	case connect.KindNull:
		return v, nil
	case connect.KindString:
		return r.text, nil
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64,
		connect.KindFloat32, connect.KindFloat64, connect.KindDecimal:
	default:
		return connect.Null, fmt.Errorf("%v cannot be masked by a replacement", v.Kind())
	}
	if r.err != nil {
		return connect.Null, fmt.Errorf("%v cannot be masked: the replacement is no number: %w", v.Kind(), r.err)
	}
	switch v.Kind() {
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		return connect.IntOf(v.Kind(), r.long), nil
	case connect.KindFloat32:
		return connect.Float32(float32(r.double)), nil
	case connect.KindFloat64:
		return connect.Float64(r.double), nil
	}
	return r.decimal.Value(), nil
}
