package sql

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// moment reads a value of a timestamp column back as the point in time that it
// was before timestampGranularity and dateCalendarSystem made something else of
// it.
func moment(v connect.Value, m database.Mapping) (time.Time, error) {
	t, err := counted(v, m)
	if m.Julian && err == nil {
		zone := m.Zone
		if zone == nil {
			zone = time.UTC
		}
		t = database.FromJulian(t.In(zone)).UTC()
	}
	return t, err
}

// counted is the point in time that the value says.
func counted(v connect.Value, m database.Mapping) (time.Time, error) {
	switch v.Kind() {
	case connect.KindInstant:
		return v.Instant(), nil
	case connect.KindInt64:
		return ofEpoch(v.Int(), m.Granularity)
	case connect.KindString:
		return ofText(v.Str(), m)
	}
	return time.Time{}, fmt.Errorf("it is of type %s, not a time", v.Kind())
}

func ofEpoch(n int64, granularity string) (time.Time, error) {
	switch granularity {
	case "micros_long", "micros_string":
		return time.UnixMicro(n).UTC(), nil
	case "nanos_long", "nanos_string":
		return time.Unix(0, n).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("it is a number, not a time")
}

func ofText(s string, m database.Mapping) (time.Time, error) {
	switch m.Granularity {
	case "micros_string", "nanos_string":
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil && m.Granularity == "nanos_string" && len(s) > 9 {
			return ofNanos(s) // beyond 292 years from 1970
		}
		if err != nil {
			return time.Time{}, errNoTime
		}
		return ofEpoch(n, m.Granularity)
	case "micros_iso_datetime_string", "nanos_iso_datetime_string":
		zone := m.Zone
		if zone == nil {
			zone = time.UTC
		}
		at, err := time.ParseInLocation("2006-01-02T15:04:05", s, zone)
		if err != nil {
			return time.Time{}, errNoTime
		}
		return at.UTC(), nil
	}
	return time.Time{}, errNoTime
}

var errNoTime = errors.New("it is text, not a time")

// ofNanos reads nanoseconds since 1970 of more than nine digits.
func ofNanos(s string) (time.Time, error) {
	cut := len(s) - 9
	seconds, err := strconv.ParseInt(s[:cut], 10, 64)
	rest, wrong := strconv.ParseUint(s[cut:], 10, 32)
	if err != nil || wrong != nil {
		return time.Time{}, errNoTime
	}
	if seconds < 0 || s[0] == '-' {
		return time.Unix(seconds, -int64(rest)).UTC(), nil
	}
	return time.Unix(seconds, int64(rest)).UTC(), nil
}

// integer reads a value of an incrementing column.
func integer(v connect.Value) (int64, error) {
	switch v.Kind() {
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		return v.Int(), nil
	case connect.KindDecimal:
		return integerOf(v.Decimal())
	}
	return 0, fmt.Errorf("it is of type %s, not a whole number", v.Kind())
}

// integerOf is a decimal without decimals that an offset can hold.
func integerOf(d *connect.Decimal) (int64, error) {
	n, err := strconv.ParseInt(d.String(), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is not a whole number up to 9223372036854775807, which is what an offset can hold", d)
	}
	return n, nil
}
