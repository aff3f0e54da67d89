package sqlite

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// momentLayout is SQLite's own form of a moment.
const momentLayout = "2006-01-02 15:04:05.000"

// ColumnType gives each logical type a name of its own, of the affinity NUMERIC
// that Connect gives them all: what is written stays the same, and what is read
// again is what it was.
func (dialect) ColumnType(s *connect.Schema, _ bool) (string, error) {
	switch s.Logical() {
	case connect.LogicalDecimal:
		scale, _ := s.Scale()
		return decimalType(int(scale)), nil
	case connect.LogicalDate:
		return "DATE", nil
	case connect.LogicalTime:
		return "TIME", nil
	case connect.LogicalTimestamp:
		return "TIMESTAMP", nil
	}
	switch s.Kind() {
	case connect.KindBool:
		return "BOOLEAN", nil
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		return "INTEGER", nil
	case connect.KindFloat32, connect.KindFloat64:
		return "REAL", nil
	case connect.KindString:
		return "TEXT", nil
	case connect.KindBytes:
		return "BLOB", nil
	}
	return "", fmt.Errorf("sqlite: %s has no column type", s)
}

func decimalType(scale int) string {
	if scale < 0 || scale > 1000 {
		return "NUMERIC"
	}
	return fmt.Sprintf("NUMERIC(%d,%d)", max(38, scale), scale)
}

// AppendDefault leaves out what it would write in another form than rows have.
func (d dialect) AppendDefault(dst []byte, s *connect.Schema, v connect.Value) ([]byte, bool) {
	if v.Kind() == connect.KindInstant && !d.texts {
		return strconv.AppendInt(dst, v.Milli(), 10), true
	}
	if v.Kind() == connect.KindString && strings.ContainsRune(v.Str(), 0) {
		return dst, false
	}
	return database.AppendLiteral(dst, s, v, database.AppendText)
}

// Binder writes times as numbers into columns whose affinity is numeric, unless
// the options say texts, and as texts into others.
func (d dialect) Binder(s *connect.Schema, c database.Column, w database.Writing) (database.Bind, error) {
	if s != nil && s.Logical() == connect.NotLogical && s.Kind() >= connect.KindArray {
		return nil, fmt.Errorf("sqlite: column %s: %s has no column type", connect.Word(c.Name), s)
	}
	texts := isText(c.Type)
	b := database.Binding{Float: bindFloat, Decimal: func(n *connect.Decimal) (any, error) { return bindDecimal(n, texts) }}
	if d.texts || texts {
		b.Moment = func(t time.Time) (any, error) { return t.Format(momentLayout), nil }
		b.Clock = func(d time.Duration) (any, error) { return time.Unix(0, int64(d)).UTC().Format("15:04:05.000"), nil }
		return b.Bind(s, w), nil
	}
	b.Date = func(t time.Time) (any, error) { return t.UnixMilli(), nil }
	moments := b.Bind(s, w)
	return func(v connect.Value) (any, error) {
		// A number has no zone: a moment and a time of day stay what they are.
		if v.Kind() == connect.KindInstant && (s == nil || s.Logical() != connect.LogicalDate) {
			return v.Milli(), nil
		}
		return moments(v)
	}, nil
}

// isText is whether a column keeps a number as a text, by its affinity.
func isText(typ string) bool {
	k := declare(typ)
	return k.kind == text && affinity(strings.ToUpper(typ)).kind == text || k.kind == blob
}

func bindFloat(f float64) (any, error) {
	if math.IsNaN(f) {
		return nil, errors.New("NaN: SQLite would keep it as null")
	}
	return f, nil
}

// bindDecimal refuses what a column of numbers would round: it keeps whole
// numbers of 64 bits, and 15 digits of others.
func bindDecimal(d *connect.Decimal, texts bool) (any, error) {
	b, err := database.AppendDecimal(nil, d)
	if err != nil || texts {
		return string(b), err
	}
	s := string(b)
	if strings.IndexByte(s, '.') >= 0 {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i, nil
	}
	if digits := len(strings.TrimLeft(strings.Trim(strings.Replace(s, ".", "", 1), "-"), "0")); digits > 15 {
		return nil, fmt.Errorf("%s has %d digits, and SQLite keeps 15 of such a number: declare the column TEXT", b, digits)
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err
}

func (d dialect) AppendInsert(dst []byte, t database.Table, columns []string, n int) []byte {
	return database.AppendInsert(dst, d, t, columns, n)
}

// AppendUpsert updates in place. Connect's INSERT OR REPLACE deletes the row
// first, with the columns that the record does not have.
func (d dialect) AppendUpsert(dst []byte, t database.Table, keys, others []string, n int) []byte {
	columns := slices.Concat(keys, others)
	dst = database.AppendInsert(dst, d, t, columns, n)
	dst = append(database.AppendNames(append(dst, " ON CONFLICT ("...), d, keys), ") DO "...)
	if len(others) == 0 {
		return append(dst, "NOTHING"...)
	}
	dst = append(dst, "UPDATE SET "...)
	for i, c := range others {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = d.AppendIdentifier(append(d.AppendIdentifier(dst, c), " = excluded."...), c)
	}
	return dst
}

func (d dialect) AppendUpdate(dst []byte, t database.Table, keys, others []string) []byte {
	return database.AppendUpdate(dst, d, t, keys, others)
}

func (d dialect) AppendDelete(dst []byte, t database.Table, keys []string, n int) []byte {
	return database.AppendDelete(dst, d, t, keys, n, "VALUES ")
}

func (d dialect) AppendCreate(dst []byte, t database.Table, columns []database.Definition, keys []string) []byte {
	return database.AppendCreate(dst, d, t, columns, keys)
}

// AppendAddColumns is several statements: SQLite adds one column at a time.
func (d dialect) AppendAddColumns(dst []byte, t database.Table, columns []database.Definition) []byte {
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, "; "...)
		}
		dst = append(database.AppendTable(append(dst, "ALTER TABLE "...), d, t), " ADD COLUMN "...)
		dst = database.AppendDefinition(dst, d, c)
	}
	return dst
}
