package connect

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Parse reads an instant off the start of the text; what follows it is not
// looked at (DateFormat.parse).
func (f *DateFormat) Parse(text string) (Value, error) {
	v, end, ok := f.ParsePrefix(text)
	if !ok {
		return Null, fmt.Errorf("connect: read date: %s does not fit the pattern at %d", quote(text), end+1)
	}
	return v, nil
}

// ParsePrefix is Parse with the place behind what was read, or, where it is not
// ok, of what does not fit.
func (f *DateFormat) ParsePrefix(text string) (v Value, end int, ok bool) {
	r := dateReader{text: text, fraction: f.fraction, century: f.century}
	pos := 0
	for i := range f.parts {
		p := &f.parts[i]
		if p.letter == 0 {
			if !strings.HasPrefix(text[pos:], p.literal) {
				return Null, pos, false
			}
			pos += len(p.literal)
			continue
		}
		at := pos
		if pos, ok = r.part(p, pos); !ok {
			return Null, at, false
		}
	}
	if r.isSet(era) && r.value[era] != 0 && r.value[era] != 1 {
		return Null, pos, false
	}
	v = r.instant()
	if r.ambiguous && v.Milli() < f.start {
		r.value[year] += 100
		r.value[weekYear] += 100
		v = r.instant()
	}
	return v, pos, true
}

// calendarField is one of what a calendar is set by.
type calendarField uint8

const (
	era calendarField = iota // 0 is BC
	year
	weekYear
	month // from 0
	weekOfYear
	weekOfMonth
	dayOfMonth
	dayOfYear
	dayOfWeek // 1 is Sunday
	dayOfWeekInMonth
	half // 1 is PM
	hour
	hourOfDay
	minute
	second
	milli
	zone // milliseconds
	calendarFields
)

// dateReader reads the parts of a text, and makes an instant of them as a
// lenient java.util.GregorianCalendar does: fields may have any value, and of
// those that contradict each other the ones that came last count.
type dateReader struct {
	text      string
	fraction  bool
	century   int
	ambiguous bool // a year of two digits can still be one of the next century
	nanos     int64
	value     [calendarFields]int64
	stamp     [calendarFields]int // when it was set; 0 is never
	stamps    int
}

func (r *dateReader) set(f calendarField, v int64) {
	r.stamps++
	r.value[f], r.stamp[f] = v, r.stamps
}

func (r *dateReader) isSet(f calendarField) bool { return r.stamp[f] > 0 }

// part reads what stands for a pattern's letter. Blanks before it are skipped,
// but not before a name.
func (r *dateReader) part(p *datePart, start int) (end int, ok bool) {
	pos := start
	for pos < len(r.text) && (r.text[pos] == ' ' || r.text[pos] == '\t') {
		pos++
	}
	if pos == len(r.text) {
		return pos, false
	}
	switch p.letter {
	case 'G':
		return r.name(era, start, eraNames)
	case 'a':
		return r.name(half, start, halfNames)
	case 'E':
		return r.name(dayOfWeek, start, weekdayNames)
	case 'z', 'Z':
		return r.zone(start, pos)
	case 'X':
		return r.isoZone(pos, p.count)
	case 'M', 'L':
		if p.count > 2 {
			return r.name(month, start, monthNames)
		}
	}
	limit := len(r.text)
	if p.abuts {
		if limit, ok = r.advance(start, p.count); !ok {
			return pos, false
		}
	}
	n, end, ok := readInteger(r.text[:limit], pos)
	if ok {
		r.number(p, n, r.text[pos:end])
	}
	return end, ok
}

// advance is the place n of Java's chars on.
func (r *dateReader) advance(start, n int) (int, bool) {
	for n > 0 && start < len(r.text) {
		c, size := utf8.DecodeRuneInString(r.text[start:])
		start += size
		n -= max(1, utf16.RuneLen(c))
	}
	return min(start, len(r.text)), n <= 0
}

// number sets the field that a letter stands for.
func (r *dateReader) number(p *datePart, n int64, text string) {
	switch p.letter {
	case 'y':
		r.set(year, r.fullYear(p, n, text))
	case 'Y':
		r.set(weekYear, r.fullYear(p, n, text))
	case 'M', 'L':
		r.set(month, n-1)
	case 'k':
		if n == 24 {
			n = 0
		}
		r.set(hourOfDay, n)
	case 'h':
		if n == 12 {
			n = 0
		}
		r.set(hour, n)
	case 'u':
		if n >= 1 && n <= 7 {
			n = n%7 + 1
		}
		r.set(dayOfWeek, n)
	case 'S':
		if r.fraction {
			r.set(milli, 0)
			r.nanos = fractionOf(text)
			return
		}
		r.set(milli, n)
	default:
		r.set(plainFields[p.letter], n)
	}
}

