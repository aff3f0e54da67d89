package dryrun

import (
	stdbytes "bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxDepth is how deep data may be.
const maxDepth = 200

// object is a JSON object, its members in order.
type object []member

type member struct {
	name  string
	value any
}

func (o object) get(name string) (any, bool) {
	for _, m := range o {
		if m.name == name {
			return m.value, true
		}
	}
	return nil, false
}

// parseData reads data as a request has it: nil, bool, json.Number, string,
// []byte ({"$bytes": "base64"}), []any or object.
func parseData(raw json.RawMessage) (any, error) {
	dec := json.NewDecoder(stdbytes.NewReader(raw))
	dec.UseNumber()
	x, err := parseNext(dec, 0)
	if err != nil {
		return nil, fmt.Errorf("is no JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("is no JSON: there is more than one value")
	}
	return x, nil
}

func parseNext(dec *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it is nested more than %d levels", maxDepth)
	}
	t, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			x, err := parseNext(dec, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, x)
		}
		_, err = dec.Token()
		return list, err
	case json.Delim('{'):
		return parseObject(dec, depth)
	}
	return t, nil
}

func parseObject(dec *json.Decoder, depth int) (any, error) {
	out := object{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		x, err := parseNext(dec, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, member{name.(string), x})
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if len(out) == 1 && out[0].name == "$bytes" {
		if s, ok := out[0].value.(string); ok {
			b, err := base64.StdEncoding.DecodeString(s)
			if err != nil {
				return nil, fmt.Errorf("$bytes is no base64: %w", err)
			}
			return append([]byte{}, b...), nil
		}
	}
	return out, nil
}
