package transform

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"kcgen.dev/runtime/connect"
)

var errNoNumber = errors.New("not a number")

// noNumber says which text is no number, without showing much of it.
func noNumber(text string) error {
	if len(text) > 40 {
		text = strings.ToValidUTF8(text[:40], "") + "…"
	}
	return fmt.Errorf("%w: %q", errNoNumber, text)
}

// asciiDigits writes decimal digits of any script in ASCII, as Java reads them.
// Those beyond the basic plane are no digits to it.
func asciiDigits(text string) string {
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return strings.Map(asciiDigit, text)
		}
	}
	return text
}

func asciiDigit(r rune) rune {
	if r < utf8.RuneSelf || r > math.MaxUint16 {
		return r
	}
	for _, run := range unicode.Nd.R16 { // runs begin with a zero, and are of tens
		if rune(run.Lo) <= r && r <= rune(run.Hi) {
			return '0' + (r-rune(run.Lo))%10
		}
	}
	return r
}

// parseInt reads what Byte.parseByte to Long.parseLong read: a sign, digits,
// nothing else.
func parseInt(text string, bits int) (int64, error) {
	n, err := strconv.ParseInt(text, 10, bits)
	if err == nil {
		return n, nil
	}
	if n, err = strconv.ParseInt(asciiDigits(text), 10, bits); err == nil {
		return n, nil
	}
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%s is out of the range of int%d", text[:min(len(text), 40)], bits)
	}
	return 0, noNumber(text)
}

// parseFloat reads what Double.parseDouble (or Float.parseFloat) reads: NaN,
// Infinity, decimal and hexadecimal numbers, with blanks around and a letter of
// the type behind. What is too large is infinite.
func parseFloat(text string, bits int) (float64, error) {
	s := strings.TrimFunc(text, func(r rune) bool { return r <= ' ' })
	body := strings.TrimLeft(s, "+-")
	switch {
	case len(s)-len(body) > 1 || body == "":
		return 0, noNumber(text)
	case body == "NaN":
		return math.NaN(), nil
	case body == "Infinity":
		if s[0] == '-' {
			return math.Inf(-1), nil
		}
		return math.Inf(1), nil
	}
	hex := len(body) > 1 && body[0] == '0' && body[1]|0x20 == 'x'
	if strings.ContainsRune("fFdD", rune(s[len(s)-1])) && (!hex || strings.ContainsAny(s, "pP")) {
		s, body = s[:len(s)-1], body[:len(body)-1]
	}
	// Go reads underscores, inf and nan, which Java does not.
	if body == "" || body[0] != '.' && (body[0] < '0' || body[0] > '9') || strings.Contains(s, "_") {
		return 0, noNumber(text)
	}
	f, err := strconv.ParseFloat(s, bits)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, noNumber(text)
	}
	return f, nil
}

// parseDecimal reads what java.math.BigDecimal reads.
func parseDecimal(text string) (*connect.Decimal, error) {
	s := asciiDigits(text)
	digits, exponent, hasExponent := s, "", false
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		digits, exponent, hasExponent = s[:i], s[i+1:], true
	}
	whole, frac, _ := strings.Cut(digits, ".")
	unsigned := whole
	if whole != "" && (whole[0] == '+' || whole[0] == '-') {
		unsigned = whole[1:]
	}
	if unsigned+frac == "" || !allDigits(unsigned) || !allDigits(frac) {
		return nil, noNumber(text)
	}
	var e int64
	if hasExponent {
		var err error
		if e, err = strconv.ParseInt(exponent, 10, 32); err != nil {
			return nil, noNumber(text)
		}
	}
	scale := int64(len(frac)) - e
	n, ok := new(big.Int).SetString(whole+frac, 10)
	if !ok || scale != int64(int32(scale)) {
		return nil, noNumber(text)
	}
	return &connect.Decimal{Unscaled: n, Scale: int32(scale)}, nil
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// unscaled is the number of d without its scale.
func unscaled(d *connect.Decimal) *big.Int {
	if d.Unscaled == nil {
		return new(big.Int)
	}
	return d.Unscaled
}

// lowBits is BigDecimal.longValue: the whole part's lowest 64 bits.
func lowBits(d *connect.Decimal) int64 {
	n, scale := unscaled(d), int64(d.Scale)
	switch {
	case n.Sign() == 0 || scale <= -64:
		return 0 // a multiple of 2 to the 64th
	case scale > int64(n.BitLen()):
		return 0 // less than one
	case scale == 0:
	case scale < 0:
		n = new(big.Int).Mul(n, powerOfTen(-scale))
	default:
		n = new(big.Int).Quo(n, powerOfTen(scale))
	}
	low := new(big.Int).And(n, new(big.Int).SetUint64(math.MaxUint64)) // of the two's complement
	return int64(low.Uint64())
}

func powerOfTen(n int64) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil) }

// decimalFloat is BigDecimal.doubleValue or floatValue: the closest number, or
// an infinite one.
func decimalFloat(d *connect.Decimal, bits int) float64 {
	f, _ := strconv.ParseFloat(d.String(), bits) // out of range is infinite
	return f
}
