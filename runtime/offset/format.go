package offset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"kcgen.dev/runtime/connect"
)

// Describe is a partition for people: {"filename":"/var/log/x"}.
func Describe(p *connect.SourcePartition) string {
	return string(appendPartition(nil, p))
}

// DescribeOffset is a source offset in JSON, as the offsets topic holds it.
func DescribeOffset(o connect.SourceOffset) string {
	b, err := encodeOffset(o)
	if err != nil {
		return fmt.Sprint(map[string]any(o)) // what cannot be committed either
	}
	return string(b)
}

// encodeKey is ["connector",{partition}], compact, as Kafka Connect's
// OffsetStorageWriter has its JsonConverter write it.
func encodeKey(connector string, p *connect.SourcePartition) []byte {
	b := append([]byte{'['}, appendString(nil, connector)...)
	b = append(b, ',')
	return append(appendPartition(b, p), ']')
}

func appendPartition(b []byte, p *connect.SourcePartition) []byte {
	b = append(b, '{')
	for i, kv := range p.Pairs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, kv.Key), ':')
		v, err := appendScalar(b, kv.Value)
		if err != nil { // not one of the types that Pair allows
			v = appendString(b, fmt.Sprint(kv.Value))
		}
		b = v
	}
	return append(b, '}')
}

// encodeOffset is the offset as a JSON object, its names sorted; nil is a
// tombstone.
func encodeOffset(o connect.SourceOffset) ([]byte, error) {
	if o == nil {
		return nil, nil
	}
	b := []byte{'{'}
	for i, k := range slices.Sorted(maps.Keys(o)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, k), ':')
		var err error
		if b, err = appendScalar(b, o[k]); err != nil {
			return nil, fmt.Errorf("offset field %s: %w", k, err)
		}
	}
	return append(b, '}'), nil
}

func appendScalar(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case string:
		return appendString(b, v), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int8:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int16:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int32:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case uint8:
		return strconv.AppendUint(b, uint64(v), 10), nil
	case uint16:
		return strconv.AppendUint(b, uint64(v), 10), nil
	case uint32:
		return strconv.AppendUint(b, uint64(v), 10), nil
	case uint64:
		if v > math.MaxInt64 {
			return nil, errors.New("an integer of more than 63 bits")
		}
		return strconv.AppendUint(b, v, 10), nil
	case float32:
		return appendFloat(b, float64(v))
	case float64:
		return appendFloat(b, v)
	}
	return nil, fmt.Errorf("a value of type %T; there are strings, integers, floating-point numbers, booleans and nil", v)
}

// appendFloat keeps a number recognisable as one with a fraction: 1 becomes 1.0.
func appendFloat(b []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, errors.New("a number that JSON does not have")
	}
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return append(b, s...), nil
}

const hex = "0123456789ABCDEF"

// appendString quotes as Jackson does: it escapes the quote, the backslash and
// control characters, and nothing else.
func appendString(b []byte, s string) []byte {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= 0x20:
			b = append(b, c)
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\f':
			b = append(b, `\f`...)
		case c == '\r':
			b = append(b, `\r`...)
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(b, '"')
}

// meaningOf is a key in a form in which equal meanings are equal strings: names
// sorted, numbers normalised.
func meaningOf(key []byte) (string, error) {
	if key == nil {
		return "", errors.New("a record without a key")
	}
	var parts []any
	if err := decode(key, &parts); err != nil {
		return "", fmt.Errorf("key %.100q: %w", key, err)
	}
	if len(parts) != 2 {
		return "", fmt.Errorf("key %.100q is not [name, partition]", key)
	}
	name, ok := parts[0].(string)
	partition, ok2 := parts[1].(map[string]any)
	if !ok || !ok2 {
		return "", fmt.Errorf("key %.100q is not [name, partition]", key)
	}
	b, err := json.Marshal([]any{name, normal(partition)}) // sorts names
	return string(b), err
}

// partitionOf reads a partition, with its names sorted.
func partitionOf(text []byte) (*connect.SourcePartition, error) {
	var m map[string]any
	if err := decode(text, &m); err != nil {
		return nil, fmt.Errorf("partition %.100q: %w", text, err)
	}
	p := &connect.SourcePartition{}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		p.Pairs = append(p.Pairs, connect.Pair{Key: name, Value: normal(m[name])})
	}
	return p, nil
}

// decodeOffset reads a value; nil and null are a deleted offset.
func decodeOffset(value []byte) (connect.SourceOffset, error) {
	if value == nil {
		return nil, nil
	}
	var m map[string]any
	if err := decode(value, &m); err != nil {
		return nil, fmt.Errorf("value %.100q: %w", value, err)
	}
	if m == nil {
		return nil, nil
	}
	return normal(m).(map[string]any), nil
}

func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	return nil
}

// normal makes numbers int64 where they are integers, and else float64.
func normal(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return i
		}
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return f
	case map[string]any:
		for k := range v {
			v[k] = normal(v[k])
		}
		return v
	case []any:
		for i := range v {
			v[i] = normal(v[i])
		}
		return v
	}
	return v
}
