package timezone

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"
	_ "time/tzdata" // the zones, on machines that have none

	"kcgen.dev/runtime/connect"
)

// zone is a time zone.
type zone struct {
	loc *time.Location
	now func() time.Time
}

var offsets = regexp.MustCompile(`^([+-])(\d\d):(\d\d)(?::(\d\d))?$`)

// findZone finds a zone by its name or its offset.
func findZone(name string) (*zone, error) {
	if m := offsets.FindStringSubmatch(name); m != nil {
		seconds := 0
		for _, text := range m[2:] {
			n, _ := strconv.Atoi(text)
			seconds = 60*seconds + n
		}
		if m[3] > "59" || m[4] > "59" || seconds > 18*3600 {
			return nil, fmt.Errorf("%s is no offset: it goes from -18:00 to +18:00", name)
		}
		if m[1] == "-" {
			seconds = -seconds
		}
		return &zone{time.FixedZone(name, seconds), time.Now}, nil
	}
	if name == "" || name == "Local" {
		return nil, errors.New("it is the name of a zone, such as Europe/Berlin, or an offset, such as +02:00")
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("no zone has the name %q", name)
	}
	return &zone{loc, time.Now}, nil
}

// The names of the schemas of points in time.
const (
	zonedTimestamp   = "io.debezium.time.ZonedTimestamp"
	zonedTime        = "io.debezium.time.ZonedTime"
	milliTimestamp   = "io.debezium.time.Timestamp"
	microTimestamp   = "io.debezium.time.MicroTimestamp"
	nanoTimestamp    = "io.debezium.time.NanoTimestamp"
	connectTimestamp = connect.TimestampName
)

func isTime(schema string) bool {
	switch schema {
	case zonedTimestamp, zonedTime, milliTimestamp, microTimestamp, nanoTimestamp, connectTimestamp:
		return true
	}
	return false
}

// move moves a point in time to the zone.
func (z *zone) move(schema string, v connect.Value) (connect.Value, error) {
	switch {
	case schema == zonedTimestamp && v.Kind() == connect.KindString:
		return z.text(v.Str(), "2006-01-02T")
	case schema == zonedTime && v.Kind() == connect.KindString:
		return z.text(v.Str(), "")
	case schema == milliTimestamp && v.Kind() == connect.KindInt64:
		return connect.Int64(z.wall(v.Int(), 1e3)), nil
	case schema == microTimestamp && v.Kind() == connect.KindInt64:
		return connect.Int64(z.wall(v.Int(), 1e6)), nil
	case schema == nanoTimestamp && v.Kind() == connect.KindInt64:
		return connect.Int64(z.wall(v.Int(), 1e9)), nil
	case schema == connectTimestamp && v.Kind() == connect.KindInstant:
		t := v.Instant()
		return connect.Instant(t.Add(-time.Duration(z.at(t.Unix())) * time.Second)), nil
	}
	return connect.Null, fmt.Errorf("%s is not made of %v", schema, v.Kind())
}

// wall is the instant, in a unit of a second, at which clocks in the zone show
// what n is in UTC.
func (z *zone) wall(n, unit int64) int64 {
	seconds := n / unit
	if n%unit < 0 {
		seconds--
	}
	return n - int64(z.at(seconds))*unit
}

// at is the offset of the zone when its clocks show a time, in seconds as if it
// were in UTC. What they show twice, and what they skip, has the offset from
// before, as in Java.
func (z *zone) at(wall int64) int {
	t := time.Unix(wall-86_400, 0).In(z.loc)
	for {
		_, offset := t.Zone()
		_, end := t.ZoneBounds()
		if end.IsZero() {
			return offset
		}
		_, next := end.Zone()
		if wall < end.Unix()+int64(max(offset, next)) {
			return offset
		}
		t = end
	}
}

// text gives a time with an offset the zone's. As in Debezium, that of a
// timestamp is the one that the zone has when its clocks show what the text
// says, and that of a time the one that it has now.
func (z *zone) text(in, date string) (connect.Value, error) {
	t, err := readTime(in, date)
	if err != nil {
		return connect.Null, err
	}
	var offset int
	if date == "" {
		_, offset = z.now().In(z.loc).Zone()
	} else {
		_, own := t.Zone()
		offset = z.at(t.Unix() + int64(own))
	}
	layout := date + "15:04:05.999999999Z07:00"
	if offset%60 != 0 {
		layout += ":00"
	}
	return connect.String(t.In(time.FixedZone("", offset)).Format(layout)), nil
}

// readTime reads a time with an offset; seconds may be missing in both.
func readTime(in, date string) (t time.Time, err error) {
	if hour := len(date) + 2; len(in) > hour && in[hour] == ':' { // Go takes one digit too
		for _, layout := range []string{"15:04:05Z07:00", "15:04Z07:00", "15:04:05Z07:00:00", "15:04Z07:00:00"} {
			if t, err = time.Parse(date+layout, in); err == nil {
				return t, nil
			}
		}
	}
	return t, fmt.Errorf("%q is no time with an offset", in[:min(len(in), 40)])
}
