package connect

// Logical is one of Kafka Connect's logical types: a meaning that a schema's
// name gives to one of the plain types. Connect goes by the name alone, and so
// do we.
type Logical uint8

// The logical types.
const (
	NotLogical Logical = iota
	LogicalDecimal
	LogicalDate
	LogicalTime
	LogicalTimestamp
)

// The names that make a schema logical.
const (
	DecimalName   = "org.apache.kafka.connect.data.Decimal"
	DateName      = "org.apache.kafka.connect.data.Date"
	TimeName      = "org.apache.kafka.connect.data.Time"
	TimestampName = "org.apache.kafka.connect.data.Timestamp"
)

// ScaleParam is the parameter of a Decimal's schema that holds its scale.
const ScaleParam = "scale"

// MillisPerDay is the length of a day: what a Date counts, and the limit of a
// Time.
const MillisPerDay int64 = 24 * 60 * 60 * 1000

// logicalOf finds the logical type of a schema's name.
func logicalOf(name string) Logical {
	switch name {
	case DecimalName:
		return LogicalDecimal
	case DateName:
		return LogicalDate
	case TimeName:
		return LogicalTime
	case TimestampName:
		return LogicalTimestamp
	}
	return NotLogical
}

// String is the simple name of the logical type; "" for NotLogical.
func (l Logical) String() string {
	switch l {
	case LogicalDecimal:
		return "Decimal"
	case LogicalDate:
		return "Date"
	case LogicalTime:
		return "Time"
	case LogicalTimestamp:
		return "Timestamp"
	}
	return ""
}

// valueKind is the kind of the values that the logical type holds.
func (l Logical) valueKind() Kind {
	if l == LogicalDecimal {
		return KindDecimal
	}
	return KindInstant
}

// The schemas of the plain types, required and optional.
var (
	BoolSchema    = NewSchema(KindBool).MustBuild()
	Int8Schema    = NewSchema(KindInt8).MustBuild()
	Int16Schema   = NewSchema(KindInt16).MustBuild()
	Int32Schema   = NewSchema(KindInt32).MustBuild()
	Int64Schema   = NewSchema(KindInt64).MustBuild()
	Float32Schema = NewSchema(KindFloat32).MustBuild()
	Float64Schema = NewSchema(KindFloat64).MustBuild()
	StringSchema  = NewSchema(KindString).MustBuild()
	BytesSchema   = NewSchema(KindBytes).MustBuild()

	OptionalBoolSchema    = NewSchema(KindBool).Optional().MustBuild()
	OptionalInt8Schema    = NewSchema(KindInt8).Optional().MustBuild()
	OptionalInt16Schema   = NewSchema(KindInt16).Optional().MustBuild()
	OptionalInt32Schema   = NewSchema(KindInt32).Optional().MustBuild()
	OptionalInt64Schema   = NewSchema(KindInt64).Optional().MustBuild()
	OptionalFloat32Schema = NewSchema(KindFloat32).Optional().MustBuild()
	OptionalFloat64Schema = NewSchema(KindFloat64).Optional().MustBuild()
	OptionalStringSchema  = NewSchema(KindString).Optional().MustBuild()
	OptionalBytesSchema   = NewSchema(KindBytes).Optional().MustBuild()
)

// The schemas of the logical types without parameters, required and optional.
// A Date counts days, a Time milliseconds of the day, a Timestamp milliseconds
// since the epoch, all in UTC; in memory each is an Instant.
var (
	DateSchema      = NewDate().MustBuild()
	TimeSchema      = NewTime().MustBuild()
	TimestampSchema = NewTimestamp().MustBuild()

	OptionalDateSchema      = NewDate().Optional().MustBuild()
	OptionalTimeSchema      = NewTime().Optional().MustBuild()
	OptionalTimestampSchema = NewTimestamp().Optional().MustBuild()
)
