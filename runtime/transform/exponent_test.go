package transform

import (
	"fmt"
	"math"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
)

// A number of a few characters may have thousands of millions of digits: they
// are never written out (KAFKA-10574, KAFKA-17792).
func TestHugeExponents(t *testing.T) {
	codec, err := convert.SimpleHeader{}.Open(connect.RoleHeader)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"1E+2147483647", "-7E+2147483646", "1E+1000000000"} {
		d, err := codec.Decode("t", []byte(text))
		if err != nil || d.Value.Kind() != connect.KindDecimal {
			t.Errorf("%s: %v %v", text, d.Value.Kind(), err)
			continue
		}
		n := d.Value.Decimal()
		if got := fmt.Sprint(lowBits(n), math.IsInf(decimalFloat(n, 64), 0), n); got != "0 true "+text {
			t.Errorf("%s: %s", text, got)
		}
	}
	small, err := parseDecimal("5E-2147483647")
	if err != nil || lowBits(small) != 0 || decimalFloat(small, 32) != 0 {
		t.Errorf("%v %v", small, err)
	}
}
