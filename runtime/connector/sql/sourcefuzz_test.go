package sql

import (
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// Offsets come from a topic that others write to, and values from any database:
// no panic, and what is read is written as it was.
func FuzzOffset(f *testing.F) {
	f.Add(int64(5), int64(1704067200123), int64(123456000), "2024-01-01T00:00:00.123456", uint8(0))
	f.Add(int64(-1), int64(-1), int64(0), "1704067200123456", uint8(3))
	granularities := []string{"connect_logical", "micros_long", "micros_string", "micros_iso_datetime_string", "nanos_long", "nanos_string", "nanos_iso_datetime_string", ""}
	f.Fuzz(func(t *testing.T, number, ms, nanos int64, text string, which uint8) {
		p, err := positionOf(connect.SourceOffset{"incrementing": number, "timestamp": ms, "timestamp_nanos": nanos})
		if err == nil {
			again, err := positionOf(p.offset())
			if err != nil || !again.at.Equal(p.at) || again.number != p.number {
				t.Errorf("%v became %v, %v", p, again, err)
			}
		}
		m := database.Mapping{Granularity: granularities[int(which)%len(granularities)]}
		for _, v := range []connect.Value{connect.String(text), connect.Int64(number), connect.Null} {
			_, _ = moment(v, m)
			_, _ = integer(v)
		}
		_, _ = numberOf(text)
		if _, err := positionOf(connect.SourceOffset{"incrementing": text}); err == nil {
			t.Error("a text is no number")
		}
	})
}
