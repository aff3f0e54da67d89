package postgres

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"kcgen.dev/runtime/connect"
)

// columnTypes are the types of columns by Connect's JDBC sink.
var columnTypes = map[connect.Kind]string{
	connect.KindInt8: "SMALLINT", connect.KindInt16: "SMALLINT", connect.KindInt32: "INT", connect.KindInt64: "BIGINT",
	connect.KindFloat32: "REAL", connect.KindFloat64: "DOUBLE PRECISION", connect.KindBool: "BOOLEAN",
	connect.KindString: "TEXT", connect.KindBytes: "BYTEA",
}

var logicalTypes = map[connect.Logical]string{
	connect.LogicalDecimal: "DECIMAL", connect.LogicalDate: "DATE", connect.LogicalTime: "TIME", connect.LogicalTimestamp: "TIMESTAMP",
}

// ColumnType is the type that Connect's JDBC sink makes of a schema. A key may be
// of any of them.
func (d dialect) ColumnType(s *connect.Schema, key bool) (string, error) {
	if s == nil {
		return "", errors.New("postgres: data without a schema has no type for a column: make the table by hand, or give the data a schema")
	}
	if t, ok := logicalTypes[s.Logical()]; ok {
		return t, nil
	}
	if t, ok := columnTypes[s.Kind()]; ok {
		return t, nil
	}
	if s.Kind() == connect.KindArray && s.Elem() != nil {
		elem, err := d.ColumnType(s.Elem(), key)
		return elem + "[]", err
	}
	return "", fmt.Errorf("postgres: a %v has no type for a column: take it apart (Flatten), or leave it out", s.Kind())
}

// AppendDefault appends a default as DDL has it.
func (dialect) AppendDefault(dst []byte, s *connect.Schema, v connect.Value) ([]byte, bool) {
	switch v.Kind() {
	case connect.KindNull:
		return dst, false
	case connect.KindFloat32, connect.KindFloat64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			break // between quotes
		}
		fallthrough
	case connect.KindBool, connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64, connect.KindDecimal:
		text, err := appendText(dst, v, zones{}, s)
		return text, err == nil
	}
	text, err := appendText(nil, v, zones{}, s)
	if err != nil || strings.IndexByte(string(text), 0) >= 0 {
		return dst, false
	}
	return appendLiteral(dst, string(text)), true
}

// appendLiteral appends a text that means the same whatever
// standard_conforming_strings says.
func appendLiteral(dst []byte, text string) []byte {
	dst = append(dst, "E'"...)
	for i := range len(text) {
		if text[i] == '\'' || text[i] == '\\' {
			dst = append(dst, text[i])
		}
		dst = append(dst, text[i])
	}
	return append(dst, '\'')
}
