package timezone

import (
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
)

// TestZonedTime: a time without a date has the offset that the zone has now.
func TestZonedTime(t *testing.T) {
	z, err := findZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for now, want := range map[string]string{"2024-01-01T00:00:00Z": "13:00:00+01:00", "2024-07-01T00:00:00Z": "14:00:00+02:00"} {
		z.now = func() time.Time {
			at, _ := time.Parse(time.RFC3339, now)
			return at
		}
		if got, err := z.move(zonedTime, connect.String("12:00Z")); err != nil || got.Str() != want {
			t.Errorf("%s: %v, %v", now, got, err)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	for want, x := range map[string]Converter{
		"convertedTimezone: no zone":   {ConvertedTimezone: "Nope/Zone"},
		"convertedTimezone: it is":     {},
		"convertedTimezone: +19:00":    {ConvertedTimezone: "+19:00"},
		"excludeList: it cannot":       {ConvertedTimezone: "UTC", IncludeList: []string{"a:b"}, ExcludeList: []string{"a:b"}},
		`includeList: "c" is no rule`:  {ConvertedTimezone: "UTC", IncludeList: []string{"c"}},
		`excludeList: "a:b:c:d" is no`: {ConvertedTimezone: "UTC", ExcludeList: []string{"a:b:c:d"}},
		`includeList: "source:" is no`: {ConvertedTimezone: "UTC", IncludeList: []string{"source:"}},
	} {
		if _, err := x.Open(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", x, err)
		}
		if err := x.Flow(&connect.Shape{}); err == nil {
			t.Errorf("flow of %+v", x)
		}
	}
}

// TestOthersStay: what is no change event passes by, and what is one is not
// changed itself.
func TestOthersStay(t *testing.T) {
	apply, err := Converter{ConvertedTimezone: "+02:00"}.Open()
	if err != nil {
		t.Fatal(err)
	}
	row := connect.NewStruct().Field("at", connect.TimestampSchema).MustBuild()
	for name, changes := range map[string]bool{"a.Envelope": true, "a.Value": false} {
		s := connect.NewStruct().Name(name).Field("after", row).MustBuild()
		in := (&connect.Struct{Schema: s, Slots: []connect.Value{(&connect.Struct{Schema: row, Slots: []connect.Value{connect.InstantMilli(7_200_000)}}).Value()}}).Value()
		r := connect.Record{Value: connect.Datum{Schema: s, Value: in}}
		if keep, err := apply(&r); err != nil || !keep {
			t.Fatal(keep, err)
		}
		if r.Value.Value.Equal(in) == changes || in.Struct().Slots[0].Struct().Slots[0].Milli() != 7_200_000 {
			t.Errorf("%s became %v", name, r.Value.Value)
		}
	}
	for _, v := range []connect.Value{connect.Null, connect.String("x"), connect.MapOf().Value()} {
		r := connect.Record{Value: connect.Datum{Value: v}}
		if keep, err := apply(&r); err != nil || !keep || !r.Value.Value.Equal(v) {
			t.Errorf("%v: %v, %v", v, r.Value, err)
		}
	}
}

// FuzzText: no text panics, and what is read is written so that it reads again.
func FuzzText(f *testing.F) {
	f.Add("2024-10-27T02:30:00.5+02:00")
	f.Fuzz(func(t *testing.T, text string) {
		z, err := findZone("America/New_York")
		if err != nil {
			t.Fatal(err)
		}
		out, err := z.move(zonedTimestamp, connect.String(text))
		if err != nil {
			return
		}
		if _, err := z.move(zonedTimestamp, out); err != nil && !strings.HasPrefix(out.Str(), "-") && !strings.HasPrefix(out.Str(), "10000-") {
			t.Errorf("%q became %q: %v", text, out.Str(), err)
		}
	})
}

func BenchmarkConverter(b *testing.B) {
	apply, err := Converter{ConvertedTimezone: "Europe/Berlin"}.Open()
	if err != nil {
		b.Fatal(err)
	}
	row := connect.NewStruct().Field("id", connect.Int64Schema).Field("at", connect.TimestampSchema).MustBuild()
	s := connect.NewStruct().Name("a.Envelope").Field("after", row).MustBuild()
	in := (&connect.Struct{Schema: s, Slots: []connect.Value{(&connect.Struct{Schema: row, Slots: []connect.Value{connect.Int64(1), connect.InstantMilli(1709210096789)}}).Value()}}).Value()
	var r connect.Record
	b.ReportAllocs()
	for b.Loop() {
		r.Value = connect.Datum{Schema: s, Value: in}
		if _, err := apply(&r); err != nil {
			b.Fatal(err)
		}
	}
}
