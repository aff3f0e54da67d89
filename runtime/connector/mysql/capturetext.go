package mysql

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
)

// parse reads a value as a query's answer has it, in text.
func (c *columnDef) parse(f family, b []byte) (cell, error) {
	switch f {
	case boolFamily, bitsFamily:
		if c.base() == "BIT" {
			return cell{kind: bitCell, b: b}, nil
		}
		return parseInt(b)
	case intFamily, bigFamily:
		return parseInt(b)
	case float32Family, float64Family:
		bits := 64
		if c.base() == "FLOAT" || c.base() == "FLOAT4" {
			bits = 32
		}
		n, err := strconv.ParseFloat(string(b), bits)
		return cell{kind: floatCell, f: n}, err
	case decimalFamily:
		return cell{kind: decimalCell, b: trimZeros(b, bytes.Count(b[:min(len(b), 1)], []byte("-")))}, nil
	case dateFamily:
		at, err := parseMoment(string(b))
		return cell{kind: dateCell, at: at}, err
	case datetimeFamily, timestampFamily:
		at, err := parseMoment(string(b))
		return cell{kind: datetimeCell, at: at}, err
	case timeFamily:
		n, err := parseTime(string(b))
		return cell{kind: timeCell, i: n}, err
	case yearFamily:
		n, err := strconv.ParseInt(string(b), 10, 64)
		return cell{kind: yearCell, i: n}, err
	case binaryFamily, pointFamily, geometryFamily, vectorFamily:
		return cell{kind: bytesCell, b: b}, nil
	}
	return cell{kind: utf8Cell, b: b}, nil
}

func parseInt(b []byte) (cell, error) {
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err == nil {
		return cell{kind: intCell, i: n}, nil
	}
	u, err := strconv.ParseUint(string(b), 10, 64)
	return cell{kind: unsignedCell, i: int64(u)}, err
}

var errMoment = errors.New("it is no date")

// parseMoment reads 2006-01-02 15:04:05.999999, or the date alone.
func parseMoment(s string) (m moment, err error) {
	date, clock, _ := strings.Cut(strings.Replace(s, "T", " ", 1), " ")
	parts := strings.Split(date, "-")
	if len(parts) != 3 {
		return m, errMoment
	}
	year, month, day := number(parts[0], &err), number(parts[1], &err), number(parts[2], &err)
	m.year, m.month, m.day = int32(year), uint8(month), uint8(day)
	if clock == "" || err != nil {
		return m, err
	}
	micros, err := parseTime(clock)
	m.micro = int32(micros % 1e6)
	seconds := micros / 1e6
	m.hour, m.minute, m.second = uint8(seconds/3600), uint8(seconds/60%60), uint8(seconds%60)
	return m, err
}

func number(s string, err *error) int64 {
	n, e := strconv.ParseUint(s, 10, 16)
	if e != nil {
		*err = errMoment
	}
	return int64(n)
}

// parseTime reads -838:59:59.999999 as microseconds.
func parseTime(s string) (micros int64, err error) {
	rest, negative := strings.CutPrefix(s, "-")
	whole, fraction, _ := strings.Cut(rest, ".")
	parts := strings.Split(whole, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, errMoment
	}
	for _, p := range parts {
		micros = micros*60 + number(p, &err)
	}
	if len(parts) == 2 {
		micros *= 60
	}
	micros *= 1e6
	if fraction != "" {
		micros += number2(fraction, &err)
	}
	if negative {
		micros = -micros
	}
	return micros, err
}

// number2 is a fraction in microseconds.
func number2(s string, err *error) int64 {
	if len(s) > 6 {
		s = s[:6]
	}
	n, e := strconv.ParseUint(s+strings.Repeat("0", 6-len(s)), 10, 32)
	if e != nil {
		*err = errMoment
	}
	return int64(n)
}

