package connect

import (
	"bytes"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDecimalString(t *testing.T) {
	for _, c := range []struct {
		n     int64
		scale int32
		want  string
	}{
		{150, 2, "1.50"}, {5, -2, "5E+2"}, {0, 3, "0.000"}, {0, -1, "0E+1"}, {-1, 0, "-1"}, {-5, 3, "-0.005"},
		{1, 6, "0.000001"}, {1, 7, "1E-7"}, {-12, 9, "-1.2E-8"}, {123, -1, "1.23E+3"}, {12, 1, "1.2"},
		{1, math.MaxInt32, "1E-2147483647"}, {12, math.MinInt32, "1.2E+2147483649"}, {0, 7, "0E-7"},
	} {
		if got := (&Decimal{big.NewInt(c.n), c.scale}).String(); got != c.want {
			t.Errorf("%d scale %d: %s, want %s", c.n, c.scale, got, c.want)
		}
	}
}

func FuzzDecimal(f *testing.F) {
	for _, b := range [][]byte{{0}, {1}, {0x80}, {0xFF}, {0x7F, 0xFF}, {0x80, 0}, {0xFF, 0x7F}} {
		f.Add(b, int32(2))
	}
	f.Fuzz(func(t *testing.T, b []byte, scale int32) {
		d, err := DecimalOf(b, scale)
		if err != nil {
			if len(b) > 0 {
				t.Fatal(err)
			}
			return
		}
		out := d.AppendUnscaled(nil)
		if len(out) > len(b) || !bytes.HasSuffix(b, out) {
			t.Fatalf("%x became %x", b, out)
		}
		back, err := DecimalOf(out, scale)
		if err != nil || !back.Equal(d) {
			t.Fatalf("%v became %v: %v", d, back, err)
		}
		// The text, read by another reader, is the same number.
		if text := d.String(); len(b) < 20 && scale > -300 && scale < 300 {
			got, ok := new(big.Rat).SetString(text)
			want := new(big.Rat).SetInt(d.Unscaled)
			ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(scale, -scale))), nil)
			if scale > 0 {
				want.Quo(want, new(big.Rat).SetInt(ten))
			} else {
				want.Mul(want, new(big.Rat).SetInt(ten))
			}
			if !ok || got.Cmp(want) != 0 {
				t.Fatalf("%v is written %s", want, text)
			}
		}
	})
}

func TestFloats(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0.0", math.Copysign(0, -1): "-0.0", 1: "1.0", 100: "100.0", 1e7: "1.0E7", 9999999: "9999999.0", 12345678.9: "1.23456789E7",
		0.001: "0.001", 0.000999: "9.99E-4", 1e-5: "1.0E-5", 1e21: "1.0E21", -1e100: "-1.0E100", 5e-324: "4.9E-324", 2e23: "1.9999999999999998E23",
		math.MaxFloat64: "1.7976931348623157E308", math.Inf(1): "Infinity", math.Inf(-1): "-Infinity", 1.0 / 3: "0.3333333333333333",
	} {
		if got := string(AppendFloat64(nil, f)); got != want {
			t.Errorf("%g: %s, want %s", f, got, want)
		}
	}
	if got := string(AppendFloat64(nil, math.NaN())); got != "NaN" {
		t.Error(got)
	}
	for f, want := range map[float32]string{
		0.1: "0.1", 1e10: "1.0E10", math.MaxFloat32: "3.4028235E38", 16777216: "1.6777216E7", math.SmallestNonzeroFloat32: "1.4E-45",
	} {
		if got := string(AppendFloat32(nil, f)); got != want {
			t.Errorf("%g: %s, want %s", f, got, want)
		}
	}
}

