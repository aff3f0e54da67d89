package protobuf

import (
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"

	"kcgen.dev/runtime/connect"
)

// The messages that stand for Connect's logical types.
const (
	decimalType   = "confluent.type.Decimal"
	dateType      = "google.type.Date"
	timeType      = "google.type.TimeOfDay"
	timestampType = "google.protobuf.Timestamp"
)

// logicalOf is which logical type a message stands for, and the numbers of its
// parts. A message that only has the name of one, and not its fields, is none.
func logicalOf(m *message) (how, [4]int32) {
	switch m.full {
	case decimalType:
		return m.parts(asDecimal, "value", "precision", "scale")
	case dateType:
		return m.parts(asDate, "year", "month", "day")
	case timeType:
		return m.parts(asTime, "hours", "minutes", "seconds", "nanos")
	case timestampType:
		return m.parts(asTimestamp, "seconds", "nanos")
	}
	return asScalar, [4]int32{}
}

func (m *message) parts(h how, names ...string) (how, [4]int32) {
	var out [4]int32
	for i, name := range names {
		for _, f := range m.fields {
			if f.name == name && !f.repeated && f.message == nil {
				out[i] = f.number
			}
		}
		if out[i] == 0 {
			return asScalar, out
		}
	}
	return h, out
}

// logicalSchema begins the schema of a logical type.
func logicalSchema(h how, f *field) *connect.SchemaBuilder {
	switch h {
	case asDate:
		return connect.NewDate()
	case asTime:
		return connect.NewTime()
	case asTimestamp:
		return connect.NewTimestamp()
	}
	scale, _ := f.intParam("scale")
	b := connect.NewDecimal(scale)
	if precision, ok := f.intParam("precision"); ok {
		b.Param(precisionParam, strconv.Itoa(int(precision)))
	}
	return b
}

// intParam is a parameter that should be a number, and whether it is one.
func (f *field) intParam(key string) (int32, bool) {
	text, _ := f.param(key)
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, false
	}
	return int32(n), true
}

// wrapperOf is the kind of the value in a wrapper; 0 for other messages.
func wrapperOf(m *message) protoreflect.Kind {
	pkg, name := splitName(m.full)
	if pkg != "google.protobuf" || len(m.fields) != 1 {
		return 0
	}
	kind, ok := wrappers[name]
	if f := m.fields[0]; !ok || f.name != "value" || f.kind != kind || f.repeated {
		return 0
	}
	return kind
}

var wrappers = map[string]protoreflect.Kind{
	"DoubleValue": protoreflect.DoubleKind, "FloatValue": protoreflect.FloatKind,
	"Int64Value": protoreflect.Int64Kind, "UInt64Value": protoreflect.Uint64Kind,
	"Int32Value": protoreflect.Int32Kind, "UInt32Value": protoreflect.Uint32Kind,
	"BoolValue": protoreflect.BoolKind, "StringValue": protoreflect.StringKind, "BytesValue": protoreflect.BytesKind,
}
