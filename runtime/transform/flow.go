package transform

import (
	"errors"
	"fmt"

	"kcgen.dev/runtime/connect"
)

// The transforms that change a key, a value or a topic say what becomes of
// schemas. The others leave all that is known.
var (
	_ connect.Flow = Cast{}
	_ connect.Flow = Drop{}
	_ connect.Flow = DropHeaders{}
	_ connect.Flow = ExtractField{}
	_ connect.Flow = ExtractTopic{}
	_ connect.Flow = Filter{}
	_ connect.Flow = Flatten{}
	_ connect.Flow = HeaderFrom{}
	_ connect.Flow = HoistField{}
	_ connect.Flow = InsertField{}
	_ connect.Flow = InsertHeader{}
	_ connect.Flow = MaskField{}
	_ connect.Flow = MessageTimestampRouter{}
	_ connect.Flow = RegexRouter{}
	_ connect.Flow = ReplaceField{}
	_ connect.Flow = SetSchemaMetadata{}
	_ connect.Flow = TimestampConverter{}
	_ connect.Flow = TimestampRouter{}
	_ connect.Flow = TombstoneHandler{}
	_ connect.Flow = ValueToKey{}
)

// formOf is what is known of the part of a record that on names.
func formOf(on string, s *connect.Shape) *connect.Form {
	if on == "key" {
		return &s.Key
	}
	return &s.Value
}

// becomes is what a transform makes of a schema, or why it cannot.
type becomes func(*connect.Schema) (*connect.Schema, error)

// pastNulls is the flow of a transform that leaves nulls as they are, whatever
// their schema, and data without one without one.
func pastNulls(f *connect.Form, to becomes) error {
	if !f.Known || f.Schema == nil || f.Nulls == connect.NullsAlways {
		return nil
	}
	out, err := to(f.Schema)
	if err != nil {
		*f = connect.Form{Nulls: f.Nulls}
		return err
	}
	f.Typed = f.Typed && out.Equal(f.Schema)
	f.Schema = out
	return nil
}

// withNulls is the flow of a transform that gives nulls the new schema too,
// where they have the old one.
func withNulls(f *connect.Form, to becomes) error {
	nulls, typed := f.Nulls, f.Typed
	if typed {
		f.Nulls = connect.NullsMaybe
	}
	err := pastNulls(f, to)
	f.Nulls, f.Typed = nulls, typed && err == nil
	return err
}

// noNulls is the error of a transform that fails on nulls, where they may come.
// None get past it.
func noNulls(on string, f *connect.Form) error {
	nulls := f.Nulls
	f.Nulls, f.Typed = connect.NullsNever, false
	switch {
	case nulls == connect.NullsAlways:
		*f = connect.Form{Nulls: connect.NullsNever}
		return fmt.Errorf("the %s is always null, which fails here", on)
	case nulls != connect.NullsMaybe:
		return nil
	case on == "key":
		return errors.New("the key may be null, which fails here")
	}
	return errors.New("the value may be null, which fails here; add unless: predicate.#RecordIsTombstone")
}

// notStruct is the error of a schema where a struct's is needed.
func notStruct(in *connect.Schema) error {
	if in.Kind() == connect.KindStruct {
		return nil
	}
	return fmt.Errorf("only a struct has fields where there is a schema, and this is %v", in)
}

// ofOption says that an error is one of an option, nil aside.
func ofOption(name string, err error) error {
	var of *connect.OptionError
	if err == nil || errors.As(err, &of) {
		return err
	}
	return &connect.OptionError{Option: name, Err: err}
}

// sample is a value of the schema that is good for all that any value of it is
// good for: what cannot be done with it cannot be done at all.
func sample(s *connect.Schema) connect.Value {
	switch s.ValueKind() {
	case connect.KindBool:
		return connect.Bool(false)
	case connect.KindInt8:
		return connect.Int8(0)
	case connect.KindInt16:
		return connect.Int16(0)
	case connect.KindInt32:
		return connect.Int32(0)
	case connect.KindInt64:
		return connect.Int64(0)
	case connect.KindFloat32:
		return connect.Float32(0)
	case connect.KindFloat64:
		return connect.Float64(0)
	case connect.KindString:
		return connect.String("0")
	case connect.KindBytes:
		return connect.Bytes(nil)
	case connect.KindArray:
		return emptyList
	case connect.KindMap:
		return emptyMap
	case connect.KindDecimal:
		return zeroNumber
	case connect.KindInstant:
		return connect.InstantMilli(0)
	}
	return (&connect.Struct{Schema: s, Slots: make([]connect.Value, len(s.Fields()))}).Value()
}
