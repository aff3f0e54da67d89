package avrobin

import (
	"errors"
	"fmt"

	"kcgen.dev/runtime/connect"
)

// ErrTime is of a Time beyond the day.
var ErrTime = errors.New("a Time that is not within one day")

var errDate = errors.New("a Date with a time of day")

// Instant is the number behind a Date, Time or Timestamp, given in milliseconds.
func Instant(l connect.Logical, ms int64) (int64, error) {
	switch l {
	case connect.LogicalDate:
		return date(ms)
	case connect.LogicalTime:
		if ms < 0 || ms > connect.MillisPerDay {
			return 0, ErrTime
		}
	}
	return ms, nil
}

// date is the day, counted from the epoch.
func date(ms int64) (int64, error) {
	if ms%connect.MillisPerDay != 0 {
		return 0, errDate
	}
	day := ms / connect.MillisPerDay
	if day != int64(int32(day)) {
		return 0, fmt.Errorf("day %d is beyond Avro's date", day)
	}
	return day, nil
}
