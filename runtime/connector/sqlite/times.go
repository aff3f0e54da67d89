package sqlite

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// julianEpoch is 1970-01-01 as a Julian day number.
const julianEpoch = 2440587.5

// instantOf reads a moment of any storage class: an integer is milliseconds since
// 1970, as Kafka Connect's driver has it; a floating-point number a Julian day,
// as SQLite's own functions have it; a text a date and a time.
func instantOf(src any, zone *time.Location) (time.Time, error) {
	switch x := src.(type) {
	case int64:
		return time.UnixMilli(x).UTC(), nil
	case float64:
		ms := (x - julianEpoch) * float64(connect.MillisPerDay)
		if math.IsNaN(ms) || math.Abs(ms) > 1e17 {
			return time.Time{}, fmt.Errorf("%v is no Julian day", x)
		}
		return time.UnixMilli(int64(math.Round(ms))).UTC(), nil
	case string:
		t, err := database.ParseMoment(x, zone)
		if err != nil {
			err = fmt.Errorf("%.40q is no date or time: SQLite's own form is YYYY-MM-DD HH:MM:SS.SSS", x)
		}
		return t, err
	case time.Time:
		return reread(x, zone), nil
	}
	return time.Time{}, fmt.Errorf("%T is no date or time", src)
}

// reread takes a time that the driver has read of a text. Of one without an
// offset it says UTC.
func reread(t time.Time, zone *time.Location) time.Time {
	if zone == time.UTC || t.Location() != time.UTC {
		return t
	}
	y, m, d := t.Date()
	return time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
}

func zoneOf(z *time.Location) *time.Location {
	if z == nil {
		return time.UTC
	}
	return z
}

func decodeMoment(m database.Mapping) database.Decode {
	zone := zoneOf(m.Zone)
	return func(b *connect.Buffer, src any) (connect.Value, error) {
		t, err := instantOf(src, zone)
		if err != nil {
			return connect.Null, err
		}
		return m.Moment(b, t)
	}
}

func decodeDate(_ *connect.Buffer, src any) (connect.Value, error) {
	t, err := instantOf(src, time.UTC)
	y, m, d := t.Date()
	return connect.Instant(time.Date(y, m, d, 0, 0, 0, 0, time.UTC)), err
}

// decodeClock reads milliseconds of the day in UTC, or a text, or the time of a
// moment.
func decodeClock(m database.Mapping) database.Decode {
	zone := zoneOf(m.Zone)
	return func(_ *connect.Buffer, src any) (connect.Value, error) {
		if s, ok := src.(string); ok {
			if d, err := database.ParseClock(s); err == nil {
				return database.ClockValue(d, zone)
			}
		}
		t, err := instantOf(src, zone)
		if err != nil {
			return connect.Null, err
		}
		day := connect.MillisPerDay
		return connect.InstantMilli(((t.UnixMilli() % day) + day) % day), nil
	}
}

// How a table keeps the moments of a column: as integers, as Julian days, or as
// texts of a form. SQLite compares numbers with numbers and texts with texts,
// and takes every text for greater than any number: an offset must come in the
// same form. A text's form is "text", the sign between date and time, the digits
// behind the point, and what stands behind.
const (
	asInteger = "integer"
	asReal    = "real"
	asText    = "text"
)

// sample asks for the first hundred moments.
const sample = `SELECT typeof(%[1]s), CAST(%[1]s AS TEXT) FROM %[2]s WHERE %[1]s IS NOT NULL LIMIT 100`

var _ database.Samples = dialect{}

// Stored looks at the moments that there are: the longest text tells the form. It
// is "" where there are none yet.
func (d dialect) Stored(ctx context.Context, q database.Querier, from string, c database.Column) (string, error) {
	if kind := declare(c.Type).kind; kind != moment && kind != date {
		return "", nil
	}
	name := string(d.AppendIdentifier(nil, c.Name))
	class, longest, bare := "", "", false
	err := database.Strings(ctx, q, fmt.Sprintf(sample, name, from), nil, func(row []string) error {
		if class == "" || len(row[1]) > len(longest) {
			class, longest = row[0], row[1]
		}
		bare = bare || !strings.Contains(row[1], ".")
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("sqlite: look at column %s: %w", c.Name, err)
	}
	if class == asText {
		class = textForm(longest, bare)
	}
	return class, nil
}

// textForm is the form of a moment's text: "text|SEPARATOR|DIGITS|SUFFIX", and
// |bare where a fraction of zero is left out.
func textForm(s string, bare bool) string {
	const day = len(time.DateOnly)
	separator, digits, suffix := " ", 0, ""
	switch {
	case len(s) <= day:
		separator = ""
	case s[day] == 'T':
		separator = "T"
	}
	if i := strings.IndexByte(s, '.'); i >= 0 {
		for i++; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
			digits++
		}
	}
	if strings.HasSuffix(s, "Z") {
		suffix = "Z"
	} else if len(s) > day+6 && (s[len(s)-6] == '+' || s[len(s)-6] == '-') {
		suffix = s[len(s)-6:]
	}
	form := asText + "|" + separator + "|" + strconv.Itoa(min(digits, 9)) + "|" + suffix
	if bare && digits > 0 {
		form += "|bare"
	}
	return form
}

// BindOffset gives a moment in the form in which the table keeps its own.
func (d dialect) BindOffset(c database.Column, v any, m database.Mapping) (any, error) {
	t, ok := v.(time.Time)
	if !ok {
		return v, nil
	}
	day := declare(c.Type).kind == date
	if day && c.Stored == "" {
		t = t.UTC().Truncate(24 * time.Hour)
	}
	switch {
	case c.Stored == asInteger, c.Stored == "" && !d.texts:
		return t.UnixMilli(), nil
	case c.Stored == asReal:
		return julianEpoch + float64(t.UnixMilli())/float64(connect.MillisPerDay), nil
	case c.Stored == "" && day:
		return t.Format(time.DateOnly), nil
	case c.Stored == "":
		return t.In(zoneOf(m.Zone)).Format(momentLayout), nil
	}
	return formatMoment(t, c.Stored, m)
}

// formatMoment writes as many digits behind the point as the table does, and
// more only where they say something: an equal moment is then not greater.
func formatMoment(t time.Time, form string, m database.Mapping) (string, error) {
	parts := strings.Split(form, "|")
	if len(parts) < 4 {
		return "", fmt.Errorf("sqlite: compare with a time: a form %q is not known", form)
	}
	zone := zoneOf(m.Zone)
	switch suffix := parts[3]; suffix {
	case "":
	case "Z":
		zone = time.UTC
	default:
		if at, err := time.Parse("-07:00", suffix); err == nil {
			zone = at.Location()
		}
	}
	t = t.In(zone)
	if parts[1] == "" {
		return t.Format(time.DateOnly), nil
	}
	digits, _ := strconv.Atoi(parts[2])
	if len(parts) > 4 && t.Nanosecond() == 0 {
		digits = 0
	}
	return t.Format(time.DateOnly+parts[1]+time.TimeOnly) + fraction(t.Nanosecond(), digits) + parts[3], nil
}

// fraction is nanoseconds of at least so many digits, and no zeros behind those.
func fraction(ns, digits int) string {
	s := fmt.Sprintf("%09d", ns)
	end := len(strings.TrimRight(s, "0"))
	if end = max(end, digits); end == 0 {
		return ""
	}
	return "." + s[:end]
}
