package postgres

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unsafe"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
	"kcgen.dev/runtime/connector/database"
)

// The decoders here read the text that the server prints for a value, which is
// what logical decoding sends.

var errText = errors.New("the server has printed a value in a form that is not known")

// aside is b as a string for the length of a call.
func aside(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func textBool(_ *state, b []byte) (connect.Value, error) {
	return connect.Bool(len(b) > 0 && (b[0] == 't' || b[0] == 'T')), nil
}

// parseInt reads a whole number.
func parseInt(b []byte) (int64, error) {
	minus := len(b) > 0 && b[0] == '-'
	digits := b
	if minus {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > 18 {
		n, err := strconv.ParseInt(string(b), 10, 64)
		if err != nil {
			return 0, errText
		}
		return n, nil
	}
	n := int64(0)
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, errText
		}
		n = n*10 + int64(c-'0')
	}
	if minus {
		n = -n
	}
	return n, nil
}

func textInt(bits int) decoder {
	limit := int64(1)<<(bits-1) - 1
	return func(_ *state, b []byte) (connect.Value, error) {
		n, err := parseInt(b)
		if err != nil || n > limit || n < -limit-1 {
			return connect.Null, errText
		}
		switch bits {
		case 16:
			return connect.Int16(int16(n)), nil
		case 32:
			return connect.Int32(int32(n)), nil
		}
		return connect.Int64(n), nil
	}
}

func textFloat(bits int) decoder {
	return func(_ *state, b []byte) (connect.Value, error) {
		f, err := strconv.ParseFloat(aside(b), bits)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return connect.Null, errText
		}
		if bits == 32 {
			return connect.Float32(float32(f)), nil
		}
		return connect.Float64(f), nil
	}
}

// textNumber is a number as a text; what is no number has Debezium's names.
func textNumber(s *state, b []byte) (connect.Value, error) {
	switch string(b) {
	case "NaN":
		return connect.String("NAN"), nil
	case "Infinity":
		return connect.String("POSITIVE_INFINITY"), nil
	case "-Infinity":
		return connect.String("NEGATIVE_INFINITY"), nil
	}
	return connect.PlainText(s.keep(b)), nil
}

// parseDecimal reads a number without an exponent: its digits as a whole number,
// and how many stand behind the point. Numbers of up to 18 digits come small.
func parseDecimal(b []byte) (small int64, large *big.Int, scale int, err error) {
	if len(b) == 0 || b[0] == 'N' || b[0] == 'I' || len(b) > 1 && b[1] == 'I' {
		return 0, nil, 0, errNaN
	}
	digits, point := 0, -1
	for i, c := range b {
		switch {
		case c >= '0' && c <= '9':
			digits++
			if digits <= 18 {
				small = small*10 + int64(c-'0')
			}
		case c == '.' && point < 0:
			point = i
		case c == '-' && i == 0:
		default:
			return 0, nil, 0, errText
		}
	}
	if digits == 0 {
		return 0, nil, 0, errText
	}
	if point >= 0 {
		scale = len(b) - point - 1
	}
	if digits <= 18 {
		if b[0] == '-' {
			small = -small
		}
		return small, nil, scale, nil
	}
	text := b
	if point >= 0 {
		text = append(append(make([]byte, 0, len(b)), b[:point]...), b[point+1:]...)
	}
	large, ok := new(big.Int).SetString(string(text), 10)
	if !ok {
		return 0, nil, 0, errText
	}
	return 0, large, scale, nil
}

// textDecimal is a number with so many digits behind the point.
func textDecimal(scale int32) decoder {
	return func(s *state, b []byte) (connect.Value, error) {
		small, large, has, err := parseDecimal(b)
		if err != nil {
			return connect.Null, err
		}
		shift := int(scale) - has
		if large == nil && shift >= 0 && shift < len(powers) && (small == 0 || max(small, -small) <= math.MaxInt64/powers[shift]) {
			return s.decimal(small*powers[shift], scale), nil
		}
		if large == nil {
			large = big.NewInt(small)
		}
		if large, err = rescale(large, shift); err != nil {
			return connect.Null, err
		}
		return (&connect.Decimal{Unscaled: large, Scale: scale}).Value(), nil
	}
}

// rescale multiplies by a power of ten, and loses nothing.
func rescale(n *big.Int, shift int) (*big.Int, error) {
	if shift >= 0 {
		return new(big.Int).Mul(n, database.PowerOfTen(int64(shift))), nil
	}
	q, rest := new(big.Int).QuoRem(n, database.PowerOfTen(int64(-shift)), new(big.Int))
	if rest.Sign() != 0 {
		return nil, errTooExact
	}
	return q, nil
}

// variableScale is a number with any number of digits behind the point: a struct
// of their number and the bytes of the whole.
func variableScale() mapping {
	return mapping{schema: cdc.NewVariableScaleDecimal, decodeAs: textVariable}
}

