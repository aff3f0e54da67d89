package connect

import (
	"encoding/base64"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// ParseValue finds out what a text is, and reads it as that: the rules by which
// Connect's SimpleHeaderConverter reads headers and InsertHeader its literal
// (org.apache.kafka.connect.data.Values.parseString).
//
//	null             null, without a schema
//	true, false      boolean, in lower case only
//	5, 1e3, 1.0      the smallest of int8 to int64, where the number is whole
//	1.5, 3e39        float32, or float64 where that is too small
//	2^70, 1e400      Decimal
//	2024-02-29       Date; 12:34:56.789Z Time; 2024-02-29T12:34:56.789Z Timestamp
//	[1, 2.5]         array; its elements get the schema that all of them fit
//	{"a": 1}         map, likewise
//
// Everything else is a string, as it stands. The rules are the original's to
// the letter, and lax: what follows a number, an array or a map is dropped
// ("12:34" is the int8 12), days and months beyond the last are carried over,
// and the elements of an array of arrays have the last one's schema.
func ParseValue(s string) Datum {
	if s == "" {
		return Datum{StringSchema, String(s)}
	}
	p := valueParser{text: s, peeked: -1}
	d, ok := p.parse(false, 0)
	if !ok { // deeper than we go: Connect's stack overflows there
		return Datum{StringSchema, String(s)}
	}
	return d
}

// maxValueDepth is how many arrays and maps within each other are read.
const maxValueDepth = 1000

// valueParser reads tokens: delimiters, and what is between them. It looks
// ahead by one token, which it keeps.
type valueParser struct {
	text   string
	pos    int    // behind the last token that was cut
	peeked int    // where the token that was looked at begins, or -1
	token  string // that token
}

// mark is where the next token begins.
func (p *valueParser) mark() int {
	if p.peeked >= 0 {
		return p.peeked
	}
	return p.pos
}

func (p *valueParser) rewind(to int) { p.pos, p.peeked = to, -1 }

func (p *valueParser) more() bool { return p.peeked >= 0 || p.pos < len(p.text) }

// next takes a token; it is empty at the end.
func (p *valueParser) next() string {
	if p.peeked < 0 {
		return p.cut()
	}
	p.peeked = -1
	return p.token
}

func isDelimiter(c byte) bool {
	switch c {
	case ':', ',', '{', '}', '[', ']', '"':
		return true
	}
	return false
}

// cut cuts the next token off the text. A backslash takes a delimiter's
// meaning, and stays.
func (p *valueParser) cut() string {
	start, escaped := p.pos, false
	for ; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; {
		case c == '\\':
			escaped = !escaped
		case isDelimiter(c) && !escaped:
			if p.pos == start {
				p.pos++
			}
			return p.text[start:p.pos]
		default:
			escaped = false
		}
	}
	return p.text[start:p.pos]
}

// take takes the token if it comes next; blanks before it are passed over, and
// stay so even if it does not come.
func (p *valueParser) take(want string) bool {
	if p.peeked < 0 {
		if p.pos >= len(p.text) {
			return false
		}
		p.peek()
	}
	for javaTrim(p.token) == "" && p.pos < len(p.text) {
		p.peek()
	}
	if javaTrim(p.token) != want {
		return false
	}
	p.peeked = -1
	return true
}

func (p *valueParser) peek() {
	at := p.pos
	p.token, p.peeked = p.cut(), at
}

// word takes a literal; one that is no element has to be the whole text.
func (p *valueParser) word(want string, embedded bool) bool {
	start := p.mark()
	if p.take(want) && (embedded || !p.more()) {
		return true
	}
	p.rewind(start)
	return false
}

// parse reads one value. An embedded one that it cannot read is not ok; then
// neither is what it is embedded in.
func (p *valueParser) parse(embedded bool, depth int) (d Datum, ok bool) {
	switch {
	case !p.more():
		return Datum{}, true
	case depth > maxValueDepth:
		return Datum{}, false
	case embedded && p.take(`"`):
		return p.quoted(), true
	case p.word("null", embedded):
		return Datum{}, true
	case p.word("true", embedded):
		return Datum{BoolSchema, Bool(true)}, true
	case p.word("false", embedded):
		return Datum{BoolSchema, Bool(false)}, true
	}
	start := p.mark()
	switch {
	case p.take("["):
		d, ok = p.array(depth + 1)
	case p.take("{"):
		d, ok = p.mapping(depth + 1)
	default:
		return p.plain(embedded)
	}
	if ok {
		return d, true
	}
	p.rewind(start)
	return p.plain(embedded)
}

