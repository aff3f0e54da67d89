package mysql

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
)

// converter makes a record's value of what the log or a snapshot holds.
type converter func(c cell) (connect.Value, error)

// errKind is a value of another kind than its column has.
var errKind = errors.New("its value is not of the column's type")

// converter is a column's, made once a table's version. Charset is that of its text,
// schema that of its values.
func (c *columnDef) converter(m modes, charset string, schema *connect.Schema) (converter, error) {
	switch c.family(m) {
	case boolFamily:
		return toBool, nil
	case intFamily:
		return toInt(c.intKind()), nil
	case bigFamily:
		return toBig, nil
	case float32Family, float64Family:
		return toFloat(c.family(m)), nil
	case decimalFamily:
		return c.toDecimal(m), nil
	case textFamily:
		text, err := decoderOf(charset)
		return toText(text), err
	case binaryFamily:
		return c.toBinary(m), nil
	case bitsFamily:
		return c.toBits, nil
	case enumFamily, setFamily:
		return c.toChoice, nil
	case jsonFamily:
		return toJSON, nil
	case yearFamily:
		return toYear, nil
	case pointFamily, geometryFamily:
		return toShape(c.family(m), schema), nil
	case uuidFamily:
		return toUUID, nil
	case inetFamily:
		return c.toInet, nil
	case vectorFamily:
		return toVector, nil
	case dateFamily, timeFamily, datetimeFamily, timestampFamily:
		return c.toTime(m), nil
	}
	return nil, nil
}

func toBool(c cell) (connect.Value, error) {
	switch c.kind {
	case intCell, unsignedCell:
		return connect.Bool(c.i != 0), nil
	case bitCell:
		return connect.Bool(big64(c.b) != 0), nil
	}
	return connect.Null, errKind
}

func big64(b []byte) uint64 { return bigEndian(b[max(len(b)-8, 0):]) }

func toInt(kind connect.Kind) converter {
	return func(c cell) (connect.Value, error) {
		if c.kind != intCell && c.kind != unsignedCell {
			return connect.Null, errKind
		}
		switch kind {
		case connect.KindInt8:
			return connect.Int8(int8(c.i)), nil
		case connect.KindInt16:
			return connect.Int16(int16(c.i)), nil
		case connect.KindInt32:
			return connect.Int32(int32(c.i)), nil
		}
		return connect.Int64(c.i), nil
	}
}

func toBig(c cell) (connect.Value, error) {
	if c.kind != intCell && c.kind != unsignedCell {
		return connect.Null, errKind
	}
	return (&connect.Decimal{Unscaled: new(big.Int).SetUint64(uint64(c.i))}).Value(), nil
}

func toFloat(f family) converter {
	return func(c cell) (connect.Value, error) {
		if c.kind != floatCell {
			return connect.Null, errKind
		}
		if f == float32Family {
			return connect.Float32(float32(c.f)), nil
		}
		return connect.Float64(c.f), nil
	}
}

func (c *columnDef) toDecimal(m modes) converter {
	scale := c.scale
	return func(c cell) (connect.Value, error) {
		if c.kind != decimalCell {
			return connect.Null, errKind
		}
		switch m.decimal {
		case "string":
			return connect.PlainText(c.b), nil
		case "double":
			f, err := strconv.ParseFloat(string(c.b), 64)
			return connect.Float64(f), err
		}
		return decimalValue(c.b, scale)
	}
}

// decimalValue reads a decimal's text, whose digits behind the point are those of its
// scale, or fewer.
func decimalValue(text []byte, scale int) (connect.Value, error) {
	digits := make([]byte, 0, 80)
	behind := -1
	for _, c := range text {
		if c == '.' {
			behind = 0
			continue
		}
		if behind >= 0 {
			behind++
		}
		digits = append(digits, c)
	}
	for range scale - max(behind, 0) {
		digits = append(digits, '0')
	}
	type decimal struct {
		connect.Decimal
		n big.Int
	}
	d := &decimal{}
	d.Unscaled, d.Scale = &d.n, int32(scale)
	if len(digits) < 19 {
		n, err := strconv.ParseInt(string(digits), 10, 64)
		d.n.SetInt64(n)
		return d.Value(), err
	}
	if _, ok := d.n.SetString(string(digits), 10); !ok {
		return connect.Null, errKind
	}
	return d.Value(), nil
}

