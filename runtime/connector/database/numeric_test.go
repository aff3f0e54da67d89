package database_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/database/databasetest"
)

// numeric.mapping, as GenericDatabaseDialect.addFieldToSchema has it.
func TestNumber(t *testing.T) {
	for _, x := range []struct {
		mapping          string
		precision, scale int
		want             string
	}{
		{"none", 5, 0, "Decimal(0)"}, {"", 5, 2, "Decimal(2)"},
		{"precision_only", 2, 0, "int8"}, {"precision_only", 3, 0, "int16"}, {"precision_only", 5, 0, "int32"}, {"precision_only", 10, 0, "int64"},
		{"precision_only", 18, 0, "int64"}, {"precision_only", 19, 0, "Decimal(0)"}, {"precision_only", 5, 2, "Decimal(2)"}, {"precision_only", 5, -1, "Decimal(-1)"},
		{"best_fit", 5, 0, "int32"}, {"best_fit", 5, -84, "int32"}, {"best_fit", 5, -85, "Decimal(-85)"}, {"best_fit", 5, 2, "float64"}, {"best_fit", 19, 2, "Decimal(2)"},
		{"best_fit", 0, database.ScaleUnset, "Decimal(127)"},
		{"best_fit_eager_double", 19, 2, "float64"}, {"best_fit_eager_double", 19, 0, "Decimal(0)"}, {"best_fit_eager_double", 9, 0, "int32"},
	} {
		m := database.Mapping{Numeric: x.mapping}
		if got := databasetest.Describe(m.Number(x.precision, x.scale, false)); got != x.want {
			t.Errorf("%s (%d,%d): %s, want %s", x.mapping, x.precision, x.scale, got, x.want)
		}
	}
	if p, _ := database.DecimalSchema(10, 2, true).Param("connect.decimal.precision"); p != "10" {
		t.Errorf("precision %q", p)
	}
}

// timestamp.granularity.
func TestMoment(t *testing.T) {
	at := time.Date(2024, 7, 1, 12, 0, 0, 123456789, time.UTC)
	zone := time.FixedZone("", 7200)
	for granularity, want := range map[string]string{
		"connect_logical": "2024-07-01T12:00:00.123456789Z", "micros_long": "1719835200123456", "nanos_long": "1719835200123456789",
		"micros_string": "1719835200123456", "nanos_string": "1719835200123456789",
		"micros_iso_datetime_string": "2024-07-01T14:00:00.123456", "nanos_iso_datetime_string": "2024-07-01T14:00:00.123456789",
	} {
		m := database.Mapping{Granularity: granularity, Zone: zone}
		v, err := m.Moment(new(connect.Buffer), at)
		if err != nil || databasetest.Show(v) != want {
			t.Errorf("%s: %s (%v), want %s", granularity, databasetest.Show(v), err, want)
		}
		if err := connect.Validate(m.Timestamp(false), v); err != nil {
			t.Errorf("%s: %v", granularity, err)
		}
	}
	long := database.Mapping{Granularity: "nanos_long"}
	if _, err := long.Moment(nil, time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Error("the year 2300 has no nanoseconds in an int64")
	}
	text, err := database.Mapping{Granularity: "nanos_string"}.Moment(new(connect.Buffer), time.Date(2300, 1, 1, 0, 0, 0, 1, time.UTC))
	if err != nil || text.Str() != "10413792000000000001" {
		t.Errorf("%v, %v", text, err)
	}
}

func TestParseDecimal(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "-12.50": "-12.50", "+1": "1", ".5": "0.5", "5.": "5", "1e3": "1E+3", "1.5e-7": "1.5E-7", "00012": "12",
		strings.Repeat("9", 40): strings.Repeat("9", 40),
	} {
		if d, err := database.ParseDecimal(text); err != nil || d.String() != want {
			t.Errorf("%s: %v (%v), want %s", text, d, err, want)
		}
	}
	for _, text := range []string{"", "-", ".", "1.2.3", "NaN", "Infinity", "1e99999999", "1e", "0x1", "1,5", "--1", "1-"} {
		if d, err := database.ParseDecimal(text); err == nil {
			t.Errorf("%q is %v", text, d)
		}
	}
}

