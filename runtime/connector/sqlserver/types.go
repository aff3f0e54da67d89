package sqlserver

import (
	"strconv"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// kinds are the types that become plain ones. A bit is an int8 and a tinyint,
// which has no sign, an int16, as in Connect.
var kinds = map[string]connect.Kind{
	"bit": connect.KindInt8, "tinyint": connect.KindInt16, "smallint": connect.KindInt16, "int": connect.KindInt32, "bigint": connect.KindInt64,
	"real": connect.KindFloat32, "float": connect.KindFloat64,
	"char": connect.KindString, "varchar": connect.KindString, "text": connect.KindString, "nchar": connect.KindString, "nvarchar": connect.KindString,
	"ntext": connect.KindString, "sysname": connect.KindString, "xml": connect.KindString, "uniqueidentifier": connect.KindString, "json": connect.KindString,
	"binary": connect.KindBytes, "varbinary": connect.KindBytes, "image": connect.KindBytes, "timestamp": connect.KindBytes, "rowversion": connect.KindBytes,
	"hierarchyid": connect.KindBytes, "geometry": connect.KindBytes, "geography": connect.KindBytes, "udt": connect.KindBytes,
}

// typeName is a type without what is in brackets.
func typeName(typ string) string {
	name, _, _ := strings.Cut(typ, "(")
	return name
}

func describe(c *database.Column, m database.Mapping) {
	if c.Schema = schemaOf(c.Type, m, c.Nullable); c.Schema == nil {
		c.Unsupported = "Connect has nothing for the type " + connect.Word(typeName(c.Type))
	}
}

func schemaOf(typ string, m database.Mapping, optional bool) *connect.Schema {
	name := typeName(typ)
	if k, ok := kinds[name]; ok {
		return database.Plain(k, optional)
	}
	switch name {
	case "decimal", "numeric":
		precision, scale := numbers(typ)
		return m.Number(precision, scale, optional)
	case "money":
		return database.DecimalSchema(19, 4, optional)
	case "smallmoney":
		return database.DecimalSchema(10, 4, optional)
	case "date":
		return database.DateSchema(optional)
	case "time":
		return database.TimeSchema(optional)
	case "datetime", "datetime2", "smalldatetime", "datetimeoffset":
		return m.Timestamp(optional)
	}
	return nil
}

// numbers are those of decimal(10,2).
func numbers(typ string) (precision, scale int) {
	_, args, _ := strings.Cut(typ, "(")
	p, s, _ := strings.Cut(strings.TrimSuffix(args, ")"), ",")
	precision, _ = strconv.Atoi(p)
	scale, _ = strconv.Atoi(s)
	return precision, scale
}