// plain reads a value of one token.
func (p *valueParser) plain(embedded bool) (Datum, bool) {
	token := p.next()
	text := javaTrim(token)
	if text == "" {
		return Datum{StringSchema, String(token)}, true
	}
	first, _ := utf8.DecodeRuneInString(text)
	if isJavaDigit(first) {
		if d, ok := p.temporal(text); ok {
			return d, true
		}
	}
	if isJavaDigit(first) || first == '+' || first == '-' {
		if d, ok := parseNumber(text); ok {
			return d, true
		}
	}
	if embedded {
		return Datum{}, false
	}
	return Datum{StringSchema, String(p.text)}, true
}

// temporal reads a date or a time. The colons of a time make five tokens of
// it, of which the first is taken.
func (p *valueParser) temporal(first string) (Datum, bool) {
	start := p.mark()
	n := 0
	for n < 4 && p.more() {
		p.next()
		n++
	}
	if n == 4 {
		if d, ok := parseTemporal(first + p.text[start:p.pos]); ok {
			return d, true
		}
	}
	p.rewind(start)
	return parseTemporal(first)
}

// quoted reads a string behind its first quote; a missing last one is none
// too many. Only dates and times are read out of it.
func (p *valueParser) quoted() Datum {
	var b strings.Builder
	for p.more() && !p.take(`"`) {
		b.WriteString(p.next())
	}
	if d, ok := parseTemporal(b.String()); ok {
		return d
	}
	return Datum{StringSchema, String(b.String())}
}

// array reads an array behind its bracket.
func (p *valueParser) array(depth int) (Datum, bool) {
	a := &Array{}
	var common commonSchema
	for p.more() {
		if p.take("]") {
			return finishArray(a, common.schema)
		}
		if p.take(",") {
			return Datum{}, false
		}
		d, ok := p.parse(true, depth)
		if !ok {
			return Datum{}, false
		}
		common.add(d.Schema)
		a.Elems = append(a.Elems, d.Value)
		at := p.mark()
		if p.take("]") {
			p.rewind(at)
		} else if !p.take(",") {
			return Datum{}, false
		}
	}
	return Datum{}, false
}

var (
	untypedArray = NewSchema(KindArray).Untyped().MustBuild()
	untypedMap   = NewSchema(KindMap).Untyped().MustBuild()
)

func finishArray(a *Array, elem *Schema) (Datum, bool) {
	if elem == nil {
		return Datum{untypedArray, a.Value()}, true
	}
	for i, v := range a.Elems {
		v, ok := align(elem, v)
		if !ok {
			return Datum{}, false
		}
		a.Elems[i] = v
	}
	return Datum{NewArray(elem).MustBuild(), a.Value()}, true
}

// mapping reads a map behind its brace.
func (p *valueParser) mapping(depth int) (Datum, bool) {
	m := newMapMaker()
	var keys, values commonSchema
	for p.more() {
		if p.take("}") {
			return finishMap(m.m, keys.schema, values.schema)
		}
		if p.take(",") {
			return Datum{}, false
		}
		k, ok := p.parse(true, depth)
		if !ok || k.IsNull() || !p.take(":") {
			return Datum{}, false
		}
		v, ok := p.parse(true, depth)
		if !ok {
			return Datum{}, false
		}
		m.put(k.Value, v.Value)
		p.take(",")
		keys.add(k.Schema)
		values.add(v.Schema)
	}
	return Datum{}, false
}

func finishMap(in *Map, key, elem *Schema) (Datum, bool) {
	if key == nil {
		return Datum{untypedMap, in.Value()}, true
	}
	out := newMapMaker()
	for i := range in.Len() {
		e := in.At(i)
		k, ok := align(key, e.Key)
		v := e.Value
		if ok && elem != nil {
			v, ok = align(elem, v)
		}
		if !ok {
			return Datum{}, false
		}
		out.put(k, v)
	}
	if elem == nil {
		return Datum{NewSchema(KindMap).Key(key).Untyped().MustBuild(), out.m.Value()}, true
	}
	return Datum{NewMap(key, elem).MustBuild(), out.m.Value()}, true
}

// mapMaker fills a map; of equal keys the last value counts.
type mapMaker struct {
	m  *Map
	ix *MapIndex
}

func newMapMaker() mapMaker {
	m := &Map{}
	return mapMaker{m, NewMapIndex(m)}
}

func (m mapMaker) put(k, v Value) {
	if i := m.ix.Find(k); i >= 0 {
		m.m.Vals[i] = v
		return
	}
	m.m.Put(k, v)
}

// commonSchema finds the schema of values of several schemas: the last, where
// all are of one type, the widest of numbers, and otherwise none.
type commonSchema struct {
	schema *Schema
	none   bool
}

func (c *commonSchema) add(s *Schema) {
	switch {
	case s == nil || c.none: // null fits, if only for now
	case c.schema == nil || c.schema.kind == s.kind:
		c.schema = s
	case isNumber(c.schema.kind) && isNumber(s.kind):
		if s.kind > c.schema.kind {
			c.schema = s
		}
	default:
		c.schema, c.none = nil, true
	}
}

