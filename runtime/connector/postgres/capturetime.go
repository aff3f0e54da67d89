package postgres

import (
	"errors"
	"math"
	"strconv"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

// moment maps dates, times and intervals by time.precision.mode.
func (m *modes) moment(t *pgType, mod int32) mapping {
	precision := t.scale(mod)
	switch t.oid {
	case oidDate:
		return m.date()
	case oidTime:
		return m.timeOfDay(precision)
	case oidTimeTZ:
		return mapping{schema: logicalType(cdc.ZonedTimeName), decode: textTimeTZ}
	case oidTimestampTZ:
		return mapping{schema: logicalType(cdc.ZonedTimestampName), decode: textTimestampTZ(precision)}
	case oidInterval:
		if m.interval == "string" {
			return mapping{schema: logicalType(cdc.IntervalName), decode: textInterval(true)}
		}
		return mapping{schema: logicalType(cdc.MicroDurationName), decode: textInterval(false)}
	}
	return m.timestamp(precision)
}

func (m *modes) date() mapping {
	switch m.time {
	case "connect":
		return mapping{schema: connect.NewDate, decode: textDate(func(_ *state, days int64) connect.Value {
			return connect.InstantMilli(days * connect.MillisPerDay)
		})}
	case "isostring":
		return mapping{schema: logicalType(cdc.ISODateName), decode: textDate(func(s *state, days int64) connect.Value {
			dst := appendISODate(s.buffer.Start(), days)
			return connect.PlainText(s.buffer.Finish(append(dst, 'Z')))
		})}
	}
	return mapping{schema: logicalType(cdc.DateName), decode: textDate(func(_ *state, days int64) connect.Value {
		return connect.Int32(int32(days))
	})}
}

func (m *modes) timeOfDay(precision int) mapping {
	millis := mapping{schema: logicalType(cdc.TimeName), decode: textTime(func(_ *state, n int64) connect.Value { return connect.Int32(int32(n / 1000)) })}
	micros := mapping{schema: logicalType(cdc.MicroTimeName), decode: textTime(func(_ *state, n int64) connect.Value { return connect.Int64(n) })}
	switch {
	case m.time == "connect":
		return mapping{schema: connect.NewTime, decode: textTime(func(_ *state, n int64) connect.Value { return connect.InstantMilli(n / 1000) })}
	case m.time == "nanoseconds":
		return mapping{schema: logicalType(cdc.NanoTimeName), decode: textTime(func(_ *state, n int64) connect.Value { return connect.Int64(n * 1000) })}
	case m.time == "isostring":
		return mapping{schema: logicalType(cdc.ISOTimeName), decode: textTime(func(s *state, n int64) connect.Value {
			dst := appendISOTime(s.buffer.Start(), n%microsPerDay, -1)
			return connect.PlainText(s.buffer.Finish(append(dst, 'Z')))
		})}
	case m.time != "adaptive_time_microseconds" && m.time != "microseconds" && precision <= 3:
		return millis
	}
	return micros
}

func (m *modes) timestamp(precision int) mapping {
	switch {
	case m.time == "connect":
		return mapping{schema: connect.NewTimestamp, decode: textTimestamp(func(_ *state, t moment) (connect.Value, error) {
			return connect.InstantMilli(t.millis()), nil
		})}
	case m.time == "nanoseconds":
		return mapping{schema: logicalType(cdc.NanoTimestampName), decode: textTimestamp(func(_ *state, t moment) (connect.Value, error) {
			return t.count(1000)
		})}
	case m.time == "isostring":
		return mapping{schema: logicalType(cdc.ISOTimestampName), decode: textTimestamp(func(s *state, t moment) (connect.Value, error) {
			return t.iso(s, -1), nil
		})}
	case m.time != "microseconds" && precision <= 3:
		return mapping{schema: logicalType(cdc.TimestampName), decode: textTimestamp(func(_ *state, t moment) (connect.Value, error) {
			return connect.Int64(t.millis()), nil
		})}
	}
	return mapping{schema: logicalType(cdc.MicroTimestampName), decode: textTimestamp(func(_ *state, t moment) (connect.Value, error) {
		return t.count(1)
	})}
}

// moment is a point in time: a day since 1970, and microseconds of that day.
type moment struct {
	day, micros int64
	endless     int // 1, -1: it is an infinity, which the rest stands for
}

// endless is what the JDBC driver has for one: the end of what milliseconds of 64
// bits reach, or nearly so.
func endless(sign int) moment {
	ms := int64(plusInfinity)
	if sign < 0 {
		ms = minusInfinity
	}
	day := floorDiv(ms, connect.MillisPerDay)
	return moment{day, (ms - day*connect.MillisPerDay) * 1000, sign}
}

func (t moment) millis() int64 { return t.day*connect.MillisPerDay + t.micros/1000 }

var errFar = errors.New("a time that no number of 64 bits can say in the unit of timePrecisionMode")

// count is the number of units since 1970, of which so many are a microsecond.
func (t moment) count(per int64) (connect.Value, error) {
	unit := microsPerDay * per
	switch {
	case t.endless > 0:
		return connect.Int64(math.MaxInt64), nil
	case t.endless < 0:
		return connect.Int64(math.MinInt64), nil
	case t.day > (math.MaxInt64-t.micros*per)/unit || t.day < math.MinInt64/unit:
		return connect.Null, errFar
	}
	return connect.Int64(t.day*unit + t.micros*per), nil
}

// iso is the text of ISO 8601 in UTC, with so many digits of the second; -1: as
// many as it has.
func (t moment) iso(s *state, precision int) connect.Value {
	dst := append(appendISODate(s.buffer.Start(), t.day), 'T')
	return connect.PlainText(s.buffer.Finish(append(appendISOTime(dst, t.micros, precision), 'Z')))
}

func floorDiv(n, by int64) int64 {
	q := n / by
	if n%by < 0 {
		q--
	}
	return q
}

// clock reads the parts of a date and of a time as the server prints them.
type clock struct {
	b   []byte
	bad bool
}

// number reads digits; at least one, and at most so many.
func (c *clock) number(most int) int64 {
	n, i := int64(0), 0
	for i < len(c.b) && i < most && c.b[i] >= '0' && c.b[i] <= '9' {
		n = n*10 + int64(c.b[i]-'0')
		i++
	}
	if i == 0 {
		c.bad = true
	}
	c.b = c.b[i:]
	return n
}

// sign takes a byte, if it is there.
func (c *clock) sign(is byte) bool {
	if len(c.b) > 0 && c.b[0] == is {
		c.b = c.b[1:]
		return true
	}
	return false
}

func (c *clock) must(is byte) {
	if !c.sign(is) {
		c.bad = true
	}
}

// date reads a day since 1970. An era behind it, or behind the time, is the
// caller's.
func (c *clock) date() (year, month, day int64) {
	year = c.number(9)
	c.must('-')
	month = c.number(2)
	c.must('-')
	day = c.number(2)
	if month < 1 || month > 12 || day < 1 || day > 31 {
		c.bad = true
	}
	return year, month, day
}

// time reads microseconds of a day.
func (c *clock) time() int64 {
	h := c.number(2)
	c.must(':')
	m := c.number(2)
	s := int64(0)
	if c.sign(':') {
		s = c.number(2)
	}
	return ((h*60+m)*60+s)*1000000 + c.fraction()
}

func (c *clock) fraction() int64 {
	if !c.sign('.') {
		return 0
	}
	before := len(c.b)
	n := c.number(6)
	for digits := before - len(c.b); digits < 6; digits++ {
		n *= 10
	}
	return n
}

// zone reads how far a zone is before UTC, in microseconds.
func (c *clock) zone() int64 {
	behind := c.sign('-')
	if !behind && !c.sign('+') {
		c.bad = true
		return 0
	}
	n := c.number(2) * 3600
	if c.sign(':') {
		n += c.number(2) * 60
	}
	if c.sign(':') {
		n += c.number(2)
	}
	if behind {
		n = -n
	}
	return n * 1000000
}

// era is whether the year counts backwards from the year 1, and whether the end
// was reached.
func (c *clock) era() bool {
	bc := len(c.b) == 3 && string(c.b) == " BC"
	if !bc && len(c.b) != 0 {
		c.bad = true
	}
	return bc
}

// days is the day since 1970 of the proleptic Gregorian calendar.
func days(year, month, day int64, bc bool) int64 {
	if bc {
		year = 1 - year
	}
	// Years begin in March here, so that the day of a leap year is the last.
	if month <= 2 {
		year, month = year-1, month+12
	}
	era := floorDiv(year, 400)
	yoe := year - era*400
	doy := (153*(month-3)+2)/5 + day - 1
	return era*146097 + yoe*365 + yoe/4 - yoe/100 + doy - 719468
}

// civil is the opposite of days.
func civil(n int64) (year, month, day int64) {
	n += 719468
	era := floorDiv(n, 146097)
	doe := n - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = doy - (153*mp+2)/5 + 1
	month, year = mp+3, yoe+era*400
	if month > 12 {
		month, year = month-12, year+1
	}
	return year, month, day
}

// The days that Debezium has for the infinities, in what it streams.
const (
	plusInfinityDays  = 2146033979
	minusInfinityDays = -2147472691
)

func textDate(value func(*state, int64) connect.Value) decoder {
	return func(s *state, b []byte) (connect.Value, error) {
		switch string(b) {
		case "infinity":
			return value(s, plusInfinityDays), nil
		case "-infinity":
			return value(s, minusInfinityDays), nil
		}
		c := clock{b: b}
		y, m, d := c.date()
		n := days(y, m, d, c.era())
		if c.bad {
			return connect.Null, errText
		}
		return value(s, n), nil
	}
}

func textTime(value func(*state, int64) connect.Value) decoder {
	return func(s *state, b []byte) (connect.Value, error) {
		c := clock{b: b}
		n := c.time()
		if c.bad || len(c.b) != 0 || n > microsPerDay {
			return connect.Null, errText
		}
		return value(s, n), nil
	}
}

// textTimeTZ gives the time in UTC.
func textTimeTZ(s *state, b []byte) (connect.Value, error) {
	c := clock{b: b}
	n := c.time()
	ahead := c.zone()
	if c.bad || len(c.b) != 0 {
		return connect.Null, errText
	}
	if n == microsPerDay && ahead == 0 {
		return connect.String("24:00:00Z"), nil
	}
	n = ((n-ahead)%microsPerDay + microsPerDay) % microsPerDay
	return connect.PlainText(s.buffer.Finish(append(appendISOTime(s.buffer.Start(), n, -1), 'Z'))), nil
}

// parseTimestamp reads a point in time, with a zone or without.
func parseTimestamp(b []byte, zoned bool) (moment, error) {
	c := clock{b: b}
	y, m, d := c.date()
	c.must(' ')
	n := c.time()
	if zoned {
		n -= c.zone()
	}
	t := moment{day: days(y, m, d, c.era())}
	over := floorDiv(n, microsPerDay)
	t.day, t.micros = t.day+over, n-over*microsPerDay
	if c.bad {
		return t, errText
	}
	return t, nil
}

func textTimestamp(value func(*state, moment) (connect.Value, error)) decoder {
	return func(s *state, b []byte) (connect.Value, error) {
		switch string(b) {
		case "infinity":
			return value(s, endless(1))
		case "-infinity":
			return value(s, endless(-1))
		}
		t, err := parseTimestamp(b, false)
		if err != nil {
			return connect.Null, err
		}
		return value(s, t)
	}
}

// textTimestampTZ is a text of ISO 8601 in UTC, with as many digits of the second
// as the column has; one without digits has as many as it needs.
func textTimestampTZ(precision int) decoder {
	if precision == 0 {
		precision = -1
	}
	return func(s *state, b []byte) (connect.Value, error) {
		if word := string(b); word == "infinity" || word == "-infinity" {
			return connect.String(word), nil
		}
		t, err := parseTimestamp(b, true)
		if err != nil {
			return connect.Null, err
		}
		return t.iso(s, precision), nil
	}
}

// appendISODate writes years of four digits, or more with a sign.
func appendISODate(dst []byte, n int64) []byte {
	y, m, d := civil(n)
	switch {
	case y > 9999:
		dst = strconv.AppendInt(append(dst, '+'), y, 10)
	case y < 0:
		dst = appendPadded(append(dst, '-'), -y, 4)
	default:
		dst = appendPadded(dst, y, 4)
	}
	dst = appendPadded(append(dst, '-'), m, 2)
	return appendPadded(append(dst, '-'), d, 2)
}

// appendISOTime writes a time with so many digits of the second; -1: as many as
// it has.
func appendISOTime(dst []byte, micros int64, precision int) []byte {
	seconds, fraction := micros/1000000, micros%1000000
	dst = appendPadded(dst, seconds/3600, 2)
	dst = appendPadded(append(dst, ':'), seconds/60%60, 2)
	dst = appendPadded(append(dst, ':'), seconds%60, 2)
	if precision < 0 && fraction == 0 {
		return dst
	}
	dst = appendPadded(append(dst, '.'), fraction, 6)
	if precision >= 0 {
		return dst[:len(dst)-6+min(precision, 6)]
	}
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// appendPadded writes a number with at least so many digits.
func appendPadded(dst []byte, n int64, width int) []byte {
	for limit, i := int64(10), 1; i < width; limit, i = limit*10, i+1 {
		if n < limit {
			dst = append(dst, '0')
		}
	}
	return strconv.AppendInt(dst, n, 10)
}

// span is an interval in the parts that the server keeps apart when it prints.
type span struct {
	years, months, days, hours, minutes int64
	seconds                             float64
	micros                              int64 // of the seconds
}

// parseSpan reads an interval of IntervalStyle postgres: "1 year 2 mons -3 days
// 04:05:06.789".
func parseSpan(b []byte) (s span, err error) {
	c := clock{b: b}
	for len(c.b) > 0 && !c.bad {
		minus := c.sign('-')
		if !minus {
			c.sign('+')
		}
		n := c.number(18)
		if c.sign(':') {
			s.clock(&c, n, minus)
			break
		}
		if minus {
			n = -n
		}
		c.must(' ')
		s.unit(&c, n)
		c.sign(' ')
	}
	if c.bad || len(c.b) != 0 {
		return s, errText
	}
	return s, nil
}

// clock reads what stands behind the hours.
func (s *span) clock(c *clock, hours int64, minus bool) {
	s.hours, s.minutes = hours, c.number(2)
	if c.sign(':') {
		s.micros = c.number(2) * 1000000
		s.micros += c.fraction()
	}
	if minus {
		s.hours, s.minutes, s.micros = -s.hours, -s.minutes, -s.micros
	}
	s.seconds = float64(s.micros) / 1e6
}

func (s *span) unit(c *clock, n int64) {
	word := c.b
	for i, letter := range c.b {
		if letter == ' ' {
			word = c.b[:i]
			break
		}
	}
	c.b = c.b[len(word):]
	switch string(word) {
	case "year", "years":
		s.years = n
	case "mon", "mons":
		s.months = n
	case "day", "days":
		s.days = n
	default:
		c.bad = true
	}
}

// daysPerMonth is the mean of four years.
const daysPerMonth = 365.25 / 12

func textInterval(iso bool) decoder {
	return func(st *state, b []byte) (connect.Value, error) {
		s, err := parseSpan(b)
		if err != nil {
			return connect.Null, err
		}
		if iso {
			return connect.PlainText(st.buffer.Finish(s.appendISO(st.buffer.Start()))), nil
		}
		whole := float64(s.years*12+s.months)*daysPerMonth + float64(s.days)
		seconds := ((whole*24+float64(s.hours))*60+float64(s.minutes))*60 + s.seconds
		return connect.Int64(saturated(seconds * 1e6)), nil
	}
}

// saturated is the whole number of a float as Java casts it: the largest there is
// where it is larger.
func saturated(f float64) int64 {
	switch {
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}

// appendISO writes P1Y2M3DT4H5M6.789S.
func (s span) appendISO(dst []byte) []byte {
	dst = append(strconv.AppendInt(append(dst, 'P'), s.years, 10), 'Y')
	dst = append(strconv.AppendInt(dst, s.months, 10), 'M')
	dst = append(strconv.AppendInt(dst, s.days, 10), 'D', 'T')
	dst = append(strconv.AppendInt(dst, s.hours, 10), 'H')
	dst = append(strconv.AppendInt(dst, s.minutes, 10), 'M')
	micros := s.micros
	if micros < 0 {
		dst, micros = append(dst, '-'), -micros
	}
	dst = strconv.AppendInt(dst, micros/1000000, 10)
	if fraction := micros % 1000000; fraction != 0 {
		dst = appendPadded(append(dst, '.'), fraction, 6)
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
	}
	return append(dst, 'S')
}

// microsOf is a point in time in microseconds since 1970.
func microsOf(t time.Time) int64 { return t.UnixMicro() }
