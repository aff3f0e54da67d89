package connect

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DateFormat writes and reads instants by the patterns of Java's
// java.text.SimpleDateFormat, with English names and in UTC, leniently as the
// class does: "2024-02-30" is the 1st of March, and what follows the text of
// the pattern is not looked at. Two-digit years lie within 80 years back and 20
// ahead of when the format was made. Days before the 15th of October 1582 are
// those of the Julian calendar.
//
// Of the names of time zones it reads those of UTC and GMT and the
// abbreviations of North America's and Europe's; offsets are read in all the
// forms that Java knows.
type DateFormat struct {
	parts    []datePart
	century  int   // the first year of the 100 that two digits can mean
	start    int64 // when they begin
	fraction bool
}

// datePart is a run of one pattern letter, or literal text (letter 0).
type datePart struct {
	letter  byte
	count   int
	literal string
	abuts   bool // a number follows at once, so that this one is as long as the pattern says
}

// The letters that stand for something, and those of numbers.
const (
	dateLetters   = "GyMdkHmsSEDFwWahKzZYuXL"
	numberLetters = "ydkHmsSDFwWhKYuML"
)

// NewDateFormat reads a pattern. The error names what is wrong in it.
func NewDateFormat(pattern string) (*DateFormat, error) {
	f := &DateFormat{}
	if err := f.compile(pattern); err != nil {
		return nil, fmt.Errorf("connect: date format %s: %w", quote(pattern), err)
	}
	for i := range f.parts[:max(0, len(f.parts)-1)] {
		next := f.parts[i+1]
		f.parts[i].abuts = next.letter != 0 && strings.IndexByte(numberLetters, next.letter) >= 0 &&
			(next.letter != 'M' && next.letter != 'L' || next.count <= 2)
	}
	start := time.Now().UTC().AddDate(-80, 0, 0)
	f.century, f.start = start.Year(), start.UnixMilli()
	return f, nil
}

func mustDateFormat(pattern string) *DateFormat {
	f, err := NewDateFormat(pattern)
	if err != nil {
		panic(err)
	}
	return f
}

// Fraction gives the same format with S for the decimals of a second, as many
// as there are letters: SSSSSS are microseconds. In Java S is the number of
// milliseconds, whatever its length.
func (f *DateFormat) Fraction() *DateFormat {
	g := *f
	g.fraction = true
	return &g
}

func (f *DateFormat) compile(pattern string) error {
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			f.parts = append(f.parts, datePart{literal: literal.String()})
			literal.Reset()
		}
	}
	quoted := false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '\'' && strings.HasPrefix(pattern[i+1:], "'"):
			literal.WriteByte(c)
			i++
		case c == '\'':
			quoted = !quoted
		case quoted || c|0x20 < 'a' || c|0x20 > 'z':
			literal.WriteByte(c)
		case strings.IndexByte(dateLetters, c) < 0:
			return fmt.Errorf("%q at %d is no letter of a pattern; put text in single quotes", c, i+1)
		default:
			flush()
			n := 1
			for i+1 < len(pattern) && pattern[i+1] == c {
				i++
				n++
			}
			if c == 'X' && n > 3 {
				return fmt.Errorf("%d X at %d are too many: X, XX or XXX", n, i+2-n)
			}
			f.parts = append(f.parts, datePart{letter: c, count: n})
		}
	}
	flush()
	if quoted {
		return fmt.Errorf("a quote is not closed")
	}
	return nil
}

// daysToMarch is from the 1st of March of the year 0 to the epoch, in the
// Gregorian calendar.
const daysToMarch = 719468

// gregorianDay is a day of the Gregorian calendar, counted from the epoch. The
// month is 1 to 12.
func gregorianDay(year, month, day int64) int64 {
	if month <= 2 {
		year, month = year-1, month+12
	}
	return 365*year + floorDiv(year, 4) - floorDiv(year, 100) + floorDiv(year, 400) + (153*(month-3)+2)/5 + day - 1 - daysToMarch
}

// julianDay is the same in the Julian calendar.
func julianDay(year, month, day int64) int64 {
	if month <= 2 {
		year, month = year-1, month+12
	}
	return 365*year + floorDiv(year, 4) + (153*(month-3)+2)/5 + day - 3 - daysToMarch
}

// gregorianStart is the first day of the Gregorian calendar.
const gregorianStart = gregorian / MillisPerDay

func floorMod(a, b int64) int64 { return a - b*floorDiv(a, b) }

// onOrBefore is the last such day of the week (1 is Sunday) up to a day.
func onOrBefore(day, weekday int64) int64 { return day - floorMod(day+4-(weekday-1), 7) }

// Week numbers go by Java's English: weeks begin on Sunday, and the first one
// has the 1st of January.
const (
	firstWeekday = 1
	minimalDays  = 1
)

// firstWeek is when the first week of a year or month begins, whose first day
// is given.
func firstWeek(day int64) int64 {
	week := onOrBefore(day+6, firstWeekday)
	if week-day >= minimalDays {
		week -= 7
	}
	return week
}

// dateFields are the parts of an instant.
type dateFields struct {
	days             int64 // since the epoch
	year, month, day int64 // the year before 1 is 0
	ms               int64 // of the day
	sub              int64 // nanoseconds of the millisecond
}