func textVariable(as *connect.Schema) decoder {
	return func(s *state, b []byte) (connect.Value, error) {
		small, large, scale, err := parseDecimal(b)
		if err != nil {
			return connect.Null, err
		}
		var unscaled []byte
		if large == nil {
			for scale > 0 && small%10 == 0 {
				small, scale = small/10, scale-1
			}
			unscaled = s.buffer.Finish(appendInt(s.buffer.Start(), small))
		} else {
			large, scale = stripZeros(large, scale)
			unscaled = s.buffer.Finish((&connect.Decimal{Unscaled: large}).AppendUnscaled(s.buffer.Start()))
		}
		st := newStruct(as)
		st.Slots[0], st.Slots[1] = connect.Int32(int32(scale)), connect.Bytes(unscaled)
		return st.Value(), nil
	}
}

func stripZeros(n *big.Int, scale int) (*big.Int, int) {
	ten, rest := big.NewInt(10), new(big.Int)
	for scale > 0 {
		q, r := new(big.Int).QuoRem(n, ten, rest)
		if r.Sign() != 0 {
			break
		}
		n, scale = q, scale-1
	}
	return n, scale
}

// appendInt appends a number in two's complement, in as few bytes as hold it.
func appendInt(dst []byte, n int64) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	i := 0
	for i < 7 && (b[i] == 0 && b[i+1]&0x80 == 0 || b[i] == 0xff && b[i+1]&0x80 != 0) {
		i++
	}
	return append(dst, b[i:]...)
}

func newStruct(s *connect.Schema) *connect.Struct {
	return &connect.Struct{Schema: s, Slots: make([]connect.Value, len(s.Fields()))}
}

// textMoney reads an amount as the database's locale prints it: with a sign of a
// currency, with separators, and with a minus or in parentheses.
func textMoney(digits int, as string) decoder {
	return func(s *state, b []byte) (connect.Value, error) {
		number := s.buffer.Start()
		minus := false
		for _, c := range b {
			switch {
			case c >= '0' && c <= '9' || c == '.':
				number = append(number, c)
			case c == '-' || c == '(':
				minus = true
			}
		}
		if minus {
			number = append([]byte{'-'}, number...)
		}
		switch as {
		case "string":
			return connect.PlainText(s.buffer.Finish(number)), nil
		case "double":
			return textFloat(64)(s, number)
		}
		small, large, scale, err := parseDecimal(number)
		if err != nil {
			return connect.Null, err
		}
		if large == nil {
			large = big.NewInt(small)
		}
		return (&connect.Decimal{Unscaled: roundHalfUp(large, digits-scale), Scale: int32(digits)}).Value(), nil
	}
}

// roundHalfUp multiplies by a power of ten; a half goes away from zero.
func roundHalfUp(n *big.Int, shift int) *big.Int {
	if shift >= 0 {
		return new(big.Int).Mul(n, database.PowerOfTen(int64(shift)))
	}
	q, rest := new(big.Int).QuoRem(n, database.PowerOfTen(int64(-shift)), new(big.Int))
	if twice := new(big.Int).Lsh(rest, 1); twice.CmpAbs(database.PowerOfTen(int64(-shift))) >= 0 {
		q.Add(q, big.NewInt(int64(n.Sign())))
	}
	return q
}

func textBit(_ *state, b []byte) (connect.Value, error) {
	return connect.Bool(bytes.IndexByte(b, '1') >= 0), nil
}

// textBits gives the bits from the last to the first that is set, eight to a
// byte, as java.util.BitSet does; no bit set is a byte of zero.
func textBits(s *state, b []byte) (connect.Value, error) {
	first := bytes.IndexByte(b, '1')
	n := 0
	if first >= 0 {
		n = (len(b) - first + 7) / 8
	}
	out := s.buffer.Start()
	out = append(out, make([]byte, n)...)
	data := out[len(out)-n:]
	for i, c := range b {
		switch {
		case c == '1':
			at := len(b) - 1 - i
			data[at/8] |= 1 << (at % 8)
		case c != '0':
			return connect.Null, errText
		}
	}
	return connect.Bytes(s.buffer.Finish(out)), nil
}

// decodeHex reads bytes as bytea_output hex prints them.
func decodeHex(s *state, b []byte) ([]byte, error) {
	b, ok := bytes.CutPrefix(b, []byte(`\x`))
	if !ok {
		return nil, errText
	}
	dst, err := hex.AppendDecode(s.buffer.Start(), b)
	if err != nil {
		return nil, errText
	}
	return s.buffer.Finish(dst), nil
}

// decodeTextBytes takes a text as it is.
func decodeTextBytes(s *state, b []byte) ([]byte, error) { return s.keep(b), nil }

func binaryText(mode string) func(dst, data []byte) []byte {
	switch mode {
	case "base64":
		return base64.StdEncoding.AppendEncode
	case "base64-url-safe":
		return base64.URLEncoding.AppendEncode
	}
	return hex.AppendEncode
}

// uuidOfName is java.util.UUID.nameUUIDFromBytes.
func uuidOfName(name string) string {
	h := md5.Sum([]byte(name))
	h[6], h[8] = h[6]&0x0f|0x30, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:])
}
