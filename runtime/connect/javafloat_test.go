package connect

import (
	"bufio"
	"compress/gzip"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestJavaFloat compares with what Java 17 printed: "d" or "f", the bits, the
// text.
func TestJavaFloat(t *testing.T) {
	f, err := os.Open("testdata/javafloat.txt.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines, n := bufio.NewScanner(unzipped), 0
	for lines.Scan() {
		kind, rest, _ := strings.Cut(lines.Text(), " ")
		hex, want, _ := strings.Cut(rest, " ")
		bits, err := strconv.ParseUint(hex, 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		got := AppendFloat64(nil, math.Float64frombits(bits))
		if kind == "f" {
			got = AppendFloat32(nil, math.Float32frombits(uint32(bits)))
		}
		if string(got) != want {
			t.Errorf("%s: %s", lines.Text(), got)
		}
		n++
	}
	if lines.Err() != nil || n < 5000 {
		t.Errorf("%d numbers, %v", n, lines.Err())
	}
}

// TestJavaFloatReadsBack: whatever the digits, they are the number's.
func TestJavaFloatReadsBack(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 5))
	for range 20_000 {
		x, y := math.Float64frombits(random.Uint64()), math.Float32frombits(random.Uint32())
		if math.IsNaN(x) || math.IsNaN(float64(y)) {
			continue
		}
		if got, err := strconv.ParseFloat(string(AppendFloat64(nil, x)), 64); err != nil || got != x {
			t.Errorf("%v became %v, %v", x, got, err)
		}
		if got, err := strconv.ParseFloat(string(AppendFloat32(nil, y)), 32); err != nil || float32(got) != y {
			t.Errorf("%v became %v, %v", y, got, err)
		}
	}
}

// TestAppendShort: numbers of few digits are written as Java's way finds them,
// and so are their neighbours.
func TestAppendShort(t *testing.T) {
	random, short := rand.New(rand.NewPCG(6, 7)), 0
	for range 200_000 {
		f := float64(random.Uint64N(uint64(math.Pow10(1+random.IntN(15))))) / math.Pow10(random.IntN(10))
		for _, f := range []float64{math.Nextafter(f, 0), f, math.Nextafter(f, 1e15)} {
			got, ok := appendShort(nil, f)
			if !ok {
				continue
			}
			b := math.Float64bits(f)
			d := javaDigits{fract: b&(1<<52-1) | 1<<52, exp: int(b>>52) - 1023, significant: 53}
			d.find()
			if want := d.append(nil); string(got) != string(want) {
				t.Errorf("%v: %s, Java writes %s", f, got, want)
			}
			short++
		}
	}
	if short < 100_000 {
		t.Errorf("only %d were short", short)
	}
}

func BenchmarkAppendFloat64(b *testing.B) {
	for _, f := range []float64{5, 19.99, 1234567.891, 1.5e-7, 6.02214076e23, math.MaxFloat64} {
		b.Run(strconv.FormatFloat(f, 'g', -1, 64), func(b *testing.B) {
			var buf [32]byte
			b.ReportAllocs()
			for b.Loop() {
				AppendFloat64(buf[:0], f)
			}
		})
	}
}
