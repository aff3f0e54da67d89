package gotype

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestLength(t *testing.T) {
	good := map[string]int64{
		"0s": 0, "5s": 5e9, "500ms": 5e8, "1.5s": 15e8, "1h30m": 5400e9, "1us": 1000, "7ns": 7, "0.5us": 500, "1m1m": 120e9,
		"9223372036854775807ns": math.MaxInt64, "2562047h47m16.854775807s": math.MaxInt64, "forever": -1,
		"0.1s0.1s0.1s": 3e8, "00005s": 5e9, "1.000000000000s": 1e9,
	}
	for s, want := range good {
		if got, err := Length(s); err != nil || got != want {
			t.Errorf("Length(%q) = %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{
		"", "5", "s", "5 s", "-5s", "+5s", "1e3s", "5S", "5d", "1.s", ".5s", "0.5ns", "1.0000000001s",
		"9223372036854775808ns", "99999999999999999999h", "5s ", " 5s", "forever ", strings.Repeat("9", 100) + "s", "5s\n",
	} {
		if got, err := Length(s); err == nil {
			t.Errorf("Length(%q) = %d", s, got)
		} else if len(err.Error()) > 200 {
			t.Errorf("Length of a long string has a long error: %v", err)
		}
	}
}

func TestSize(t *testing.T) {
	good := map[string]int64{
		"0B": 0, "1B": 1, "1KB": 1000, "1KiB": 1024, "64MiB": 64 << 20, "2GB": 2e9, "8GiB": 8 << 30,
		"9223372036854775807B": math.MaxInt64, "007KB": 7000,
	}
	for s, want := range good {
		if got, err := Size(s); err != nil || got != want {
			t.Errorf("Size(%q) = %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "1", "B", "1.5MiB", "-1B", "1 B", "1kb", "1TB", "9223372036854775808B", "9999999999GiB", strings.Repeat("9", 100) + "B"} {
		if got, err := Size(s); err == nil {
			t.Errorf("Size(%q) = %d", s, got)
		}
	}
}

// FuzzLength compares with time.ParseDuration, which rounds and overflows
// where Length refuses.
func FuzzLength(f *testing.F) {
	f.Add("1h30m0.5s")
	f.Add("forever")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Length(s)
		if err != nil || s == "forever" {
			return
		}
		if want, err := time.ParseDuration(s); err != nil || int64(want) != got {
			t.Errorf("Length(%q) = %d, time says %d, %v", s, got, want, err)
		}
	})
}