// defaultOf is the default of a column's schema. One that no value of the type is
// counts as none, but a moment that is none is the epoch where there must be one.
func (c *columnDef) defaultOf(m modes, charset string) (connect.Value, bool) {
	if !c.hasDef {
		return connect.Null, false
	}
	text, f := c.def, c.family(m)
	if f != textFamily && f != enumFamily && f != setFamily && f != jsonFamily && f != binaryFamily {
		text = strings.TrimSpace(text)
	}
	switch strings.ToLower(text) {
	case "true", "false":
		if f == intFamily || f == bigFamily || f == decimalFamily || f == boolFamily {
			text = map[bool]string{true: "1", false: "0"}[strings.EqualFold(text, "true")]
		}
	}
	cell, err := c.parseDefault(f, text)
	if err != nil {
		return connect.Null, false
	}
	convert, err := c.converter(m, charset, nil)
	if err != nil || convert == nil {
		return connect.Null, false
	}
	v, err := convert(cell)
	return v, err == nil && !v.IsNull()
}

// parseDefault reads a default as a value's text, where the two differ not.
func (c *columnDef) parseDefault(f family, text string) (cell, error) {
	switch f {
	case dateFamily, datetimeFamily, timestampFamily:
		return c.parseDefaultMoment(f, text)
	case timeFamily:
		if _, clock, ok := strings.Cut(text, " "); ok {
			text = clock
		}
	case boolFamily, bitsFamily:
		if c.base() == "BIT" {
			return parseBits(text)
		}
	case decimalFamily:
		return c.parseDefaultDecimal(text)
	case intFamily:
		n, err := strconv.ParseFloat(text, 64)
		return cell{kind: intCell, i: javaRound(n)}, err
	case jsonFamily, pointFamily, geometryFamily, vectorFamily:
		return cell{}, errKind
	}
	return c.parse(f, []byte(text))
}

// parseDefaultMoment takes the epoch for moments that are none, where the column may
// not be null.
func (c *columnDef) parseDefaultMoment(f family, text string) (cell, error) {
	out, err := c.parse(f, []byte(text))
	if f == dateFamily && err == nil {
		out.at = moment{year: out.at.year, month: out.at.month, day: out.at.day}
	}
	_, ok, invalid := out.at.time()
	switch {
	case err == nil && invalid == nil && ok && (f != timestampFamily || text != epochDefault):
		if f == timestampFamily { // as of the log, with the digits of the column
			t, _, _ := out.at.time()
			return cell{kind: timestampCell, i: t.Unix(), at: moment{micro: out.at.micro}}, nil
		}
		return out, nil
	case c.optional:
		return cell{}, errMoment
	}
	epoch := time.Unix(0, 0).UTC()
	out.at = moment{year: int32(epoch.Year()), month: 1, day: 1}
	return out, nil
}

// javaRound is Math.round, by which Debezium makes integers of defaults: beyond what a
// double holds they are not exact, and beyond 2^63-1 they are that.
func javaRound(f float64) int64 {
	switch f = math.Floor(f + 0.5); {
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}

// parseBits reads a default as 0 and 1.
func parseBits(text string) (cell, error) {
	n, err := strconv.ParseUint(text, 2, 64)
	if err != nil {
		return cell{}, err
	}
	b := make([]byte, 8)
	for i := range b {
		b[i] = byte(n >> (8 * (7 - i)))
	}
	for len(b) > 1 && b[0] == 0 {
		b = b[1:]
	}
	return cell{kind: bitCell, b: b}, nil
}

// parseDefaultDecimal gives a default the digits of the column's scale.
func (c *columnDef) parseDefaultDecimal(text string) (cell, error) {
	whole, fraction, _ := strings.Cut(text, ".")
	if _, err := strconv.ParseFloat(text, 64); err != nil || strings.ContainsAny(text, "eExX") {
		return cell{}, errKind
	}
	if len(fraction) > c.scale {
		fraction = fraction[:c.scale]
	}
	fraction += strings.Repeat("0", c.scale-len(fraction))
	text = strings.TrimPrefix(whole, "+")
	if fraction != "" {
		text += "." + fraction
	}
	return cell{kind: decimalCell, b: []byte(text)}, nil
}