// isNumber holds for the kinds int8 to float64, which stand in the order of
// their width.
func isNumber(k Kind) bool { return k >= KindInt8 && k <= KindFloat64 }

// align turns an element into one of the common schema. Null fits none, as
// none is optional. Arrays and maps stay as they are, even where they do not
// fit.
func align(s *Schema, v Value) (Value, bool) {
	if v.IsNull() {
		return v, false
	}
	switch s.logical {
	case LogicalDecimal:
		return v, v.kind == KindDecimal
	case LogicalDate, LogicalTime, LogicalTimestamp:
		return alignInstant(s.logical, v)
	}
	if !isNumber(s.kind) {
		return v, v.kind == s.kind
	}
	if !isNumber(v.kind) {
		return v, false
	}
	switch s.kind {
	case KindFloat32:
		return Float32(float32(v.number())), true
	case KindFloat64:
		return Float64(v.number()), true
	}
	return Value{kind: s.kind, n: v.n}, true // never a narrower one
}

func (v Value) number() float64 {
	if v.kind <= KindInt64 {
		return float64(v.Int())
	}
	return v.Float()
}

func alignInstant(l Logical, v Value) (Value, bool) {
	switch {
	case v.kind == KindInstant:
		return v, true
	case v.kind < KindInt8 || v.kind > KindInt64:
		return v, false
	}
	n := v.Int()
	switch l {
	case LogicalDate:
		return InstantMilli(int64(int32(n)) * MillisPerDay), true
	case LogicalTime:
		n = int64(int32(n))
		return InstantMilli(n), n >= 0 && n <= MillisPerDay
	}
	return InstantMilli(n), true
}

var (
	isoDate      = mustDateFormat("yyyy-MM-dd")
	isoTime      = mustDateFormat("HH:mm:ss.SSS'Z'")
	isoTimestamp = mustDateFormat("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")
)

// parseTemporal reads what is as long as a date or a time and begins like one.
func parseTemporal(text string) (Datum, bool) {
	if len(text) < len("2024-02-29") {
		return Datum{}, false
	}
	text = strings.ReplaceAll(text, `\:`, ":")
	var f *DateFormat
	var s *Schema
	switch lenUTF16(text) {
	case len("2024-02-29"):
		f, s = isoDate, DateSchema
	case len("12:34:56.789Z"):
		f, s = isoTime, TimeSchema
	case len("2024-02-29T12:34:56.789Z"):
		f, s = isoTimestamp, TimestampSchema
	default:
		return Datum{}, false
	}
	v, _, ok := f.ParsePrefix(text)
	return Datum{s, v}, ok
}

func lenUTF16(s string) (n int) {
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// parseNumber reads what java.math.BigDecimal reads, into the smallest type
// that holds it.
func parseNumber(text string) (Datum, bool) {
	n, ok := readDecimal(text)
	if !ok {
		return Datum{}, false
	}
	if i, ok := n.integer(); ok {
		return smallest(i), true
	}
	if n.scale != 0 {
		ascii := n.text()
		if f, err := strconv.ParseFloat(ascii, 32); err == nil {
			return Datum{Float32Schema, Float32(float32(f))}, true
		}
		if f, err := strconv.ParseFloat(ascii, 64); err == nil {
			return Datum{Float64Schema, Float64(f)}, true
		}
	}
	d := &Decimal{Unscaled: new(big.Int), Scale: n.scale}
	d.Unscaled.SetString(n.sign()+n.digits, 10)
	return Datum{NewDecimal(n.scale).MustBuild(), d.Value()}, true
}

func smallest(i int64) Datum {
	switch {
	case i == int64(int8(i)):
		return Datum{Int8Schema, Int8(int8(i))}
	case i == int64(int16(i)):
		return Datum{Int16Schema, Int16(int16(i))}
	case i == int64(int32(i)):
		return Datum{Int32Schema, Int32(int32(i))}
	}
	return Datum{Int64Schema, Int64(i)}
}

// decimalText is a decimal number: digits × 10^-scale, without leading zeros;
// zero has no digits.
type decimalText struct {
	negative bool
	digits   string
	scale    int32
}

func (n *decimalText) sign() string {
	if n.negative {
		return "-"
	}
	return ""
}

// text is the number as Go reads it.
func (n *decimalText) text() string {
	return n.sign() + "0" + n.digits + "e" + strconv.FormatInt(-int64(n.scale), 10)
}

// integer is the number, where it is whole and an int64.
func (n *decimalText) integer() (int64, bool) {
	if n.digits == "" {
		return 0, true
	}
	point := int64(len(n.digits)) - int64(n.scale) // digits before the point
	whole := strings.TrimRight(n.digits, "0")
	if point < int64(len(whole)) || point > 19 {
		return 0, false
	}
	i, err := strconv.ParseInt(n.sign()+whole+strings.Repeat("0", int(point)-len(whole)), 10, 64)
	return i, err == nil
}

// readDecimal reads the text as the constructor of java.math.BigDecimal does:
// a sign, digits with a point anywhere, and an exponent.
func readDecimal(text string) (n decimalText, ok bool) {
	text = asciiDigits(text)
	if text != "" && (text[0] == '+' || text[0] == '-') {
		n.negative = text[0] == '-'
		text = text[1:]
	}
	mantissa, exponent := text, int64(0)
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		var err error
		if exponent, err = strconv.ParseInt(text[i+1:], 10, 32); err != nil {
			return n, false
		}
		mantissa = text[:i]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return n, false
	}
	scale := int64(len(fraction)) - exponent
	n.digits, n.scale = strings.TrimLeft(digits, "0"), int32(scale)
	return n, scale == int64(n.scale)
}

