package connect

import (
	"strings"
	"testing"
)

// TestParseValue holds what Connect's SimpleHeaderConverter answers.
func TestParseValue(t *testing.T) {
	for in, want := range map[string]string{
		"":              `string ""`,
		"null":          `schemaless null`,
		"true ":         `boolean true`,
		"TRUE":          `string "TRUE"`,
		"1.0":           `int8 1`,
		"-129":          `int16 -129`,
		"1e19":          `float32 9.999999980506448e+18`,
		"1e400":         DecimalName + ` v1 bytes 1E+400`,
		"1e-400":        `float32 0`,
		"1e9999999999":  `string "1e9999999999"`,
		"٣٤":            `int8 34`,
		"12:34":         `int8 12`,
		"2024-02-30":    DateName + ` v1 int32 2024-03-01T00:00:00Z`,
		"12:34:56.789Z": TimeName + ` v1 int32 1970-01-01T12:34:56.789Z`,
		"[1, 2.5]":      `array[float32] [1 2.5]`,
		"[1,null]":      `string "[1,null]"`,
		"[null]":        `array[schemaless] [null]`,
		`[1,"a",true]`:  `array[schemaless] [1 "a" true]`,
		`{"a":1}x`:      `map[string]int8 map["a":1]`,
		`{"a":null}`:    `map[string]schemaless map["a":null]`,
		`{"a":1,"a":2}`: `map[string]int8 map["a":2]`,
		`{}`:            `map[schemaless]schemaless map[]`,
		"  [1,":         `string "  "`,
		`"q"`:           `string "\"q\""`,
	} {
		d := ParseValue(in)
		if got := d.Schema.String() + " " + d.Value.String(); got != want {
			t.Errorf("%q is %s, want %s", in, got, want)
		}
	}
}

func TestParseValueDepth(t *testing.T) {
	deep := strings.Repeat("[", 100_000)
	if d := ParseValue(deep); d.Value.Str() != deep {
		t.Errorf("%v", d.Schema)
	}
}

func TestFormatValue(t *testing.T) {
	s := NewStruct().Field("a", NewSchema(KindInt8).Optional().Default(Int8(3)).MustBuild()).Field("b", BytesSchema).MustBuild()
	for want, v := range map[string]Value{
		"1.0E7":                    Float64(1e7),
		`a"b`:                      String(`a"b`),
		`["a\"b\\"]`:               (&Array{Elems: []Value{String(`a"b\`)}}).Value(),
		`{1:null}`:                 MapOf(Entry{Int8(1), Null}).Value(),
		`{"a":3,"b":"cQ=="}`:       (&Struct{Schema: s, Slots: []Value{Null, Bytes([]byte("q"))}}).Value(),
		"2024-02-29":               InstantMilli(1709164800000),
		"2024-02-29T12:34:56.789Z": InstantMilli(1709210096789),
		"23:59:59.999Z":            InstantMilli(-1),
	} {
		if got := string(FormatValue(nil, v)); got != want {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
}

// FuzzParseValue: no text panics, and what was read can be written.
func FuzzParseValue(f *testing.F) {
	for _, s := range []string{`[1,{"a":[2024-02-29]}]`, "1e-2147483648", `"\"`, "-٣.E+1", "[[1],[]]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { FormatValue(nil, ParseValue(s).Value) })
}

func BenchmarkParseValue(b *testing.B) {
	for _, in := range []string{"request-id", "12345", "2024-02-29T12:34:56.789Z", `{"a":[1,2,3]}`} {
		b.Run(in, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ParseValue(in)
			}
		})
	}
}
