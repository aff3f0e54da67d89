package database

import (
	"time"

	"kcgen.dev/runtime/connect"
)

// Before 15 October 1582 Java's old classes, which Kafka Connect's JDBC
// connectors use by default (date.calendar.system), count days by the Julian
// calendar, and Go and ISO 8601 by the Gregorian one: the same date is another
// moment.

// gregorian is the first day of the Gregorian calendar.
var gregorian = time.Date(1582, 10, 15, 0, 0, 0, 0, time.UTC).Unix()

// earliest is before all dates that databases hold, which begin 4713 before
// Christ. What stands before it is no date, but an infinity.
var earliest = time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()

// julianEra says whether a moment's date in its zone is one of the Julian
// calendar.
func julianEra(t time.Time) bool {
	_, offset := t.Zone()
	wall := t.Unix() + int64(offset)
	return wall < gregorian && wall >= earliest
}

// ToJulian gives the moment that has by the Julian calendar the date that t has
// by the Gregorian one, in the zone of t.
func ToJulian(t time.Time) time.Time {
	if !julianEra(t) {
		return t
	}
	year, month, _ := t.Date()
	if month < time.March {
		year--
	}
	behind := floorDiv(year, 100) - floorDiv(year, 400) - 2
	return t.Add(time.Duration(behind) * 24 * time.Hour)
}

// FromJulian is the reverse of ToJulian. The 29th of February of a year that is
// a leap year by the Julian calendar alone becomes the 1st of March.
func FromJulian(t time.Time) time.Time {
	if !julianEra(t) {
		return t
	}
	_, offset := t.Zone()
	days := int(floorDiv(t.Unix()+int64(offset), 24*60*60))
	// Years begin in March here, so that the leap day is their last one.
	const fourYears, epoch = 4*365 + 1, 719470 // 1970-01-01, from the 1st of March of the year 0 by Julius
	days += epoch
	year := floorDiv(4*days+3, fourYears)
	day := days - floorDiv(fourYears*year, 4)
	month := (5*day + 2) / 153
	day -= (153*month + 2) / 5
	h, m, s := t.Clock()
	return time.Date(year, time.Month(month+3), day+1, h, m, s, t.Nanosecond(), t.Location())
}

func floorDiv[T int | int64](a, b T) T {
	if a < 0 {
		return -((b - 1 - a) / b)
	}
	return a / b
}

// JulianDate is a Date as Java's old classes count its days.
func JulianDate(v connect.Value) connect.Value {
	if v.IsNull() {
		return v
	}
	return connect.Instant(ToJulian(v.Instant().UTC()))
}