func toText(text charsetDecoder) converter {
	return func(c cell) (connect.Value, error) {
		switch c.kind {
		case utf8Cell:
			return connect.Text(c.b), nil
		case bytesCell, jsonCell:
			return text(c.b)
		}
		return connect.Null, errKind
	}
}

// toBinary gives bytes. A BINARY is filled up with the zeros that the log leaves out.
func (c *columnDef) toBinary(m modes) converter {
	length := 0
	if c.base() == "BINARY" {
		length = max(c.length, 1)
	}
	return func(c cell) (connect.Value, error) {
		if c.kind != bytesCell && c.kind != utf8Cell {
			return connect.Null, errKind
		}
		b := c.b
		if missing := length - len(b); missing > 0 {
			b = append(slices.Clip(b), make([]byte, missing)...)
		}
		switch m.binary {
		case "base64":
			return connect.PlainText(base64.StdEncoding.AppendEncode(nil, b)), nil
		case "base64-url-safe":
			return connect.PlainText(base64.URLEncoding.AppendEncode(nil, b)), nil
		case "hex":
			return connect.PlainText(hex.AppendEncode(nil, b)), nil
		}
		return connect.Bytes(b), nil
	}
}

// toBits turns the bytes round: the first is the lowest.
func (c *columnDef) toBits(v cell) (connect.Value, error) {
	if v.kind != bitCell {
		return connect.Null, errKind
	}
	b := make([]byte, max((c.length+7)/8, len(v.b)))
	copy(b[len(b)-len(v.b):], v.b)
	slices.Reverse(b)
	return connect.Bytes(b), nil
}

// toChoice gives the words of an ENUM's number or a SET's bits.
func (c *columnDef) toChoice(v cell) (connect.Value, error) {
	switch v.kind {
	case utf8Cell, bytesCell:
		return connect.Text(v.b), nil
	case enumCell:
		if v.i == 0 {
			return connect.String(""), nil // what the server keeps for a word that is none of them
		}
		if v.i < 0 || v.i > int64(len(c.values)) {
			return connect.Null, fmt.Errorf("the log has value %d of an ENUM of %d", v.i, len(c.values))
		}
		return connect.String(c.values[v.i-1]), nil
	case setCell:
		var words []string
		for i, w := range c.values {
			if v.i>>i&1 != 0 {
				words = append(words, w)
			}
		}
		if len(c.values) < 64 && uint64(v.i)>>len(c.values) != 0 {
			return connect.Null, fmt.Errorf("the log has bits %b of a SET of %d", v.i, len(c.values))
		}
		return connect.String(strings.Join(words, ",")), nil
	}
	return connect.Null, errKind
}

// toJSON gives text: MySQL's log has JSON in binary, MariaDB's as the text that it is.
func toJSON(c cell) (connect.Value, error) {
	switch c.kind {
	case utf8Cell, bytesCell:
		return connect.Text(c.b), nil
	case jsonCell:
		if len(c.b) == 0 {
			return connect.Null, nil
		}
		text, err := jsonText(c.b)
		return connect.Text(text), err
	}
	return connect.Null, errKind
}

// toYear adds the century that a year of two digits leaves out, as MySQL does.
func toYear(c cell) (connect.Value, error) {
	if c.kind != yearCell {
		return connect.Null, errKind
	}
	return connect.Int32(fullYear(int32(c.i))), nil
}