var plainFields = map[byte]calendarField{
	'd': dayOfMonth, 'H': hourOfDay, 'm': minute, 's': second, 'D': dayOfYear,
	'F': dayOfWeekInMonth, 'w': weekOfYear, 'W': weekOfMonth, 'K': hour,
}

// fullYear puts a year of two digits into its century, where the pattern has
// at most two letters.
func (r *dateReader) fullYear(p *datePart, n int64, text string) int64 {
	if p.count > 2 {
		return n
	}
	digits := 0
	for _, c := range text {
		if javaDigit(c) < 0 {
			return n
		}
		digits++
	}
	if digits != 2 {
		return n
	}
	first := int64(r.century % 100)
	r.ambiguous = n == first
	n += int64(r.century - r.century%100)
	if n%100 < first {
		n += 100
	}
	return n
}

// fractionOf is the decimals of a second in nanoseconds.
func fractionOf(text string) (ns int64) {
	unit := int64(100_000_000)
	for _, c := range text {
		if d := javaDigit(c); d >= 0 {
			ns += int64(d) * unit
			unit /= 10
		}
	}
	return ns
}

// readInteger reads an integer as java.text.DecimalFormat does, as an int: a
// minus sign, digits of any script, an exponent; NaN and ∞ too.
func readInteger(text string, pos int) (n int64, end int, ok bool) {
	if strings.HasPrefix(text[pos:], "NaN") {
		return 0, pos + 3, true
	}
	negative := strings.HasPrefix(text[pos:], "-")
	if negative {
		pos++
	}
	if strings.HasPrefix(text[pos:], "∞") {
		return limitOf(negative), pos + len("∞"), true
	}
	digits, end := readDigits(text, pos)
	if digits == "" {
		return 0, pos, false
	}
	exponent := int64(0)
	if strings.HasPrefix(text[end:], "E") {
		exponent, end = readExponent(text, end)
	}
	return toInt(digits, exponent, negative), end, true
}

// readDigits gives the digits at pos in ASCII.
func readDigits(text string, pos int) (digits string, end int) {
	end = pos
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	if end == len(text) || text[end] < utf8.RuneSelf {
		return text[pos:end], end
	}
	for end < len(text) {
		c, size := utf8.DecodeRuneInString(text[end:])
		if javaDigit(c) < 0 {
			break
		}
		end += size
	}
	return asciiDigits(text[pos:end]), end
}

// readExponent reads an E and what follows; without digits it is none.
func readExponent(text string, at int) (exponent int64, end int) {
	pos := at + 1
	negative := strings.HasPrefix(text[pos:], "-")
	if negative {
		pos++
	}
	digits, end := readDigits(text, pos)
	e, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, at
	}
	if negative {
		e = -e
	}
	return int64(int32(e)), end
}

// toInt is a number as a Java int: the low bits of a long, or, of what is no
// long, the nearest int.
func toInt(digits string, exponent int64, negative bool) int64 {
	digits = strings.TrimLeft(digits, "0")
	size := int64(len(digits)) + exponent // digits before the point
	switch {
	case digits == "" || size <= 0:
		return 0
	case size > 19:
		return limitOf(negative)
	case exponent < 0:
		digits = digits[:size]
	default:
		digits += strings.Repeat("0", int(exponent))
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return limitOf(negative)
	}
	if negative {
		n = -n
	}
	return int64(int32(n))
}

// limitOf is the greatest or least int.
func limitOf(negative bool) int64 {
	if negative {
		return math.MinInt32
	}
	return math.MaxInt32
}

