package database

import (
	"testing"
	"time"
)

// The numbers are those of java.util.GregorianCalendar, for the start of a day in
// UTC.
func TestJulian(t *testing.T) {
	for _, c := range []struct {
		year, month, day int
		millis           int64
	}{
		{1970, 1, 1, 0}, {1582, 10, 15, -12219292800000}, {1582, 10, 4, -12219379200000}, {1582, 10, 1, -12219638400000},
		{1500, 3, 1, -14825808000000}, {1500, 2, 28, -14825980800000}, {1100, 3, 1, -27448848000000}, {1100, 2, 28, -27449020800000},
		{1000, 1, 1, -30609792000000}, {4, 2, 29, -62036064000000}, {1, 1, 1, -62135769600000}, {0, 12, 31, -62135856000000},
		{0, 3, 1, -62162208000000}, {0, 2, 29, -62162294400000}, {-1, 1, 1, -62198928000000}, {-4711, 1, 1, -210835180800000},
		{9999, 12, 31, 253402214400000},
	} {
		date := time.Date(c.year, time.Month(c.month), c.day, 0, 0, 0, 0, time.UTC)
		if got := ToJulian(date).UnixMilli(); got != c.millis {
			t.Errorf("%v is %d, not %d", date, got, c.millis)
		}
		if got := FromJulian(time.UnixMilli(c.millis).UTC()); !got.Equal(date) {
			t.Errorf("%d is %v, not %v", c.millis, got, date)
		}
	}
	// A leap day of the Julian calendar alone, and ten days that it has not.
	if got := FromJulian(time.UnixMilli(-14825894400000).UTC()); !got.Equal(time.Date(1500, 3, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("29 February 1500 is %v", got)
	}
	if got := ToJulian(time.Date(1582, 10, 5, 0, 0, 0, 0, time.UTC)); !got.Equal(time.Date(1582, 10, 15, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("5 October 1582 is %v", got)
	}
	for _, infinity := range []time.Time{time.UnixMilli(9223372036825200000), time.UnixMilli(-9223372036832400000)} {
		if !ToJulian(infinity).Equal(infinity) || !FromJulian(infinity).Equal(infinity) {
			t.Errorf("%v is taken for a date", infinity)
		}
	}
}

// Whatever the zone and the time of day, what was turned is turned back.
func TestJulianBack(t *testing.T) {
	for _, zone := range []*time.Location{time.UTC, time.FixedZone("", 14*60*60), time.FixedZone("", -12*60*60-1)} {
		for at := time.Date(-4000, 1, 1, 23, 59, 59, 999, zone); at.Year() < 1582; at = at.AddDate(0, 0, 97) {
			if got := FromJulian(ToJulian(at)); !got.Equal(at) {
				t.Fatalf("%v became %v", at, got)
			}
		}
	}
}
