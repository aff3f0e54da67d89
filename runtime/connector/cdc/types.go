package cdc

import (
	"strconv"

	"kcgen.dev/runtime/connect"
)

// The names of Debezium's logical types.
const (
	DateName           = "io.debezium.time.Date"
	TimeName           = "io.debezium.time.Time"
	MicroTimeName      = "io.debezium.time.MicroTime"
	NanoTimeName       = "io.debezium.time.NanoTime"
	TimestampName      = "io.debezium.time.Timestamp"
	MicroTimestampName = "io.debezium.time.MicroTimestamp"
	NanoTimestampName  = "io.debezium.time.NanoTimestamp"
	ZonedTimeName      = "io.debezium.time.ZonedTime"
	ZonedTimestampName = "io.debezium.time.ZonedTimestamp"
	YearName           = "io.debezium.time.Year"
	MicroDurationName  = "io.debezium.time.MicroDuration"
	NanoDurationName   = "io.debezium.time.NanoDuration"
	IntervalName       = "io.debezium.time.Interval"
	ISODateName        = "io.debezium.time.IsoDate"
	ISOTimeName        = "io.debezium.time.IsoTime"
	ISOTimestampName   = "io.debezium.time.IsoTimestamp"

	BitsName                 = "io.debezium.data.Bits"
	EnumName                 = "io.debezium.data.Enum"
	EnumSetName              = "io.debezium.data.EnumSet"
	JSONName                 = "io.debezium.data.Json"
	UUIDName                 = "io.debezium.data.Uuid"
	XMLName                  = "io.debezium.data.Xml"
	LtreeName                = "io.debezium.data.Ltree"
	TsvectorName             = "io.debezium.data.Tsvector"
	VariableScaleDecimalName = "io.debezium.data.VariableScaleDecimal"
	DoubleVectorName         = "io.debezium.data.DoubleVector"
	FloatVectorName          = "io.debezium.data.FloatVector"
	SparseDoubleVectorName   = "io.debezium.data.SparseDoubleVector"
	PointName                = "io.debezium.data.geometry.Point"
	GeometryName             = "io.debezium.data.geometry.Geometry"
	GeographyName            = "io.debezium.data.geometry.Geography"
)

// kinds are the plain types under the logical ones that have no parts.
var kinds = map[string]connect.Kind{
	DateName: connect.KindInt32, TimeName: connect.KindInt32, YearName: connect.KindInt32,
	MicroTimeName: connect.KindInt64, NanoTimeName: connect.KindInt64,
	TimestampName: connect.KindInt64, MicroTimestampName: connect.KindInt64, NanoTimestampName: connect.KindInt64,
	MicroDurationName: connect.KindInt64, NanoDurationName: connect.KindInt64,
	ZonedTimeName: connect.KindString, ZonedTimestampName: connect.KindString, IntervalName: connect.KindString,
	ISODateName: connect.KindString, ISOTimeName: connect.KindString, ISOTimestampName: connect.KindString,
	JSONName: connect.KindString, UUIDName: connect.KindString, XMLName: connect.KindString,
	LtreeName: connect.KindString, TsvectorName: connect.KindString,
}

// NewLogical begins the schema of a logical type that has no parts and no
// parameters, by its name: NewLogical(MicroTimestampName).
func NewLogical(name string) *connect.SchemaBuilder {
	return connect.NewSchema(kinds[name]).Name(name).Version(1)
}

// NewBits begins the schema of this many bits.
func NewBits(length int) *connect.SchemaBuilder {
	return connect.NewSchema(connect.KindBytes).Name(BitsName).Version(1).Param("length", strconv.Itoa(length))
}

// NewEnum begins the schema of one of the words; they have commas between.
func NewEnum(allowed string) *connect.SchemaBuilder {
	return connect.NewSchema(connect.KindString).Name(EnumName).Version(1).Param("allowed", allowed)
}

// NewEnumSet begins the schema of some of the words; they have commas between.
func NewEnumSet(allowed string) *connect.SchemaBuilder {
	return connect.NewSchema(connect.KindString).Name(EnumSetName).Version(1).Param("allowed", allowed)
}

// NewVariableScaleDecimal begins the schema of decimals with scales of their own.
func NewVariableScaleDecimal() *connect.SchemaBuilder {
	return connect.NewStruct().Name(VariableScaleDecimalName).Version(1).Doc("Variable scaled decimal").
		Field("scale", connect.Int32Schema).
		Field("value", connect.BytesSchema)
}

// NewPoint begins the schema of a point.
func NewPoint() *connect.SchemaBuilder {
	return connect.NewStruct().Name(PointName).Version(1).Doc("Geometry (POINT)").
		Field("x", connect.Float64Schema).
		Field("y", connect.Float64Schema).
		Field("wkb", connect.OptionalBytesSchema).
		Field("srid", connect.OptionalInt32Schema)
}

// optionalTexts is of a map from text to text that may be null.
var optionalTexts = connect.NewMap(connect.StringSchema, connect.StringSchema).Optional().MustBuild()

// NewGeometry begins the schema of a geometry, which always may be null.
func NewGeometry() *connect.SchemaBuilder {
	return connect.NewStruct().Name(GeometryName).Version(2).Doc("Geometry").Optional().
		Field("wkb", connect.BytesSchema).
		Field("srid", connect.OptionalInt32Schema).
		Field("extensions", optionalTexts)
}

// NewGeography begins the schema of a geography.
func NewGeography() *connect.SchemaBuilder {
	return connect.NewStruct().Name(GeographyName).Version(1).Doc("Geography").
		Field("wkb", connect.BytesSchema).
		Field("srid", connect.OptionalInt32Schema)
}

// NewDoubleVector begins the schema of a vector of doubles.
func NewDoubleVector() *connect.SchemaBuilder {
	return connect.NewArray(connect.Float64Schema).Name(DoubleVectorName).Version(1)
}

// NewFloatVector begins the schema of a vector of floats.
func NewFloatVector() *connect.SchemaBuilder {
	return connect.NewArray(connect.Float32Schema).Name(FloatVectorName).Version(1)
}

// NewSparseDoubleVector begins the schema of a vector that is mostly zero.
func NewSparseDoubleVector() *connect.SchemaBuilder {
	return connect.NewStruct().Name(SparseDoubleVectorName).Version(1).Doc("Sparse double vector").
		Field("dimensions", connect.Int16Schema).
		Field("vector", connect.NewMap(connect.Int16Schema, connect.Float64Schema).MustBuild())
}
