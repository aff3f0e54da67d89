package database

import (
	"errors"
	"time"
)

// ErrNoTime is a text that is no date or time.
var ErrNoTime = errors.New("no date or time")

// ParseMoment reads a date with a time, as databases write them:
// "2024-02-29 12:34:56.789", with a T between, with Z or an offset behind it;
// the time, its seconds and their fraction may be missing. Without an offset it
// is in zone.
func ParseMoment[T ~string | ~[]byte](text T, zone *time.Location) (time.Time, error) {
	p := parser[T]{text: text}
	year, month, day := p.date()
	var tod time.Duration
	if !p.done() && (p.skip(' ') || p.skip('T')) {
		tod = p.clock()
	}
	loc := p.zone(zoneOf(zone))
	if !p.done() || p.bad || tod >= 24*time.Hour || !isDate(year, month, day) {
		return time.Time{}, ErrNoTime
	}
	// The clock as it stands: a day of the zone need not have 24 hours.
	return time.Date(year, time.Month(month), day, int(tod/time.Hour), int(tod/time.Minute%60), int(tod/time.Second%60), int(tod%time.Second), loc), nil
}

// ParseDay reads a date; a time behind it is left away.
func ParseDay[T ~string | ~[]byte](text T) (time.Time, error) {
	t, err := ParseMoment(text, time.UTC)
	if err != nil {
		return t, err
	}
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC), nil
}

// ParseClock reads a time of day or a length of time: "12:34:56.789",
// "-838:59:59".
func ParseClock[T ~string | ~[]byte](text T) (time.Duration, error) {
	p := parser[T]{text: text}
	negative := p.skip('-')
	d := p.clock()
	if !p.done() || p.bad {
		return 0, ErrNoTime
	}
	if negative {
		d = -d
	}
	return d, nil
}

func isDate(year, month, day int) bool {
	return month >= 1 && month <= 12 && day >= 1 && day <= time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// parser reads numbers and signs; bad is set where something else stands.
type parser[T ~string | ~[]byte] struct {
	text T
	at   int
	bad  bool
}

func (p *parser[T]) done() bool { return p.at == len(p.text) }

func (p *parser[T]) skip(c byte) bool {
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *parser[T]) want(c byte) { p.bad = !p.skip(c) || p.bad }

// number reads from low to high digits.
func (p *parser[T]) number(low, high int) int {
	n, digits := 0, 0
	for p.at < len(p.text) && digits < high && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		n = n*10 + int(p.text[p.at]-'0')
		p.at++
		digits++
	}
	p.bad = p.bad || digits < low
	return n
}

func (p *parser[T]) date() (year, month, day int) {
	year = p.number(4, 6)
	p.want('-')
	month = p.number(2, 2)
	p.want('-')
	return year, month, p.number(2, 2)
}

func (p *parser[T]) clock() time.Duration {
	d := time.Duration(p.number(1, 4)) * time.Hour
	p.want(':')
	minutes, seconds := p.number(2, 2), 0
	if p.skip(':') {
		seconds = p.number(2, 2)
		d += p.fraction()
	}
	p.bad = p.bad || minutes > 59 || seconds > 59
	return d + time.Duration(minutes)*time.Minute + time.Duration(seconds)*time.Second
}

// fraction reads nanoseconds; digits beyond the ninth say nothing.
func (p *parser[T]) fraction() time.Duration {
	if !p.skip('.') {
		return 0
	}
	start := p.at
	n := p.number(1, 9)
	for i := p.at - start; i < 9; i++ {
		n *= 10
	}
	for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		p.at++
	}
	return time.Duration(n)
}

// zone reads Z, +hh, +hhmm or +hh:mm.
func (p *parser[T]) zone(none *time.Location) *time.Location {
	p.skip(' ')
	switch {
	case p.done():
		return none
	case p.skip('Z'):
		return time.UTC
	}
	sign := 1
	if p.skip('-') {
		sign = -1
	} else {
		p.want('+')
	}
	hours, minutes := p.number(2, 2), 0
	p.skip(':')
	if !p.done() {
		minutes = p.number(2, 2)
	}
	return time.FixedZone("", sign*(hours*3600+minutes*60))
}
