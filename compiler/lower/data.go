package lower

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
)

// maxData is how deep the data of a test may be.
const maxData = 100

// appendData appends a value as JSON, the fields in the spec's order. A float
// keeps its point; bytes, which JSON has not, are {"$bytes": "base64"}.
func appendData(dst []byte, v cue.Value, depth int) ([]byte, error) {
	if depth > maxData {
		return dst, fmt.Errorf("data is nested more than %d levels", maxData)
	}
	if d, ok := v.Default(); ok {
		v = d
	}
	switch v.Kind() {
	case cue.NullKind:
		return append(dst, "null"...), nil
	case cue.BoolKind:
		b, err := v.Bool()
		return strconv.AppendBool(dst, b), err
	case cue.IntKind:
		n, err := v.Int(nil)
		if err != nil {
			return dst, err
		}
		return n.Append(dst, 10), nil
	case cue.FloatKind:
		return appendFloat(dst, v)
	case cue.StringKind:
		s, err := v.String()
		return appendText(dst, s), err
	case cue.BytesKind:
		b, err := v.Bytes()
		dst = append(dst, `{"$bytes":"`...)
		return append(base64.StdEncoding.AppendEncode(dst, b), `"}`...), err
	case cue.ListKind:
		return appendList(dst, v, depth)
	case cue.StructKind:
		return appendStruct(dst, v, depth)
	}
	return dst, errors.New("is not a concrete value")
}

func appendText(dst []byte, s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		return append(dst, `""`...) // a string always encodes
	}
	return append(dst, b...)
}

func appendFloat(dst []byte, v cue.Value) ([]byte, error) {
	b, err := v.MarshalJSON()
	if err != nil {
		return dst, err
	}
	if !strings.ContainsAny(string(b), ".eE") {
		b = append(b, ".0"...)
	}
	return append(dst, b...), nil
}

func appendList(dst []byte, v cue.Value, depth int) ([]byte, error) {
	it, err := v.List()
	if err != nil {
		return dst, err
	}
	sep := byte('[')
	for it.Next() {
		if dst, err = appendData(append(dst, sep), it.Value(), depth+1); err != nil {
			return dst, err
		}
		sep = ','
	}
	if sep == '[' {
		dst = append(dst, sep)
	}
	return append(dst, ']'), nil
}

func appendStruct(dst []byte, v cue.Value, depth int) ([]byte, error) {
	it, err := v.Fields()
	if err != nil {
		return dst, err
	}
	sep := byte('{')
	for it.Next() {
		dst = append(appendText(append(dst, sep), it.Selector().Unquoted()), ':')
		if dst, err = appendData(dst, it.Value(), depth+1); err != nil {
			return dst, err
		}
		sep = ','
	}
	if sep == '{' {
		dst = append(dst, sep)
	}
	return append(dst, '}'), nil
}