// javaTrim is String.trim: whatever is not above a space goes.
func javaTrim(s string) string {
	for s != "" && s[0] <= ' ' {
		s = s[1:]
	}
	for s != "" && s[len(s)-1] <= ' ' {
		s = s[:len(s)-1]
	}
	return s
}

// isJavaDigit is Character.isDigit of a char: digits of all scripts, but none
// that needs two chars.
func isJavaDigit(r rune) bool {
	return r < utf8.RuneSelf && '0' <= r && r <= '9' || r >= utf8.RuneSelf && r <= 0xFFFF && unicode.Is(unicode.Nd, r)
}

// javaDigit is the value of a digit of any script, or -1. The digits of a
// script stand together, from zero on.
func javaDigit(r rune) int {
	if r >= '0' && r <= '9' {
		return int(r - '0')
	}
	if r < utf8.RuneSelf || !isJavaDigit(r) {
		return -1
	}
	n := 0
	for n < 9 && unicode.Is(unicode.Nd, r-rune(n)-1) {
		n++
	}
	return n
}

// asciiDigits writes the digits of other scripts as ours.
func asciiDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf && isJavaDigit(r) {
			return rune('0' + javaDigit(r))
		}
		return r
	}, s)
}

// FormatValue appends v as SimpleHeaderConverter writes it
// (org.apache.kafka.connect.data.Values.convertToString), which ParseValue
// reads again where it can: strings as they are, but quoted in arrays, maps and
// structs; bytes in base64; structs like maps; an instant as a time if it is
// before 1970-01-02, as a date at midnight, and else as a timestamp. Null is
// "null", but as a whole value Connect writes no bytes for it at all.
func FormatValue(dst []byte, v Value) []byte { return formatValue(dst, v, false) }

func formatValue(dst []byte, v Value, embedded bool) []byte {
	switch v.kind {
	case KindString:
		if embedded {
			return appendQuoted(dst, v.Str())
		}
		return append(dst, v.Str()...)
	case KindBytes:
		if embedded {
			dst = append(dst, '"')
		}
		dst = base64.StdEncoding.AppendEncode(dst, v.Raw())
		if embedded {
			dst = append(dst, '"')
		}
		return dst
	case KindInstant:
		return formatInstant(dst, v)
	case KindArray:
		return formatArray(dst, v.Array())
	case KindMap:
		return formatMap(dst, v.Map())
	case KindStruct:
		return formatStruct(dst, v.Struct())
	}
	dst, _ = AppendJava(dst, v) // the others, which have a text
	return dst
}

func formatInstant(dst []byte, v Value) []byte {
	switch ms := v.Milli(); {
	case ms < MillisPerDay:
		return isoTime.Append(dst, v)
	case ms%MillisPerDay == 0:
		return isoDate.Append(dst, v)
	}
	return isoTimestamp.Append(dst, v)
}

func formatArray(dst []byte, a *Array) []byte {
	dst = append(dst, '[')
	for i, e := range a.Elems {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = formatValue(dst, e, true)
	}
	return append(dst, ']')
}

func formatMap(dst []byte, m *Map) []byte {
	dst = append(dst, '{')
	for i := range m.Len() {
		e := m.At(i)
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(formatValue(dst, e.Key, true), ':')
		dst = formatValue(dst, e.Value, true)
	}
	return append(dst, '}')
}

func formatStruct(dst []byte, s *Struct) []byte {
	dst = append(dst, '{')
	for i, v := range s.Slots {
		if s.Schema == nil || i >= len(s.Schema.fields) {
			break
		}
		f := &s.Schema.fields[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		if v.IsNull() { // Struct.get gives the default
			v = f.Schema.def
		}
		dst = append(appendQuoted(dst, f.Name), ':')
		dst = formatValue(dst, v, true)
	}
	return append(dst, '}')
}

func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}