func fullYear(year int32) int32 {
	switch {
	case year >= 0 && year <= 69:
		return year + 2000
	case year >= 70 && year <= 99:
		return year + 1900
	}
	return year
}

const (
	wkbPoint     = 1
	wkbPointSize = 1 + 4 + 8 + 8
)

// toShape divides the server's form into the reference system and well-known binary.
func toShape(f family, schema *connect.Schema) converter {
	return func(c cell) (connect.Value, error) {
		if c.kind != bytesCell && c.kind != utf8Cell || len(c.b) < 4 {
			return connect.Null, errKind
		}
		wkb, srid := connect.Bytes(c.b[4:]), connect.Null
		if n := int32(binary.LittleEndian.Uint32(c.b)); n != 0 {
			srid = connect.Int32(n)
		}
		if f == geometryFamily {
			return (&connect.Struct{Schema: schema, Slots: []connect.Value{wkb, srid, connect.Null}}).Value(), nil
		}
		x, y, err := readPoint(c.b[4:])
		return (&connect.Struct{Schema: schema, Slots: []connect.Value{connect.Float64(x), connect.Float64(y), wkb, srid}}).Value(), err
	}
}

func readPoint(wkb []byte) (x, y float64, err error) {
	if len(wkb) != wkbPointSize {
		return 0, 0, errors.New("it is no point")
	}
	order := binary.ByteOrder(binary.BigEndian)
	if wkb[0] != 0 {
		order = binary.LittleEndian
	}
	if order.Uint32(wkb[1:]) != wkbPoint {
		return 0, 0, errors.New("it is no point")
	}
	return math.Float64frombits(order.Uint64(wkb[5:])), math.Float64frombits(order.Uint64(wkb[13:])), nil
}

func toUUID(c cell) (connect.Value, error) {
	if c.kind == utf8Cell {
		return connect.Text(c.b), nil
	}
	if c.kind != bytesCell || len(c.b) > 16 {
		return connect.Null, errKind
	}
	var b [16]byte
	copy(b[:], c.b)
	text := make([]byte, 0, 36)
	for i, part := range [][]byte{b[:4], b[4:6], b[6:8], b[8:10], b[10:]} {
		if i > 0 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, part)
	}
	return connect.PlainText(text), nil
}

func (c *columnDef) toInet(v cell) (connect.Value, error) {
	if v.kind == utf8Cell {
		return connect.Text(v.b), nil
	}
	size := 16
	if c.base() == "INET4" {
		size = 4
	}
	if v.kind != bytesCell || len(v.b) > size {
		return connect.Null, errKind
	}
	addr, _ := netip.AddrFromSlice(append(slices.Clip(v.b), make([]byte, size-len(v.b))...))
	return connect.String(addr.String()), nil
}

func toVector(c cell) (connect.Value, error) {
	if c.kind != bytesCell || len(c.b)%4 != 0 {
		return connect.Null, errKind
	}
	a := &connect.Array{Elems: make([]connect.Value, len(c.b)/4)}
	for i := range a.Elems {
		a.Elems[i] = connect.Float32(math.Float32frombits(binary.LittleEndian.Uint32(c.b[4*i:])))
	}
	return a.Value(), nil
}

// time is the moment in UTC; not ok for one that is none, such as 0000-00-00. One
// that no calendar has, such as February 31, is an error.
func (m moment) time() (t time.Time, ok bool, err error) {
	if m.year == 0 || m.month == 0 || m.day == 0 {
		return t, false, nil
	}
	t = time.Date(int(m.year), time.Month(m.month), int(m.day), int(m.hour), int(m.minute), int(m.second), int(m.micro)*1000, time.UTC)
	if t.Month() != time.Month(m.month) || t.Day() != int(m.day) {
		return t, false, fmt.Errorf("no calendar has %04d-%02d-%02d", m.year, m.month, m.day)
	}
	return t, true, nil
}