// FuzzFloat: the text reads back as the number, and has Java's form.
func FuzzFloat(f *testing.F) {
	for _, x := range []float64{0, -0.001, 1e7, 5e-324, math.MaxFloat64} {
		f.Add(math.Float64bits(x))
	}
	f.Fuzz(func(t *testing.T, bits uint64) {
		check := func(text string, size int, want float64) {
			if math.IsNaN(want) || math.IsInf(want, 0) {
				return
			}
			if got, err := strconv.ParseFloat(text, size); err != nil || got != want {
				t.Errorf("%g is written %s", want, text)
			}
			digits := strings.TrimPrefix(text, "-")
			point := strings.IndexByte(digits, '.')
			exp := strings.IndexByte(digits, 'E')
			a := math.Abs(want)
			if point < 1 || (exp >= 0) != (a != 0 && (a < 1e-3 || a >= 1e7)) || exp >= 0 && (point != 1 || exp < 3) {
				t.Errorf("%g is written %s", want, text)
			}
		}
		x := math.Float64frombits(bits)
		check(string(AppendFloat64(nil, x)), 64, x)
		y := math.Float32frombits(uint32(bits))
		check(string(AppendFloat32(nil, y)), 32, float64(y))
	})
}

func TestAppendJava(t *testing.T) {
	s := NewStruct().Field("a", OptionalInt8Schema).Field("b", OptionalStringSchema).Field("c", TimestampSchema).MustBuild()
	for _, c := range []struct {
		v    Value
		want string
	}{
		{Null, "null"}, {Bool(true), "true"}, {Int64(-5), "-5"}, {String("\xff"), "\xff"},
		{(&Array{[]Value{Int8(1), Null, String("x")}}).Value(), "[1, null, x]"},
		{MapOf(Entry{String("a"), Float32(1)}, Entry{Int8(2), Null}).Value(), "{a=1.0, 2=null}"},
		{(&Struct{s, []Value{Null, String("x"), InstantMilli(1709210096789)}}).Value(), "Struct{b=x,c=Thu Feb 29 12:34:56 UTC 2024}"},
	} {
		if got, err := AppendJava(nil, c.v); string(got) != c.want || err != nil {
			t.Errorf("%s, %v; want %s", got, err, c.want)
		}
	}
	for ms, want := range map[int64]string{ // new Date(ms).toString(), TZ=UTC
		-62135596800000: "Mon Jan 03 00:00:00 UTC 1", gregorian: "Fri Oct 15 00:00:00 UTC 1582", gregorian - 1: "Thu Oct 04 23:59:59 UTC 1582",
		-86400000: "Wed Dec 31 00:00:00 UTC 1969", 253402300799999: "Fri Dec 31 23:59:59 UTC 9999",
	} {
		if got, err := AppendJava(nil, InstantMilli(ms)); string(got) != want || err != nil {
			t.Errorf("%d: %s, %v; want %s", ms, got, err, want)
		}
	}
	if _, err := AppendJava(nil, (&Array{[]Value{Bytes(nil)}}).Value()); err == nil {
		t.Error("bytes have a text")
	}
}

// TestAppendValid has Java's answers to damaged UTF-8 (new String(b, UTF_8)),
// with ? for U+FFFD.
func TestAppendValid(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "aé€😀": "aé€😀", "\xff\xfe": "??", "\xc0\x80": "??", "\xc3": "?", "\xc3(": "?(", "\xe2\x82": "?", "\xe2\x82x": "?x",
		"\xe2(\xa1": "?(?", "\xe0\x80\x80": "???", "\xed\xa0\x80": "?", "\xed\xa0": "?", "\xed\xa0x": "?x",
		"\xf0\x9f\x98": "?", "\xf0\x9fx": "?x", "\xf0\x80\x80\x80": "????", "\xf4\x90\x80\x80": "????", "\xf5\x80": "??", "\x80x": "?x",
	} {
		want = strings.ReplaceAll(want, "?", "\uFFFD")
		if got := string(AppendValid(nil, in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzAppendValid(f *testing.F) {
	f.Add("a\xe2\x82é\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, s string) {
		got := string(AppendValid(nil, s))
		if !utf8.ValidString(got) || utf8.ValidString(s) && got != s {
			t.Errorf("%q: %q", s, got)
		}
	})
}
