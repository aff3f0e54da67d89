package postgres

import (
	"strconv"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

// mapping is how a capture makes values of a type, as Debezium does.
type mapping struct {
	schema func() *connect.SchemaBuilder // required, and without a default
	decode decoder                       // of the text that the server prints
	// decodeAs is instead of decode where the values name their schema.
	decodeAs func(*connect.Schema) decoder
	// absent is what stands for a value that is stored apart and did not change;
	// null where the type has nothing that could stand for one.
	absent connect.Value
}

// decoder is of values of the schema that the column has.
func (m *mapping) decoder(s *connect.Schema) decoder {
	if m.decodeAs != nil {
		return m.decodeAs(s)
	}
	return m.decode
}

// modes are the options that say how types are mapped.
type modes struct {
	decimal, time, binary, interval, hstore string
	money                                   int // digits behind the point
	unknown                                 bool
	placeholder                             string
}

func plainSchema(kind connect.Kind) func() *connect.SchemaBuilder {
	return func() *connect.SchemaBuilder { return connect.NewSchema(kind) }
}

func logicalType(name string) func() *connect.SchemaBuilder {
	return func() *connect.SchemaBuilder { return cdc.NewLogical(name) }
}

// of maps a type; it is not ok where columns of it are left out. t is no domain.
func (m *modes) of(t *pgType, mod int32) (mapping, bool) {
	if t.elem != nil {
		return m.array(t, mod)
	}
	if is, ok := m.simple(t, mod); ok {
		return is, true
	}
	switch {
	case t.enum:
		return m.text(func() *connect.SchemaBuilder { return cdc.NewEnum(t.allowed()) }), true
	case m.unknown:
		return m.bytes(decodeTextBytes), true
	}
	return mapping{}, false
}

// text is a type that comes as the text that the server prints.
func (m *modes) text(schema func() *connect.SchemaBuilder) mapping {
	return mapping{schema: schema, decode: decodeText, absent: connect.String(m.placeholder)}
}

func (m *modes) simple(t *pgType, mod int32) (mapping, bool) {
	switch t.oid {
	case oidBool:
		return mapping{schema: plainSchema(connect.KindBool), decode: textBool}, true
	case oidInt2:
		return mapping{schema: plainSchema(connect.KindInt16), decode: textInt(16)}, true
	case oidInt4:
		return mapping{schema: plainSchema(connect.KindInt32), decode: textInt(32)}, true
	case oidInt8, oidOID:
		return mapping{schema: plainSchema(connect.KindInt64), decode: textInt(64)}, true
	case oidFloat4:
		return mapping{schema: plainSchema(connect.KindFloat32), decode: textFloat(32)}, true
	case oidFloat8:
		return mapping{schema: plainSchema(connect.KindFloat64), decode: textFloat(64)}, true
	case oidNumeric:
		return m.numeric(mod), true
	case oidMoney:
		return m.amount(), true
	case oidBit, oidVarbit:
		return m.bits(t, mod), true
	case oidBytea:
		return m.bytes(decodeHex), true
	case oidDate, oidTime, oidTimeTZ, oidTimestamp, oidTimestampTZ, oidInterval:
		return m.moment(t, mod), true
	case oidJSON, oidJSONB:
		return m.text(logicalType(cdc.JSONName)), true
	case oidUUID:
		return m.text(logicalType(cdc.UUIDName)), true
	case oidXML:
		return m.text(logicalType(cdc.XMLName)), true
	case oidTSVector:
		return m.text(logicalType(cdc.TsvectorName)), true
	case oidChar, oidName, oidText, oidBpchar, oidVarchar, oidInet, oidCidr, oidMacaddr, oidMacaddr8,
		oidInt4Range, oidNumRange, oidTSRange, oidTSTZRange, oidDateRange, oidInt8Range:
		return m.text(plainSchema(connect.KindString)), true
	case oidPoint, oidLseg, oidPath, oidBox, oidPolygon, oidLine, oidCircle:
		return shapeOf(t.oid), true
	}
	return m.extension(t)
}

// extension maps the types of well-known extensions, by their names.
func (m *modes) extension(t *pgType) (mapping, bool) {
	switch t.name {
	case "citext", "isbn":
		return m.text(plainSchema(connect.KindString)), true
	case "ltree":
		return m.text(logicalType(cdc.LtreeName)), true
	case "hstore":
		return m.hstoreType(), true
	case "geometry":
		return mapping{schema: cdc.NewGeometry, decodeAs: textEWKB}, true
	case "geography":
		return mapping{schema: cdc.NewGeography, decodeAs: textEWKB}, true
	case "vector":
		return vectorType(cdc.NewDoubleVector, 64), true
	case "halfvec":
		return vectorType(cdc.NewFloatVector, 32), true
	case "sparsevec":
		return sparseType(), true
	}
	return mapping{}, false
}

// numeric is a number with a fixed number of digits behind the point, or with
// any.
func (m *modes) numeric(mod int32) mapping {
	fixed := mod >= 4
	scale := 0
	if fixed {
		scale = int((mod-4)&0x7ff^1024) - 1024
	}
	precision := int((mod - 4) >> 16 & 0xffff)
	switch m.decimal {
	case "double":
		return mapping{schema: plainSchema(connect.KindFloat64), decode: textFloat(64)}
	case "string":
		is := m.text(plainSchema(connect.KindString))
		is.decode = textNumber
		return is
	}
	if !fixed {
		return variableScale()
	}
	return mapping{
		schema: func() *connect.SchemaBuilder {
			return connect.NewDecimal(int32(scale)).Param("connect.decimal.precision", strconv.Itoa(precision))
		},
		decode: textDecimal(int32(scale)),
	}
}

func (m *modes) amount() mapping {
	switch m.decimal {
	case "double":
		return mapping{schema: plainSchema(connect.KindFloat64), decode: textMoney(m.money, "double")}
	case "string":
		return mapping{schema: plainSchema(connect.KindString), decode: textMoney(m.money, "string")}
	}
	return mapping{
		schema: func() *connect.SchemaBuilder { return connect.NewDecimal(int32(m.money)) },
		decode: textMoney(m.money, "precise"),
	}
}

// bits are a boolean where there is one, and else bytes from the last bit on.
func (m *modes) bits(t *pgType, mod int32) mapping {
	n := t.precision(mod)
	if n <= 1 {
		return mapping{schema: plainSchema(connect.KindBool), decode: textBit}
	}
	return mapping{
		schema: func() *connect.SchemaBuilder { return cdc.NewBits(n) },
		decode: textBits,
	}
}

// bytes is a type whose values are bytes.
func (m *modes) bytes(raw func(*state, []byte) ([]byte, error)) mapping {
	if m.binary == "" || m.binary == "bytes" {
		return mapping{schema: plainSchema(connect.KindBytes), decode: func(s *state, b []byte) (connect.Value, error) {
			data, err := raw(s, b)
			return connect.Bytes(data), err
		}, absent: connect.Bytes([]byte(m.placeholder))}
	}
	encode := binaryText(m.binary)
	absent := connect.Null
	if m.binary == "hex" {
		absent = connect.String(m.placeholder)
	}
	return mapping{schema: plainSchema(connect.KindString), decode: func(s *state, b []byte) (connect.Value, error) {
		data, err := raw(s, b)
		if err != nil {
			return connect.Null, err
		}
		return connect.PlainText(s.buffer.Finish(encode(s.buffer.Start(), data))), nil
	}, absent: absent}
}

// unmapped are arrays that Debezium leaves out.
var unmapped = map[uint32]bool{
	oidMoneyArray: true, oidNameArray: true, oidInterArray: true, oidVarbitArray: true,
	oidXMLArray: true, oidPointArray: true, oidRefArray: true,
}

// required are the elements of arrays that Debezium says can be no null.
func requiredElements(elem *pgType) bool { return elem.enum || elem.oid == oidTSVector }

func (m *modes) array(t *pgType, mod int32) (mapping, bool) {
	if unmapped[t.oid] {
		return mapping{}, false
	}
	if t.oid == oidBitArray { // to Debezium it is a column of bits, of which it can read no value
		bits := m.bits(t.elem, mod)
		bits.decode = func(*state, []byte) (connect.Value, error) { return connect.Null, nil }
		return bits, true
	}
	root, mod := t.elem.root(mod)
	elem, ok := m.of(root, mod)
	if !ok {
		return mapping{}, false
	}
	b := elem.schema()
	if !requiredElements(root) {
		b.Optional()
	}
	s, err := b.Build()
	if err != nil {
		return mapping{}, false
	}
	absent := m.absentArray(root)
	if whole, err := connect.NewArray(s).Optional().Build(); err != nil || connect.Validate(whole, absent) != nil {
		absent = connect.Null // the mode has elements of another kind
	}
	comma := byte(',')
	if root.oid == oidBox {
		comma = ';'
	}
	return mapping{
		schema: func() *connect.SchemaBuilder { return connect.NewArray(s) },
		decode: textArray(elem.decoder(s), comma, requiredElements(root)),
		absent: absent,
	}, true
}

// absentArray is what stands for an array that did not change.
func (m *modes) absentArray(elem *pgType) connect.Value {
	var values []connect.Value
	switch elem.oid {
	case oidText, oidVarchar, oidBpchar, oidJSON, oidJSONB:
		values = []connect.Value{connect.String(m.placeholder)}
	case oidBytea:
		values = []connect.Value{connect.Bytes([]byte(m.placeholder))}
	case oidUUID:
		values = []connect.Value{connect.String(uuidOfName(m.placeholder))}
	case oidInt4, oidDate:
		for _, c := range []byte(m.placeholder) {
			values = append(values, connect.Int32(int32(int8(c))))
		}
	case oidInt8:
		for _, c := range []byte(m.placeholder) {
			values = append(values, connect.Int64(int64(int8(c))))
		}
	default:
		return connect.Null
	}
	return (&connect.Array{Elems: values}).Value()
}
