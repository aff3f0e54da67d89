package jsonschema

import (
	"errors"
	"fmt"
	"strconv"
)

// What numbers may be when they are calculated with, as validation does: the
// library makes fractions of them, whose digits the exponent counts.
const (
	maxDigits   = 1000
	maxExponent = 400
)

// screen refuses a number that costs too much to calculate with.
func screen(raw []byte) error {
	if len(raw) > maxDigits {
		return fmt.Errorf("more than %d characters", maxDigits)
	}
	for i, c := range raw {
		if c|0x20 != 'e' {
			continue
		}
		exp, err := strconv.Atoi(string(raw[i+1:]))
		if err != nil || exp > maxExponent || exp < -maxExponent {
			return fmt.Errorf("an exponent beyond %d", maxExponent)
		}
	}
	return nil
}

var errSpecial = errors.New("NaN and the infinities are no numbers of JSON Schema")