var (
	eraNames  = []string{"BC", "AD", "Before Christ", "Anno Domini"}
	halfNames = []string{"AM", "PM"}

	monthNames = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
	weekdayNames = []string{"Saturday", "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Sat", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri"}
)

// name reads the longest of the names, in any case.
func (r *dateReader) name(f calendarField, start int, names []string) (end int, ok bool) {
	best := -1
	for i, name := range names {
		if hasPrefixFold(r.text[start:], name) && (best < 0 || len(name) > len(names[best])) {
			best = i
		}
	}
	if best < 0 {
		return start, false
	}
	v := 0
	switch f {
	case era, half:
		v = best % 2
	case month:
		v = best % 12
	case dayOfWeek:
		if v = best % 7; v == 0 {
			v = 7
		}
	}
	r.set(f, int64(v))
	return start + len(names[best]), true
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// zoneNames are the names of zones that are read, and their hours before UTC,
// as Java's English has them.
var zoneNames = []struct {
	name  string
	hours int64
}{
	{"UTC", 0}, {"Coordinated Universal Time", 0}, {"Greenwich Mean Time", 0},
	{"WET", 0}, {"WEST", 1}, {"CET", 1}, {"CEST", 2}, {"EET", 2}, {"EEST", 3}, {"MSK", 3}, {"JST", 9},
	{"AST", -4}, {"ADT", -3}, {"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5},
	{"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}, {"HST", -10},
}

// zone reads +hhmm, GMT, GMT+h:mm or a name.
func (r *dateReader) zone(start, pos int) (end int, ok bool) {
	if s := signAt(r.text, pos); s != 0 {
		return r.offset(pos+1, s, 0, false)
	}
	if hasPrefixFold(r.text[start:], "GMT") {
		if s := signAt(r.text, start+3); s != 0 {
			return r.offset(start+4, s, 0, true)
		}
		r.set(zone, 0)
		return start + 3, true
	}
	length := 0
	for _, z := range zoneNames {
		if len(z.name) > length && hasPrefixFold(r.text[pos:], z.name) {
			length = len(z.name)
			r.set(zone, z.hours*3_600_000)
		}
	}
	return pos + length, length > 0
}

// isoZone reads Z, +hh, +hhmm or +hh:mm, as the count of letters says.
func (r *dateReader) isoZone(pos, count int) (end int, ok bool) {
	if r.text[pos] == 'Z' {
		r.set(zone, 0)
		return pos + 1, true
	}
	s := signAt(r.text, pos)
	if s == 0 {
		return pos, false
	}
	return r.offset(pos+1, s, count, count == 3)
}

func signAt(s string, i int) int64 {
	switch {
	case i < len(s) && s[i] == '+':
		return 1
	case i < len(s) && s[i] == '-':
		return -1
	}
	return 0
}

// offset reads hh, hhmm or hh:mm behind a sign; an hour of one digit only
// before the colon of GMT+h:mm.
func (r *dateReader) offset(pos int, sign int64, count int, colon bool) (end int, ok bool) {
	hours, n := digitsAt(r.text, pos)
	if n == 0 || n == 1 && (count > 0 || !colon) || hours > 23 {
		return pos, false
	}
	pos += n
	minutes := int64(0)
	if count != 1 {
		if colon {
			if pos >= len(r.text) || r.text[pos] != ':' {
				return pos, false
			}
			pos++
		}
		if minutes, n = digitsAt(r.text, pos); n != 2 || minutes > 59 {
			return pos, false
		}
		pos += 2
	}
	r.set(zone, sign*(hours*60+minutes)*60_000)
	return pos, true
}

// digitsAt is the number of up to two digits, and how many they are.
func digitsAt(s string, i int) (v int64, n int) {
	for n < 2 && i+n < len(s) && s[i+n] >= '0' && s[i+n] <= '9' {
		v = v*10 + int64(s[i+n]-'0')
		n++
	}
	return v, n
}

// instant is what the fields say.
func (r *dateReader) instant() Value {
	days, ms := r.timeOfDay()
	if r.isSet(weekYear) && r.stamp[weekYear] > r.stamp[year] {
		days += r.weekDate()
	} else {
		days += r.date(days)
	}
	v := InstantMilli(days*MillisPerDay + ms - r.value[zone] + r.nanos/1e6)
	v.sub = uint32(r.nanos % 1e6)
	return v
}

// timeOfDay is the time, in days and milliseconds of the last one.
func (r *dateReader) timeOfDay() (days, ms int64) {
	hours := r.value[hourOfDay]
	best := max(r.stamp[hourOfDay], r.both(hour, half))
	if best == 0 {
		best = max(r.stamp[hour], r.stamp[half])
	}
	if best != r.stamp[hourOfDay] {
		hours = r.value[hour] + 12*r.value[half]
	}
	ms = ((hours*60+r.value[minute])*60+r.value[second])*1000 + r.value[milli]
	days = floorDiv(ms, MillisPerDay)
	return days, ms - days*MillisPerDay
}

// both is when the later of two fields was set, if both were.
func (r *dateReader) both(a, b calendarField) int {
	if !r.isSet(a) || !r.isSet(b) {
		return 0
	}
	return max(r.stamp[a], r.stamp[b])
}

// choose finds the field that, with the month or the year, says the day. The
// rules are java.util.Calendar's: the combination that was completed last.
func (r *dateReader) choose() calendarField {
	wom, dowim := r.both(weekOfMonth, dayOfWeek), r.both(dayOfWeekInMonth, dayOfWeek)
	woy, dom, doy := r.both(weekOfYear, dayOfWeek), r.stamp[dayOfMonth], r.stamp[dayOfYear]
	best := max(dom, wom, dowim, doy, woy)
	if best == 0 {
		wom, woy = r.stamp[weekOfMonth], r.stamp[weekOfYear]
		dowim = max(r.stamp[dayOfWeekInMonth], r.stamp[dayOfWeek])
		if best = max(wom, dowim, woy); best == 0 {
			return dayOfMonth
		}
	}
	switch {
	case best == dom:
		return dayOfMonth
	case best == wom && r.stamp[weekOfMonth] >= r.stamp[weekOfYear],
		best == dowim && r.stamp[dayOfWeekInMonth] >= r.stamp[weekOfYear]:
		if wom == dowim && r.stamp[weekOfMonth] >= r.stamp[dayOfWeekInMonth] || wom != dowim && best == wom {
			return weekOfMonth
		}
		return dayOfWeekInMonth
	case best == doy:
		return dayOfYear
	}
	return weekOfYear
}

// date is the day; extra days come of the time, and count where the calendar
// changes.
func (r *dateReader) date(extra int64) int64 {
	y := int64(1970)
	if r.isSet(year) {
		y = r.value[year]
	}
	if r.isSet(era) && r.value[era] == 0 {
		y = 1 - y
	}
	by := r.choose()
	g, j := r.dayIn(gregorianDay, y, by), r.dayIn(julianDay, y, by)
	switch changed := g+extra >= gregorianStart; {
	case y > 1582 && changed:
		return g
	case y < 1582, by == dayOfYear, by == weekOfYear, !changed:
		return j
	}
	return g
}

// dayIn is the day in one of the calendars.
func (r *dateReader) dayIn(calendar func(y, m, d int64) int64, y int64, by calendarField) int64 {
	if by == dayOfYear || by == weekOfYear {
		start := calendar(y, 1, 1)
		if by == dayOfYear {
			return start + r.value[dayOfYear] - 1
		}
		return r.inWeek(firstWeek(start)) + 7*(r.value[weekOfYear]-1)
	}
	m := r.value[month]
	y, m = y+floorDiv(m, 12), floorMod(m, 12)
	start := calendar(y, m+1, 1)
	switch by {
	case weekOfMonth:
		return r.inWeek(firstWeek(start)) + 7*(r.value[weekOfMonth]-1)
	case dayOfWeekInMonth:
		weekday, n := int64(firstWeekday), int64(1)
		if r.isSet(dayOfWeek) {
			weekday = r.value[dayOfWeek]
		}
		if r.isSet(dayOfWeekInMonth) {
			n = r.value[dayOfWeekInMonth]
		}
		if n >= 0 {
			return onOrBefore(start+7*n-1, weekday)
		}
		return onOrBefore(calendar(y+(m+1)/12, (m+1)%12+1, 1)+7*(n+1)-1, weekday)
	}
	if r.isSet(dayOfMonth) {
		start += r.value[dayOfMonth] - 1
	}
	return start
}

// inWeek is the day of the week that begins on a day.
func (r *dateReader) inWeek(start int64) int64 {
	if r.isSet(dayOfWeek) {
		return onOrBefore(start+6, r.value[dayOfWeek])
	}
	return start
}

// weekDate is the day by year, week and day of the week, of which the last two
// have defaults.
func (r *dateReader) weekDate() int64 {
	week, weekday := int64(1), int64(firstWeekday)
	if r.isSet(weekOfYear) {
		week = r.value[weekOfYear]
	}
	if r.isSet(dayOfWeek) {
		weekday = r.value[dayOfWeek]
	}
	if weekday >= 8 {
		week += (weekday - 1) / 7
		weekday = (weekday-1)%7 + 1
		weekday = weekday%7 + 1 // counted from Monday so far
	}
	if weekday <= 0 {
		n := (7 - weekday) / 7
		week -= n
		weekday = (weekday+7*n)%7 + 1
	}
	d := dateFields{}
	start := firstWeek(d.yearStart(r.value[weekYear]))
	return onOrBefore(start+6, weekday) + 7*(week-1)
}
