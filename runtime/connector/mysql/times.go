package mysql

import (
	"fmt"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// What becomes of dates that are none.
const (
	convertToNull = "convertToNull"
	round         = "round"
)

// firstDay is the day that a zero date is rounded to.
var firstDay = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)

// nonZero looks for dates that are none, before they are read.
func (d dialect) nonZero(decode database.Decode) database.Decode {
	return func(b *connect.Buffer, src any) (connect.Value, error) {
		text, ok := src.([]byte)
		if !ok || !isZero(text) {
			return decode(b, src)
		}
		switch d.zero {
		case convertToNull:
			return connect.Null, nil
		case round:
			return decode(b, firstDay)
		}
		return connect.Null, fmt.Errorf("%.10s is no date: set zeroDateTimeBehavior to convertToNull or round", text)
	}
}

// isZero is whether the month or the day of a date is zero.
func isZero(text []byte) bool {
	const shape = "0000-00-00"
	return len(text) >= len(shape) && (text[5] == '0' && text[6] == '0' || text[8] == '0' && text[9] == '0')
}

// decodeYear makes a year its first day, as Connect's driver does.
func (d dialect) decodeYear(b *connect.Buffer, src any) (connect.Value, error) {
	year, ok := src.(int64)
	if !ok {
		v, err := yearDecoder(b, src)
		if err != nil {
			return v, err
		}
		year = v.Int()
	}
	if year == 0 {
		return d.nonZero(dayDecoder)(b, []byte("0000-00-00"))
	}
	return connect.Instant(time.Date(int(year), 1, 1, 0, 0, 0, 0, time.UTC)), nil
}

var (
	yearDecoder = database.Decoder(connect.Int64Schema, database.Mapping{})
	dayDecoder  = database.Decoder(connect.DateSchema, database.Mapping{})
)

// decodeUTC reads what the session gives in UTC.
func decodeUTC(m database.Mapping) database.Decode {
	return func(b *connect.Buffer, src any) (connect.Value, error) {
		text, ok := src.([]byte)
		if !ok {
			return database.DecodeMoment(m)(b, src)
		}
		t, err := database.ParseMoment(text, time.UTC)
		if err != nil {
			return connect.Null, fmt.Errorf("%.40q is no date or time", text)
		}
		return m.Moment(b, t)
	}
}

// BindOffset writes a moment as the column's type keeps it.
func (dialect) BindOffset(c database.Column, v any, m database.Mapping) (any, error) {
	t, ok := v.(time.Time)
	if !ok {
		return v, nil
	}
	switch parseType(c.Type).name {
	case "timestamp":
		return t.UTC().Format(database.MomentLayout), nil
	case "date":
		return t.UTC().Format(database.DateLayout), nil
	case "year":
		return int64(t.UTC().Year()), nil
	}
	if m.Zone == nil {
		return t.UTC().Format(database.MomentLayout), nil
	}
	return t.In(m.Zone).Format(database.MomentLayout), nil
}
