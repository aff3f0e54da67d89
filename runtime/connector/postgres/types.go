package postgres

import (
	"strconv"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// What a type of PostgreSQL becomes is said once, here: its schema, and how a
// value of it is read off the wire. Types that are not listed, an extension's or
// a user's own among them, are the texts that PostgreSQL prints.

// typ is a type as a source sees it.
type typ struct {
	schema func(optional bool) *connect.Schema
	decode decoder
	// binary is whether values come in PostgreSQL's binary form; as text else.
	binary bool
	// money is whether the decoder must know how many digits an amount has.
	money bool
}

// The numbers (OIDs) of the types that are known; they never change.
const (
	oidBool        = 16
	oidBytea       = 17
	oidName        = 19
	oidInt8        = 20
	oidInt2        = 21
	oidInt4        = 23
	oidText        = 25
	oidOID         = 26
	oidJSON        = 114
	oidFloat4      = 700
	oidFloat8      = 701
	oidUnknown     = 705
	oidMoney       = 790
	oidBpchar      = 1042
	oidVarchar     = 1043
	oidDate        = 1082
	oidTime        = 1083
	oidTimestamp   = 1114
	oidTimestampTZ = 1184
	oidTimeTZ      = 1266
	oidBit         = 1560
	oidNumeric     = 1700
	oidUUID        = 2950
	oidJSONB       = 3802
)

// arrays are the array types whose elements have a schema that is not just
// text, and the types of their elements.
var arrays = map[uint32]uint32{
	1000: oidBool, 1001: oidBytea, 1003: oidName, 1016: oidInt8, 1005: oidInt2, 1007: oidInt4, 1009: oidText,
	1028: oidOID, 199: oidJSON, 1021: oidFloat4, 1022: oidFloat8, 1014: oidBpchar, 1015: oidVarchar,
	1182: oidDate, 1183: oidTime, 1115: oidTimestamp, 1185: oidTimestampTZ, 1270: oidTimeTZ,
	1231: oidNumeric, 2951: oidUUID, 3807: oidJSONB,
}

// typeOf is what a type becomes. An array that is asked for as text is text.
func typeOf(oid uint32, mod int32, asText bool, m database.Mapping) typ {
	if elem, ok := arrays[oid]; ok && !asText {
		return arrayOf(typeOf(elem, mod, false, m))
	}
	switch oid {
	case oidBool:
		return typ{schema: plain(connect.KindBool), decode: decodeBool, binary: true}
	case oidInt2:
		return typ{schema: plain(connect.KindInt16), decode: decodeInt2, binary: true}
	case oidInt4:
		return typ{schema: plain(connect.KindInt32), decode: decodeInt4, binary: true}
	case oidInt8:
		return typ{schema: plain(connect.KindInt64), decode: decodeInt8, binary: true}
	case oidOID:
		return typ{schema: plain(connect.KindInt64), decode: decodeOID, binary: true}
	case oidFloat4:
		return typ{schema: plain(connect.KindFloat32), decode: decodeFloat4, binary: true}
	case oidFloat8:
		return typ{schema: plain(connect.KindFloat64), decode: decodeFloat8, binary: true}
	case oidBytea:
		return typ{schema: plain(connect.KindBytes), decode: decodeBytes, binary: true}
	case oidText, oidVarchar, oidBpchar, oidName, oidJSON, oidUnknown:
		return typ{schema: plain(connect.KindString), decode: decodeText, binary: true}
	case oidUUID:
		return typ{schema: plain(connect.KindString), decode: decodeUUID, binary: true}
	case oidJSONB:
		return typ{schema: plain(connect.KindString), decode: decodeJSONB, binary: true}
	case oidMoney:
		return typ{schema: plain(connect.KindFloat64), decode: decodeMoney, binary: true, money: true}
	case oidBit:
		return bitType(mod)
	case oidNumeric:
		return numericType(mod, m)
	case oidDate:
		return typ{schema: database.DateSchema, decode: decodeDate, binary: true}
	case oidTime:
		return typ{schema: database.TimeSchema, decode: decodeTime(m), binary: true}
	case oidTimeTZ:
		return typ{schema: database.TimeSchema, decode: decodeTimeTZ, binary: true}
	case oidTimestamp:
		return typ{schema: m.Timestamp, decode: decodeTimestamp(m, true), binary: true}
	case oidTimestampTZ:
		return typ{schema: m.Timestamp, decode: decodeTimestamp(m, false), binary: true}
	}
	return typ{schema: plain(connect.KindString), decode: decodeText}
}

func plain(kind connect.Kind) func(bool) *connect.Schema {
	return func(optional bool) *connect.Schema { return database.Plain(kind, optional) }
}

// bitType follows Connect: one bit is a boolean, up to eight are an int8, and
// more are bytes. Of how many there are is not known, they are text.
func bitType(n int32) typ {
	switch {
	case n == 1:
		return typ{schema: plain(connect.KindBool), decode: decodeBit, binary: true}
	case n > 1 && n <= 8:
		return typ{schema: plain(connect.KindInt8), decode: decodeBits8, binary: true}
	case n > 8:
		return typ{schema: plain(connect.KindBytes), decode: decodeBits, binary: true}
	}
	return typ{schema: plain(connect.KindString), decode: decodeText}
}

// numericType reads precision and scale out of the modifier.
func numericType(mod int32, m database.Mapping) typ {
	precision, scale := 0, database.ScaleUnset
	if mod >= 4 {
		precision = int((mod - 4) >> 16 & 0xffff)
		scale = int((mod-4)&0x7ff^1024) - 1024 // 11 bits with a sign
	}
	s := func(optional bool) *connect.Schema {
		// The digits before the point are what an integer must hold.
		if whole := m.Number(precision-min(scale, 0), scale, optional); scale < 0 && scale != database.ScaleUnset && whole.Logical() == connect.NotLogical {
			return whole
		}
		return m.Number(precision, scale, optional)
	}
	t := typ{schema: s, binary: true}
	switch schema := s(false); schema.Kind() {
	case connect.KindBytes:
		target, _ := schema.Scale()
		t.decode = decodeDecimal(target)
	case connect.KindFloat64:
		t.decode = decodeNumericFloat
	default:
		t.decode = decodeNumericInt(schema.Kind())
	}
	return t
}

// typeNames are the names of types by format_type, for columns of which only
// the number is known.
var typeNames = map[uint32]string{
	oidBool: "boolean", oidBytea: "bytea", oidName: "name", oidInt8: "bigint", oidInt2: "smallint", oidInt4: "integer",
	oidText: "text", oidOID: "oid", oidJSON: "json", oidFloat4: "real", oidFloat8: "double precision", oidUnknown: "unknown",
	oidMoney: "money", oidBpchar: "character", oidVarchar: "character varying", oidDate: "date",
	oidTime: "time without time zone", oidTimestamp: "timestamp without time zone", oidTimestampTZ: "timestamp with time zone",
	oidTimeTZ: "time with time zone", oidBit: "bit", oidNumeric: "numeric", oidUUID: "uuid", oidJSONB: "jsonb",
}

// typeName is a type's name, or its number.
func typeName(oid uint32) string {
	if name, ok := typeNames[oid]; ok {
		return name
	}
	if elem, ok := arrays[oid]; ok {
		return typeNames[elem] + "[]"
	}
	return "type " + strconv.FormatUint(uint64(oid), 10)
}
