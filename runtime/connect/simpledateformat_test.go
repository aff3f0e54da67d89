package connect

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestDateFormat compares with what Java answered: each line of the file has a
// pattern, milliseconds, their text, a text (that one, or damaged), and what
// was read from it with the place behind, or null.
func TestDateFormat(t *testing.T) {
	data, err := os.ReadFile("testdata/simpledateformat.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(lines) < 500 {
		t.Fatalf("only %d lines", len(lines))
	}
	for i, line := range lines {
		c := strings.Split(line, "\t")
		if len(c) != 5 {
			t.Fatalf("line %d: %q", i+1, line)
		}
		f, err := NewDateFormat(c[0])
		if err != nil {
			t.Fatal(err)
		}
		ms, err := strconv.ParseInt(c[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(f.Append(nil, InstantMilli(ms))); got != c[2] {
			t.Errorf("line %d: %s of %d is %q, want %q", i+1, c[0], ms, got, c[2])
		}
		got := "null"
		if v, end, ok := f.ParsePrefix(c[3]); ok {
			got = fmt.Sprintf("%d:%d", v.Milli(), end)
		}
		if got != c[4] {
			t.Errorf("line %d: %s of %q is %s, want %s", i+1, c[0], c[3], got, c[4])
		}
	}
}

func TestDateFormatErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		"yyyy-bb": `'b' at 6`, "XXXX": "4 X at 1", "'open": "not closed", "n": "'n' at 1",
	} {
		if _, err := NewDateFormat(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", pattern, err, want)
		}
	}
	if _, err := isoDate.Parse("2024-xx-01"); err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Error(err)
	}
}

func TestDateFormatFraction(t *testing.T) {
	f := mustDateFormat("HH:mm:ss.SSSSSSSSS").Fraction()
	v := Instant(time.Unix(45296, 789_012_345))
	text := string(f.Append(nil, v))
	if text != "12:34:56.789012345" {
		t.Error(text)
	}
	if back, err := f.Parse(text); err != nil || !back.Equal(v) {
		t.Errorf("%v, %v", back, err)
	}
}

func TestDateFormatZones(t *testing.T) {
	for text, want := range map[string]int64{
		"PST": 8, "edt": 4, "CEST": -2, "UTC": 0, "GMT": 0, "GMT-3:00": 3, "+0100": -1, "-11": 99, "XYZ": 99,
		"Coordinated Universal Time": 0,
	} {
		v, _, ok := mustDateFormat("z").ParsePrefix(text)
		if ok != (want != 99) || ok && v.Milli() != want*3_600_000 {
			t.Errorf("%s: %d, %v", text, v.Milli(), ok)
		}
	}
}

// FuzzDateFormat: no text and no pattern panics.
func FuzzDateFormat(f *testing.F) {
	f.Add("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2024-02-29T12:34:56.789Z", int64(0))
	f.Add("G YYYY w u z", "AD 1E9 -1 ∞ GMT+", int64(-1<<62))
	f.Fuzz(func(t *testing.T, pattern, text string, ms int64) {
		d, err := NewDateFormat(pattern)
		if err != nil || len(pattern) > 100 {
			return
		}
		d.Append(nil, InstantMilli(ms))
		d.Fraction().ParsePrefix(text)
	})
}

func BenchmarkDateFormat(b *testing.B) {
	f := mustDateFormat("yyyy-MM-dd'T'HH:mm:ss.SSSXXX")
	v := InstantMilli(1709210096789)
	text := f.Append(nil, v)
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			text = f.Append(text[:0], v)
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		s := string(text)
		for b.Loop() {
			f.ParsePrefix(s)
		}
	})
}
