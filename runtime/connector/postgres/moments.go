package postgres

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// Dates and times count from the year 2000.
const (
	epochDays    = 10957
	epochSeconds = epochDays * 24 * 60 * 60
	microsPerDay = 24 * 60 * 60 * 1000000
)

// What the JDBC driver makes of the infinities of a timestamp: milliseconds of
// which it knows them again when it writes.
const (
	plusInfinity  = 9223372036825200000
	minusInfinity = -9223372036832400000
)

var (
	errInfiniteDate   = errors.New("an infinity, which no Date can say: filter such rows out, or cast the column to text in a view or a query")
	errInfiniteMoment = errors.New("an infinity, which the timestamp.granularity cannot say: use connect_logical, filter such rows out, or cast the column to text in a view or a query")
	errMidnight       = errors.New("24:00:00, which no Time can say: cast the column to text in a view or a query")
)

func decodeDate(_ *state, b []byte) (connect.Value, error) {
	if len(b) != 4 {
		return connect.Null, errLength
	}
	days := int32(binary.BigEndian.Uint32(b))
	if days == math.MaxInt32 || days == math.MinInt32 {
		return connect.Null, errInfiniteDate
	}
	return connect.InstantMilli((int64(days) + epochDays) * connect.MillisPerDay), nil
}

// decodeTime puts a time of day in its zone, on the first day of 1970.
func decodeTime(m database.Mapping) decoder {
	ahead := int64(0)
	if m.Zone != nil {
		_, seconds := time.Date(1970, 1, 1, 0, 0, 0, 0, m.Zone).Zone()
		ahead = int64(seconds)
	}
	return func(_ *state, b []byte) (connect.Value, error) {
		if len(b) != 8 {
			return connect.Null, errLength
		}
		return timeOfDay(int64(binary.BigEndian.Uint64(b)), ahead)
	}
}

// decodeTimeTZ reads a time of day and how many seconds its zone is behind UTC.
func decodeTimeTZ(_ *state, b []byte) (connect.Value, error) {
	if len(b) != 12 {
		return connect.Null, errLength
	}
	return timeOfDay(int64(binary.BigEndian.Uint64(b)), -int64(int32(binary.BigEndian.Uint32(b[8:]))))
}

// timeOfDay is a time in UTC, on whatever day; Connect's has milliseconds.
func timeOfDay(micros, ahead int64) (connect.Value, error) {
	if micros == microsPerDay {
		return connect.Null, errMidnight
	}
	micros = ((micros-ahead*1000000)%microsPerDay + microsPerDay) % microsPerDay
	return connect.InstantMilli(micros / 1000), nil
}

// decodeTimestamp reads a moment; without a zone it is the clock of the
// mapping's.
func decodeTimestamp(m database.Mapping, wall bool) decoder {
	logical := m.Granularity == "" || m.Granularity == "connect_logical"
	plain := logical && !m.Julian
	elsewhere := wall && m.Zone != nil && m.Zone != time.UTC
	return func(s *state, b []byte) (connect.Value, error) {
		if len(b) != 8 {
			return connect.Null, errLength
		}
		micros := int64(binary.BigEndian.Uint64(b))
		if micros == math.MaxInt64 || micros == math.MinInt64 {
			return infinity(logical, micros > 0)
		}
		if plain && !elsewhere && micros%1000 == 0 {
			return connect.InstantMilli(micros/1000 + epochSeconds*1000), nil
		}
		seconds, rest := micros/1000000, micros%1000000
		if rest < 0 {
			seconds, rest = seconds-1, rest+1000000
		}
		t := time.Unix(seconds+epochSeconds, rest*1000).UTC()
		if elsewhere {
			t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), m.Zone)
		}
		if plain {
			return connect.Instant(t), nil
		}
		return m.Moment(&s.buffer, t)
	}
}

func infinity(logical, plus bool) (connect.Value, error) {
	switch {
	case !logical:
		return connect.Null, errInfiniteMoment
	case plus:
		return connect.InstantMilli(plusInfinity), nil
	}
	return connect.InstantMilli(minusInfinity), nil
}