// The quick way and the way by the digits are one.
func TestFloatDecimal(t *testing.T) {
	for _, x := range []struct {
		f     float64
		scale int32
		want  string
	}{
		{0, 2, "0.00"}, {0.1, 2, "0.10"}, {-12.5, 1, "-12.5"}, {0.1 + 0.2, 2, "0.30"}, {1.005, 3, "1.005"}, {1.005, 2, ""}, {1e14, 0, "100000000000000"},
		{123456789012.345, 3, "123456789012.345"}, {1e300, 2, "1" + strings.Repeat("0", 300) + ".00"}, {5e-324, 2, ""}, {math.NaN(), 2, ""}, {math.Inf(1), 2, ""}, {100, -2, "1E+2"},
	} {
		d, err := database.FloatDecimal(x.f, x.scale)
		if x.want == "" {
			if err == nil {
				t.Errorf("%v is %v", x.f, d)
			}
			continue
		}
		if err != nil || d.String() != x.want {
			t.Errorf("%v: %v (%v), want %s", x.f, d, err, x.want)
		}
	}
}

func TestAppendDecimal(t *testing.T) {
	for text, want := range map[string]string{"12.50": "12.50", "-0.05": "-0.05", "1e3": "1000", "5e-10": "0.0000000005", "-7": "-7", "0.00": "0.00"} {
		d, err := database.ParseDecimal(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := database.AppendDecimal([]byte("x"), d); err != nil || string(got) != "x"+want {
			t.Errorf("%s: %s (%v), want x%s", text, got, err, want)
		}
	}
	if _, err := database.AppendDecimal(nil, &connect.Decimal{Scale: math.MaxInt32}); err == nil {
		t.Error("2147483647 digits were written")
	}
}

func TestParseMoment(t *testing.T) {
	zone := time.FixedZone("", 3600)
	for text, want := range map[string]string{
		"2024-02-29": "2024-02-28T23:00:00Z", "2024-02-29 12:34": "2024-02-29T11:34:00Z", "2024-02-29T12:34:56.5": "2024-02-29T11:34:56.5Z",
		"2024-02-29 12:34:56.1234567891": "2024-02-29T11:34:56.123456789Z", "2024-02-29 12:34:56Z": "2024-02-29T12:34:56Z",
		"2024-02-29 12:34:56 +02:00": "2024-02-29T10:34:56Z", "2024-02-29 12:34:56-0130": "2024-02-29T14:04:56Z", "2024-02-29 12:34:56+02": "2024-02-29T10:34:56Z",
	} {
		got, err := database.ParseMoment(text, zone)
		if err != nil || got.UTC().Format(time.RFC3339Nano) != want {
			t.Errorf("%s: %v (%v), want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "2024", "2024-13-01", "2024-02-30", "2023-02-29", "0000-00-00", "2024-02-29 25:00", "2024-02-29 12:60", "2024-02-29 12:34:56x", "2024-02-29  12:34", "29.02.2024"} {
		if got, err := database.ParseMoment(text, zone); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"2024-02-29 12:34:56.5+02:00", "-838:59:59", "1.5e-7", "a.\"b\".[c]", "`x``y`.z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if m, err := database.ParseMoment(s, time.UTC); err == nil {
			text := m.UTC().Format(database.MomentLayout)
			if again, err := database.ParseMoment(text, time.UTC); m.Year() > 0 && m.UTC().Year() < 10000 && (err != nil || !again.Equal(m)) {
				t.Errorf("%q is %v, and %q is %v (%v)", s, m, text, again, err)
			}
		}
		_, _ = database.ParseDay(s)
		_, _ = database.ParseClock([]byte(s))
		if d, err := database.ParseDecimal(s); err == nil {
			text, err := database.AppendDecimal(nil, d)
			if err != nil {
				return
			}
			again, err := database.ParseDecimal(text)
			if err != nil {
				t.Fatalf("%q: %q: %v", s, text, err)
			}
			if again, err = database.Rescale(again, d.Scale); err != nil || !again.Equal(d) {
				t.Errorf("%q is %v, and then %v (%v)", s, d, again, err)
			}
		}
		quotes := database.Quotes{"`", `"`, "[]"}
		if table, err := quotes.ParseTable(s, 3); err == nil {
			quoted := ""
			for _, part := range []string{table.Catalog, table.Schema, table.Name} {
				if part != "" {
					quoted += "." + string(database.AppendQuoted(nil, part, '"', '"'))
				}
			}
			if again, err := quotes.ParseTable(quoted[1:], 3); err != nil || again != table {
				t.Errorf("%q is %+v, quoted %s: %+v (%v)", s, table, quoted, again, err)
			}
		}
	})
}
