package mysql

import (
	"strconv"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// sqlType is a type as information_schema prints it, read:
// "decimal(10,2) unsigned".
type sqlType struct {
	name     string
	a, b     int // the numbers in brackets; -1 is none
	unsigned bool
}

func parseType(s string) sqlType {
	t := sqlType{a: -1, b: -1}
	rest := ""
	t.name, rest, _ = strings.Cut(s, "(")
	args, tail, ok := strings.Cut(rest, ")")
	if !ok {
		t.name, tail, _ = strings.Cut(s, " ")
	}
	t.name = strings.TrimSpace(t.name)
	t.unsigned = strings.Contains(tail, "unsigned") || strings.Contains(tail, "zerofill")
	first, second, _ := strings.Cut(args, ",")
	if n, err := strconv.Atoi(first); err == nil {
		t.a = n
	}
	if n, err := strconv.Atoi(second); err == nil {
		t.b = n
	}
	return t
}

// ints are the kinds of the integer types, without a sign and with one: as in
// Connect, one size more where there is no sign, but for bigint.
var ints = map[string][2]connect.Kind{
	"tinyint":   {connect.KindInt16, connect.KindInt8},
	"smallint":  {connect.KindInt32, connect.KindInt16},
	"mediumint": {connect.KindInt64, connect.KindInt32},
	"int":       {connect.KindInt64, connect.KindInt32},
	"integer":   {connect.KindInt64, connect.KindInt32},
	"bigint":    {connect.KindInt64, connect.KindInt64},
}

var texts = map[string]bool{
	"char": true, "varchar": true, "tinytext": true, "text": true, "mediumtext": true, "longtext": true,
	"enum": true, "set": true, "json": true, "uuid": true, "inet4": true, "inet6": true, "null": true,
}

// blobs are bytes. A shape comes as MySQL keeps it: four bytes of a reference
// system, and well-known binary.
var blobs = map[string]bool{
	"binary": true, "varbinary": true, "tinyblob": true, "blob": true, "mediumblob": true, "longblob": true, "vector": true,
	"geometry": true, "point": true, "linestring": true, "polygon": true, "multipoint": true, "multilinestring": true,
	"multipolygon": true, "geometrycollection": true, "geomcollection": true,
}

// describe gives a column its schema.
func (d dialect) describe(c *database.Column, m database.Mapping) {
	t, optional := parseType(c.Type), c.Nullable
	if d.zero == convertToNull && isTime(t.name) {
		optional = true
	}
	c.Schema = t.schema(m, optional)
	if c.Schema == nil {
		c.Unsupported = "kcgen knows no type " + connect.Word(t.name)
	}
}

func (t sqlType) schema(m database.Mapping, optional bool) *connect.Schema {
	if kinds, ok := ints[t.name]; ok {
		if t.unsigned {
			return database.Plain(kinds[0], optional)
		}
		return database.Plain(kinds[1], optional)
	}
	switch {
	case texts[t.name]:
		return database.Plain(connect.KindString, optional)
	case blobs[t.name]:
		return database.Plain(connect.KindBytes, optional)
	}
	switch t.name {
	case "bit":
		return database.Plain(bitKind(t.a), optional)
	case "float":
		return database.Plain(connect.KindFloat32, optional)
	case "double", "real":
		return database.Plain(connect.KindFloat64, optional)
	case "decimal", "numeric":
		return m.Number(t.a, max(t.b, 0), optional)
	case "date", "year":
		return database.DateSchema(optional)
	case "time":
		return database.TimeSchema(optional)
	case "datetime", "timestamp":
		return m.Timestamp(optional)
	}
	return nil
}

// bitKind is an int8 for one bit, as in Connect, and what holds them for more.
func bitKind(bits int) connect.Kind {
	switch {
	case bits <= 7:
		return connect.KindInt8
	case bits <= 15:
		return connect.KindInt16
	case bits <= 31:
		return connect.KindInt32
	}
	return connect.KindInt64
}

func isTime(name string) bool {
	return name == "date" || name == "year" || name == "datetime" || name == "timestamp"
}
