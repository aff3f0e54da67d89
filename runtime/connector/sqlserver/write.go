package sqlserver

import (
	"encoding/hex"
	"fmt"
	"slices"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

const maxPrecision = 38

// ColumnType is Connect's, but where Connect's could not keep the values: an
// int8 may be negative, and texts may have any character.
func (dialect) ColumnType(s *connect.Schema, key bool) (string, error) {
	switch s.Logical() {
	case connect.LogicalDecimal:
		scale, _ := s.Scale()
		if scale < 0 || scale > maxPrecision {
			return "", fmt.Errorf("sqlserver: a decimal of scale %d has no column type: SQL Server has 0 to %d digits behind the point", scale, maxPrecision)
		}
		return fmt.Sprintf("decimal(%d,%d)", maxPrecision, scale), nil
	case connect.LogicalDate:
		return "date", nil
	case connect.LogicalTime:
		return "time", nil
	case connect.LogicalTimestamp:
		return "datetime2", nil
	}
	if typ, ok := keyTypes[s.Kind()]; ok && key {
		return typ, nil
	}
	if typ, ok := columnTypes[s.Kind()]; ok {
		return typ, nil
	}
	return "", fmt.Errorf("sqlserver: %s has no column type", s)
}

var columnTypes = map[connect.Kind]string{
	connect.KindBool: "bit", connect.KindInt8: "smallint", connect.KindInt16: "smallint", connect.KindInt32: "int", connect.KindInt64: "bigint",
	connect.KindFloat32: "real", connect.KindFloat64: "float", connect.KindString: "nvarchar(max)", connect.KindBytes: "varbinary(max)",
}

// keyTypes are those of keys, of at most 900 bytes, where they differ.
var keyTypes = map[connect.Kind]string{connect.KindString: "nvarchar(450)", connect.KindBytes: "varbinary(900)"}

// AppendDefault writes texts as Unicode, and bytes as 0x….
func (dialect) AppendDefault(dst []byte, s *connect.Schema, v connect.Value) ([]byte, bool) {
	if v.Kind() == connect.KindBytes {
		return hex.AppendEncode(append(dst, "0x"...), v.Raw()), true
	}
	return database.AppendLiteral(dst, s, v, func(dst []byte, text string) []byte {
		return database.AppendText(append(dst, 'N'), text)
	})
}

// maxRows is how many rows VALUES of an INSERT may have; as a table it may have
// more.
const maxRows = 1000

func (d dialect) AppendInsert(dst []byte, t database.Table, columns []string, n int) []byte {
	if n <= maxRows {
		return database.AppendInsert(dst, d, t, columns, n)
	}
	dst = append(database.AppendTable(append(dst, "INSERT INTO "...), d, t), " ("...)
	dst = append(database.AppendNames(dst, d, columns), ") SELECT * FROM "...)
	return d.appendRows(dst, columns, n)
}

// appendRows appends parameters as a table named incoming.
func (d dialect) appendRows(dst []byte, columns []string, n int) []byte {
	dst = database.AppendTuples(append(dst, "(VALUES "...), d, len(columns), n)
	return append(database.AppendNames(append(dst, ") AS incoming ("...), d, columns), ')')
}

// AppendUpsert is a MERGE, as in Connect.
func (d dialect) AppendUpsert(dst []byte, t database.Table, keys, others []string, n int) []byte {
	columns := slices.Concat(keys, others)
	dst = database.AppendTable(append(dst, "MERGE INTO "...), d, t)
	if d.holdlock {
		dst = append(dst, " WITH (HOLDLOCK)"...)
	}
	dst = append(d.appendRows(append(dst, " AS target USING "...), columns, n), " ON ("...)
	dst = append(d.appendPairs(dst, "target.", keys, " AND "), ')')
	if len(others) > 0 {
		dst = d.appendPairs(append(dst, " WHEN MATCHED THEN UPDATE SET "...), "", others, ", ")
	}
	dst = append(database.AppendNames(append(dst, " WHEN NOT MATCHED THEN INSERT ("...), d, columns), ") VALUES ("...)
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = d.AppendIdentifier(append(dst, "incoming."...), c)
	}
	return append(dst, ");"...)
}

// appendPairs appends target.[a] = incoming.[a], for each column.
func (d dialect) appendPairs(dst []byte, left string, columns []string, between string) []byte {
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, between...)
		}
		dst = append(d.AppendIdentifier(append(dst, left...), c), " = incoming."...)
		dst = d.AppendIdentifier(dst, c)
	}
	return dst
}

func (d dialect) AppendUpdate(dst []byte, t database.Table, keys, others []string) []byte {
	return database.AppendUpdate(dst, d, t, keys, others)
}

// AppendDelete spells each key out: Transact-SQL compares no rows.
func (d dialect) AppendDelete(dst []byte, t database.Table, keys []string, n int) []byte {
	return database.AppendDeleteAny(dst, d, t, keys, n)
}

func (d dialect) AppendCreate(dst []byte, t database.Table, columns []database.Definition, keys []string) []byte {
	return database.AppendCreate(dst, d, t, columns, keys)
}

func (d dialect) AppendAddColumns(dst []byte, t database.Table, columns []database.Definition) []byte {
	dst = append(database.AppendTable(append(dst, "ALTER TABLE "...), d, t), " ADD "...)
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = database.AppendDefinition(dst, d, c)
	}
	return dst
}