// moment is the cell's, in UTC.
func (c *cell) moment() (t time.Time, ok bool, err error) {
	if t, ok, err = c.at.time(); err != nil && c.rolls {
		return t, true, nil
	}
	return t, ok, err
}

// toTime makes dates and times what time.precision.mode says.
func (c *columnDef) toTime(m modes) converter {
	f, digits := c.family(m), c.length
	s, _ := c.timeSchema(m).Build()
	name := ""
	if s != nil {
		name = s.Name()
	}
	return func(c cell) (connect.Value, error) {
		switch {
		case f == timestampFamily && c.kind == timestampCell:
			if c.i == 0 && c.at.micro == 0 {
				return connect.Null, nil
			}
			return zoned(time.Unix(c.i, int64(c.at.micro)*1000).UTC(), digits), nil
		case f == timestampFamily && c.kind == datetimeCell: // of a snapshot, whose zone is UTC
			t, ok, err := c.moment()
			if !ok {
				return connect.Null, err
			}
			return zoned(t, -1), nil
		case f == timeFamily && c.kind == timeCell:
			return timeOfDay(name, c.i)
		case m.adjust && c.at.year != 0:
			c.at.year = fullYear(c.at.year)
		}
		switch {
		case f == dateFamily && c.kind == dateCell, f == datetimeFamily && c.kind == datetimeCell:
			t, ok, err := c.moment()
			if !ok {
				return connect.Null, err
			}
			return dated(name, t), nil
		}
		return connect.Null, errKind
	}
}

// firstNano and lastNano are the bounds of what nanoseconds of 64 bits can count.
var firstNano, lastNano = time.Unix(0, math.MinInt64).UTC(), time.Unix(0, math.MaxInt64).UTC()

// dated is a date or a date with a time, by the name of its schema.
func dated(name string, t time.Time) connect.Value {
	switch name {
	case connect.DateName, connect.TimestampName:
		return connect.Instant(t.Truncate(time.Millisecond))
	case "io.debezium.time.Date":
		return connect.Int32(int32(t.Unix() / 86400))
	case "io.debezium.time.IsoDate":
		return connect.PlainText(t.AppendFormat(nil, "2006-01-02Z"))
	case "io.debezium.time.IsoTimestamp":
		return zoned(t, -1)
	case "io.debezium.time.MicroTimestamp":
		return connect.Int64(t.UnixMicro())
	case "io.debezium.time.NanoTimestamp":
		if t.Before(firstNano) || t.After(lastNano) {
			return connect.Null // as Debezium has it
		}
		return connect.Int64(t.UnixNano())
	}
	return connect.Int64(t.UnixMilli())
}

// zoned is ISO 8601 in UTC, with so many digits behind the second; with as many as
// there are where digits is not above 0.
func zoned(t time.Time, digits int) connect.Value {
	layout := "2006-01-02T15:04:05.999999999Z"
	if digits > 0 && digits <= 9 {
		layout = "2006-01-02T15:04:05." + strings.Repeat("0", digits) + "Z"
	}
	return connect.PlainText(t.AppendFormat(nil, layout))
}

const dayMicros = 24 * 60 * 60 * 1_000_000

// timeOfDay is a TIME, which may be negative and longer than a day.
func timeOfDay(name string, micros int64) (connect.Value, error) {
	switch name {
	case "io.debezium.time.MicroTime":
		return connect.Int64(micros), nil
	case "io.debezium.time.NanoTime":
		return connect.Int64(micros * 1000), nil
	}
	if micros < 0 || micros > dayMicros {
		return connect.Null, nil // no time of a day: Debezium has null for it
	}
	switch name {
	case "io.debezium.time.IsoTime":
		return connect.PlainText(time.UnixMicro(micros).UTC().AppendFormat(nil, "15:04:05.999999Z")), nil
	case connect.TimeName:
		return connect.InstantMilli(micros / 1000), nil
	}
	return connect.Int32(int32(micros / 1000)), nil
}