func fieldsOf(v Value) (f dateFields) {
	f.days = floorDiv(v.Milli(), MillisPerDay)
	f.ms = v.Milli() - f.days*MillisPerDay
	f.sub = int64(v.sub)
	if f.days >= gregorianStart {
		f.year, f.month, f.day = gregorianDate(f.days)
	} else {
		y, m, d := julian(f.days)
		f.year, f.month, f.day = y, int64(m), d
	}
	return f
}

// gregorianDate is the day, counted from the epoch, in the Gregorian calendar.
func gregorianDate(days int64) (year, month, day int64) {
	const era = 146097 // days in 400 years
	d := days + daysToMarch
	n := floorDiv(d, era)
	d -= n * era
	y := (d - d/1460 + d/36524 - d/146096) / 365
	d -= 365*y + y/4 - y/100
	m := (5*d + 2) / 153
	day = d - (153*m+2)/5 + 1
	month, year = m+3, y+400*n
	if month > 12 {
		month, year = month-12, year+1
	}
	return year, month, day
}

func (f *dateFields) yearStart(year int64) int64 {
	if year <= 1582 {
		return julianDay(year, 1, 1)
	}
	return gregorianDay(year, 1, 1)
}

// week is the number of the week, and the year that it belongs to.
func (f *dateFields) week() (year, week int64) {
	year = f.year
	start := firstWeek(f.yearStart(year))
	switch {
	case f.days < start:
		year--
		start = firstWeek(f.yearStart(year))
	case f.days >= firstWeek(f.yearStart(year+1)):
		year++
		start = firstWeek(f.yearStart(year))
	}
	return year, (f.days-start)/7 + 1
}

// Append appends the instant. Any other value is appended as the epoch.
func (f *DateFormat) Append(dst []byte, v Value) []byte {
	d := fieldsOf(v)
	for i := range f.parts {
		p := &f.parts[i]
		switch p.letter {
		case 0:
			dst = append(dst, p.literal...)
		case 'S':
			if f.fraction {
				dst = appendFraction(dst, d.ms%1000*1e6+d.sub, p.count)
			} else {
				dst = appendPadded(dst, d.ms%1000, p.count)
			}
		case 'y', 'Y', 'M', 'L', 'd', 'D', 'F', 'w', 'W', 'E', 'u', 'G':
			dst = d.appendDay(dst, p)
		default:
			dst = d.appendTime(dst, p)
		}
	}
	return dst
}

func (f *dateFields) appendDay(dst []byte, p *datePart) []byte {
	switch p.letter {
	case 'G':
		if f.year > 0 {
			return append(dst, "AD"...)
		}
		return append(dst, "BC"...)
	case 'y', 'Y':
		year := f.year
		if p.letter == 'Y' {
			year, _ = f.week()
		}
		if year <= 0 && p.letter == 'y' {
			year = 1 - year // BC
		}
		if p.count == 2 {
			year %= 100
		}
		return appendPadded(dst, year, p.count)
	case 'M', 'L':
		if p.count >= 3 {
			return appendName(dst, time.Month(f.month).String(), p.count)
		}
		return appendPadded(dst, f.month, p.count)
	case 'd':
		return appendPadded(dst, f.day, p.count)
	case 'D':
		return appendPadded(dst, f.days-f.yearStart(f.year)+1, p.count)
	case 'F':
		return appendPadded(dst, (f.day-1)/7+1, p.count)
	case 'w':
		_, w := f.week()
		return appendPadded(dst, w, p.count)
	case 'W':
		return appendPadded(dst, (f.days-firstWeek(f.days-f.day+1))/7+1, p.count)
	case 'E':
		return appendName(dst, time.Weekday(floorMod(f.days+4, 7)).String(), p.count)
	}
	return appendPadded(dst, floorMod(f.days+3, 7)+1, p.count) // u: 1 is Monday
}

func (f *dateFields) appendTime(dst []byte, p *datePart) []byte {
	hour := f.ms / 3_600_000
	switch p.letter {
	case 'a':
		return append(dst, "AP"[hour/12], 'M')
	case 'H':
		return appendPadded(dst, hour, p.count)
	case 'k':
		return appendPadded(dst, (hour+23)%24+1, p.count)
	case 'K':
		return appendPadded(dst, hour%12, p.count)
	case 'h':
		return appendPadded(dst, (hour+11)%12+1, p.count)
	case 'm':
		return appendPadded(dst, f.ms/60_000%60, p.count)
	case 's':
		return appendPadded(dst, f.ms/1000%60, p.count)
	case 'z':
		if p.count >= 4 {
			return append(dst, "Coordinated Universal Time"...)
		}
		return append(dst, "UTC"...)
	case 'Z':
		return append(dst, "+0000"...)
	}
	return append(dst, 'Z') // X
}

func appendName(dst []byte, name string, count int) []byte {
	if count < 4 {
		name = name[:3]
	}
	return append(dst, name...)
}

func appendPadded(dst []byte, n int64, width int) []byte {
	if n < 0 {
		dst, n = append(dst, '-'), -n
	}
	digits := 1
	for m := n; m >= 10; m /= 10 {
		digits++
	}
	for ; digits < width; digits++ {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, n, 10)
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// appendFraction appends the first digits of a number of nanoseconds.
func appendFraction(dst []byte, ns int64, digits int) []byte {
	for i := range digits {
		if i >= 9 {
			dst = append(dst, '0')
			continue
		}
		dst = append(dst, byte('0'+ns/pow10(8-i)%10))
	}
	return dst
}
