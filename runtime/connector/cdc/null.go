package cdc

import (
	"math/big"

	"kcgen.dev/runtime/connect"
)

// instead is what stands for null where a column may not be null: a row from
// before a change that tells the key alone, or a date that is none.
func instead(s *connect.Schema) connect.Value {
	if s.IsOptional() {
		return connect.Null
	}
	if v, ok := s.Default(); ok {
		return v
	}
	if v, ok := emptyTexts[s.Name()]; ok {
		return v
	}
	switch s.ValueKind() {
	case connect.KindDecimal:
		scale, _ := s.Scale()
		return (&connect.Decimal{Unscaled: new(big.Int), Scale: scale}).Value()
	case connect.KindInstant:
		return connect.InstantMilli(0)
	case connect.KindStruct:
		return emptyStruct(s)
	}
	return emptyPlain(s.Kind())
}

// emptyTexts are of texts that are not any text.
var emptyTexts = map[string]connect.Value{
	JSONName:           connect.String("{}"),
	ZonedTimestampName: connect.String("1970-01-01T00:00:00Z"),
	ZonedTimeName:      connect.String("00:00:00Z"),
	ISODateName:        connect.String("1970-01-01Z"),
	ISOTimeName:        connect.String("00:00:00Z"),
	ISOTimestampName:   connect.String("1970-01-01T00:00:00Z"),
}

func emptyPlain(kind connect.Kind) connect.Value {
	switch kind {
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
		return connect.String("")
	case connect.KindBytes:
		return connect.Bytes([]byte{})
	case connect.KindArray:
		return (&connect.Array{}).Value()
	case connect.KindMap:
		return (&connect.Map{}).Value()
	}
	return connect.Null
}

func emptyStruct(s *connect.Schema) connect.Value {
	st := &connect.Struct{Schema: s, Slots: make([]connect.Value, len(s.Fields()))}
	for i, f := range s.Fields() {
		st.Slots[i] = instead(f.Schema)
		if s.Name() == VariableScaleDecimalName && f.Name == "value" {
			st.Slots[i] = connect.Bytes([]byte{0})
		}
	}
	return st.Value()
}
