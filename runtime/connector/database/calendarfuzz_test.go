package database

import (
	"testing"
	"time"
)

// What was turned is turned back, but for the ten days that the old calendar
// has not.
func FuzzJulian(f *testing.F) {
	f.Add(int64(-62135769600), int32(3600))
	f.Add(int64(-12219292801), int32(-1))
	f.Add(int64(1<<62), int32(0))
	f.Fuzz(func(t *testing.T, seconds int64, offset int32) {
		at := time.Unix(seconds, 0).In(time.FixedZone("", int(offset%50400)))
		gap := time.Date(1582, 10, 5, 0, 0, 0, 0, at.Location())
		if back := FromJulian(ToJulian(at)); !back.Equal(at) && at.Year() > -4900 && at.Before(gap) {
			t.Errorf("%v became %v", at, back)
		}
		_ = FromJulian(at)
	})
}
