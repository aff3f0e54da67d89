package jsontext

import (
	"encoding/base64"
	"fmt"
	"math"

	"kcgen.dev/runtime/connect"
)

// AppendFloat appends a number as Java prints it; what is no number is quoted.
func AppendFloat(dst []byte, v connect.Value) []byte {
	f := v.Float()
	special := math.IsNaN(f) || math.IsInf(f, 0)
	if special {
		dst = append(dst, '"')
	}
	if v.Kind() == connect.KindFloat32 {
		dst = connect.AppendFloat32(dst, float32(f))
	} else {
		dst = connect.AppendFloat64(dst, f)
	}
	if special {
		dst = append(dst, '"')
	}
	return dst
}

// AppendBase64 appends bytes as a string of base64.
func AppendBase64(dst, b []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, b)
	return append(dst, '"')
}

// Base64 decodes the string at n. White space between groups of four is
// passed over, as by Jackson.
func (t *Tape) Base64(n int) ([]byte, error) {
	text := t.String(n).Raw()
	b := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	size, err := base64.StdEncoding.Decode(b, text)
	if err != nil && !t.Strict {
		size, err = base64.StdEncoding.Decode(b, packed(text))
	}
	if err != nil {
		return nil, fmt.Errorf("string at byte %d is not base64", t.Nodes[n].Start)
	}
	return b[:size], nil
}

// packed is text without the white space between its groups of four.
func packed(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, c := range text {
		if c > ' ' || len(out)%4 != 0 {
			out = append(out, c)
		}
	}
	return out
}
