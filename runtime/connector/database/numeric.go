package database

import (
	"strconv"

	"kcgen.dev/runtime/connect"
)

// ScaleUnset is the scale of a number of which the database says none: as in
// Connect, its decimals have 127 digits behind the point.
const ScaleUnset = -127

const (
	scaleLow      = -84 // below it a scale is none
	scaleHigh     = 127
	maxPrecision  = 18 // of a number that an int64 or a float64 may stand for
	precisionName = "connect.decimal.precision"
)

// Number is the schema of an exact number (NUMERIC, DECIMAL) by numeric.mapping:
// a Decimal, unless the mapping makes an integer or a float64 of it.
func (m Mapping) Number(precision, scale int, optional bool) *connect.Schema {
	whole := scale < 1 && scale >= scaleLow
	small := precision <= maxPrecision
	switch m.Numeric {
	case "precision_only":
		if scale == 0 && small {
			return integer(precision, optional)
		}
	case "best_fit", "best_fit_eager_double":
		switch {
		case whole && small:
			return integer(precision, optional)
		case scale > 0 && (small || m.Numeric == "best_fit_eager_double"):
			return Plain(connect.KindFloat64, optional)
		}
	}
	return DecimalSchema(precision, scale, optional)
}

// DecimalSchema is a Decimal's schema as Connect's JDBC source makes it, its
// precision among its parameters.
func DecimalSchema(precision, scale int, optional bool) *connect.Schema {
	if scale == ScaleUnset {
		scale = scaleHigh
	}
	return built(connect.NewDecimal(int32(scale)).Param(precisionName, strconv.Itoa(precision)), optional)
}

// integer is the smallest integer that holds so many digits.
func integer(precision int, optional bool) *connect.Schema {
	kind := connect.KindInt8
	switch {
	case precision > 9:
		kind = connect.KindInt64
	case precision > 4:
		kind = connect.KindInt32
	case precision > 2:
		kind = connect.KindInt16
	}
	return Plain(kind, optional)
}

var plain = map[connect.Kind][2]*connect.Schema{
	connect.KindBool:    {connect.BoolSchema, connect.OptionalBoolSchema},
	connect.KindInt8:    {connect.Int8Schema, connect.OptionalInt8Schema},
	connect.KindInt16:   {connect.Int16Schema, connect.OptionalInt16Schema},
	connect.KindInt32:   {connect.Int32Schema, connect.OptionalInt32Schema},
	connect.KindInt64:   {connect.Int64Schema, connect.OptionalInt64Schema},
	connect.KindFloat32: {connect.Float32Schema, connect.OptionalFloat32Schema},
	connect.KindFloat64: {connect.Float64Schema, connect.OptionalFloat64Schema},
	connect.KindString:  {connect.StringSchema, connect.OptionalStringSchema},
	connect.KindBytes:   {connect.BytesSchema, connect.OptionalBytesSchema},
}

// Plain is the schema of one of the nine plain types.
func Plain(kind connect.Kind, optional bool) *connect.Schema {
	if optional {
		return plain[kind][1]
	}
	return plain[kind][0]
}

// DateSchema is the schema of a calendar day.
func DateSchema(optional bool) *connect.Schema {
	if optional {
		return connect.OptionalDateSchema
	}
	return connect.DateSchema
}

// TimeSchema is the schema of a time of day.
func TimeSchema(optional bool) *connect.Schema {
	if optional {
		return connect.OptionalTimeSchema
	}
	return connect.TimeSchema
}

func built(b *connect.SchemaBuilder, optional bool) *connect.Schema {
	if optional {
		b.Optional()
	}
	return b.MustBuild()
}
