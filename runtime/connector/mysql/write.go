package mysql

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// maxScale is MySQL's; MariaDB goes a little further.
const maxScale = 30

// ColumnType is Connect's, but for keys: of a text column only the beginning
// could be one, and keys that differ in case alone are two.
func (dialect) ColumnType(s *connect.Schema, key bool) (string, error) {
	switch s.Logical() {
	case connect.LogicalDecimal:
		scale, _ := s.Scale()
		if scale < 0 || scale > maxScale {
			return "", fmt.Errorf("mysql: a decimal of scale %d has no column type: MySQL has 0 to %d digits behind the point", scale, maxScale)
		}
		return fmt.Sprintf("DECIMAL(65,%d)", scale), nil
	case connect.LogicalDate:
		return "DATE", nil
	case connect.LogicalTime:
		return "TIME(3)", nil
	case connect.LogicalTimestamp:
		return "DATETIME(3)", nil
	}
	if typ, ok := keyTypes[s.Kind()]; ok && key {
		return typ, nil
	}
	if typ, ok := columnTypes[s.Kind()]; ok {
		return typ, nil
	}
	return "", fmt.Errorf("mysql: %s has no column type", s)
}

var columnTypes = map[connect.Kind]string{
	connect.KindBool: "TINYINT", connect.KindInt8: "TINYINT", connect.KindInt16: "SMALLINT", connect.KindInt32: "INT", connect.KindInt64: "BIGINT",
	connect.KindFloat32: "FLOAT", connect.KindFloat64: "DOUBLE", connect.KindString: "TEXT", connect.KindBytes: "VARBINARY(1024)",
}

// keyTypes are those of keys, where they differ.
var keyTypes = map[connect.Kind]string{
	connect.KindString: "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
	connect.KindBytes:  "VARBINARY(255)",
}

// AppendDefault puts texts in brackets: an expression may be the default of a
// TEXT column, which a literal may not.
func (dialect) AppendDefault(dst []byte, s *connect.Schema, v connect.Value) ([]byte, bool) {
	if v.Kind() != connect.KindString {
		return database.AppendLiteral(dst, s, v, database.AppendText)
	}
	return append(appendText(append(dst, '('), v.Str()), ')'), true
}

// appendText writes a text that means the same whatever a backslash does there
// (NO_BACKSLASH_ESCAPES).
func appendText(dst []byte, text string) []byte {
	if !strings.ContainsAny(text, "\\\x00") {
		return database.AppendText(dst, text)
	}
	return append(hex.AppendEncode(append(dst, "CONVERT(X'"...), []byte(text)), "' USING utf8mb4)"...)
}

func (d dialect) AppendInsert(dst []byte, t database.Table, columns []string, n int) []byte {
	return database.AppendInsert(dst, d, t, columns, n)
}

// AppendUpsert uses VALUES(), which both servers know; MySQL's newer row alias
// MariaDB does not have.
func (d dialect) AppendUpsert(dst []byte, t database.Table, keys, others []string, n int) []byte {
	columns := slices.Concat(keys, others)
	dst = append(database.AppendInsert(dst, d, t, columns, n), " ON DUPLICATE KEY UPDATE "...)
	if len(others) == 0 {
		dst = append(d.AppendIdentifier(dst, keys[0]), '=')
		return d.AppendIdentifier(dst, keys[0])
	}
	for i, c := range others {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(d.AppendIdentifier(dst, c), "=VALUES("...)
		dst = append(d.AppendIdentifier(dst, c), ')')
	}
	return dst
}

func (d dialect) AppendUpdate(dst []byte, t database.Table, keys, others []string) []byte {
	return database.AppendUpdate(dst, d, t, keys, others)
}

func (d dialect) AppendDelete(dst []byte, t database.Table, keys []string, n int) []byte {
	return database.AppendDelete(dst, d, t, keys, n, "")
}

func (d dialect) AppendCreate(dst []byte, t database.Table, columns []database.Definition, keys []string) []byte {
	return database.AppendCreate(dst, d, t, columns, keys)
}

func (d dialect) AppendAddColumns(dst []byte, t database.Table, columns []database.Definition) []byte {
	return database.AppendAddColumns(dst, d, t, columns, "ADD COLUMN ")
}
