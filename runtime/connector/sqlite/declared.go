package sqlite

import (
	"strconv"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// kind is what a declared type means.
type kind int

const (
	number  kind = iota // of a precision and a scale
	inexact             // a floating-point number, or a number of which nothing is said
	integer             // of so many bits
	text
	blob
	boolean
	date
	clock
	moment
)

// declared is a declared type, read. SQLite itself draws no more of it than an
// affinity, and keeps any value in any column; who declares a type means it.
type declared struct {
	kind             kind
	bits             int
	precision, scale int
}

// known are the types that are known by their whole names. TINYINT and SMALLINT are a
// size wider than their names, as they are in Connect, where SQLite's driver
// does not call them signed.
var known = map[string]declared{
	"TINYINT": {kind: integer, bits: 16}, "SMALLINT": {kind: integer, bits: 32}, "INT2": {kind: integer, bits: 32},
	"BOOLEAN": {kind: boolean}, "BOOL": {kind: boolean},
	"DATE": {kind: date}, "TIME": {kind: clock}, "DATETIME": {kind: moment}, "TIMESTAMP": {kind: moment},
	"TIMESTAMPTZ": {kind: moment}, "TIMESTAMP WITH TIME ZONE": {kind: moment}, "TIMESTAMP WITHOUT TIME ZONE": {kind: moment},
	"NUMERIC": {kind: number}, "DECIMAL": {kind: number}, "NUMBER": {kind: number}, "MONEY": {kind: number},
	"JSON": {kind: text}, "UUID": {kind: text}, "STRING": {kind: text}, "ANY": {kind: text}, "": {kind: text},
}

// affinities are SQLite's own rules, in their order (datatype3.html §3.1).
var affinities = []struct {
	within string
	means  declared
}{
	{"INT", declared{kind: integer, bits: 64}},
	{"CHAR", declared{kind: text}}, {"CLOB", declared{kind: text}}, {"TEXT", declared{kind: text}},
	{"BLOB", declared{kind: blob}}, {"BINARY", declared{kind: blob}},
	{"REAL", declared{kind: inexact}}, {"FLOA", declared{kind: inexact}}, {"DOUB", declared{kind: inexact}},
}

// declare reads a declared type.
func declare(name string) declared {
	base, args := strings.ToUpper(strings.TrimSpace(name)), ""
	if i := strings.IndexByte(base, '('); i >= 0 {
		base, args = strings.TrimSpace(base[:i]), strings.TrimRight(base[i+1:], ") ")
	}
	d, ok := known[base]
	if !ok {
		d = affinity(base)
	}
	if d.kind == number {
		d.read(args)
	}
	return d
}

func affinity(base string) declared {
	for _, a := range affinities {
		if strings.Contains(base, a.within) {
			return a.means
		}
	}
	return declared{kind: inexact}
}

// read reads (10,2). A number of which nothing is said is a floating-point
// number: SQLite keeps what is not whole as one.
func (d *declared) read(args string) {
	p, s, _ := strings.Cut(args, ",")
	precision, err := strconv.Atoi(strings.TrimSpace(p))
	if err != nil || precision < 1 || precision > 1000 {
		d.kind = inexact
		return
	}
	d.precision = precision
	if scale, err := strconv.Atoi(strings.TrimSpace(s)); err == nil && scale >= 0 && scale <= precision {
		d.scale = scale
	}
}

func (d declared) schema(m database.Mapping, optional bool) *connect.Schema {
	switch d.kind {
	case number:
		return m.Number(d.precision, d.scale, optional)
	case inexact:
		return database.Plain(connect.KindFloat64, optional)
	case integer:
		return database.Plain(map[int]connect.Kind{16: connect.KindInt16, 32: connect.KindInt32, 64: connect.KindInt64}[d.bits], optional)
	case blob:
		return database.Plain(connect.KindBytes, optional)
	case boolean:
		return database.Plain(connect.KindBool, optional)
	case date:
		return database.DateSchema(optional)
	case clock:
		return database.TimeSchema(optional)
	case moment:
		return m.Timestamp(optional)
	}
	return database.Plain(connect.KindString, optional)
}

// decode is how a value of any storage class becomes one of the schema.
func (d declared) decode(s *connect.Schema, m database.Mapping) database.Decode {
	switch d.kind {
	case date:
		return decodeDate
	case clock:
		return decodeClock(m)
	case moment:
		return decodeMoment(m)
	case blob:
		return decodeBlob
	case text:
		return decodeText
	case boolean:
		return decodeBool
	}
	return database.Decoder(s, m)
}
