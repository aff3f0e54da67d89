package jsonschema

import (
	"encoding/json"
	"math/big"
	"sort"
	"strconv"

	lib "github.com/santhosh-tekuri/jsonschema/v5"
)

// counter counts what a validation costs: the schemas that it goes through,
// with what each of them looks at.
type counter struct {
	rules    *rules
	weight   int // of the schema
	patterns int
}

func (c counter) Compile(_ lib.CompilerContext, m map[string]any) (lib.ExtSchema, error) {
	for _, v := range m {
		switch v := v.(type) {
		case []any:
			c.weight += len(v)
		case map[string]any:
			c.weight += len(v)
		}
	}
	patterns, _ := m["patternProperties"].(map[string]any)
	c.patterns = len(patterns)
	return c, nil
}

func (c counter) Validate(_ lib.ValidationContext, v any) error {
	cost := 1 + c.weight
	switch v := v.(type) {
	case []any:
		cost += len(v)
	case map[string]any:
		cost += len(v) * (1 + c.patterns)
	}
	if c.rules.left -= cost; c.rules.left < 0 {
		panic(tooMuch{})
	}
	return nil
}

// uniqueItems takes the place of the library's own, which compares all items
// of equal hash with each other, and whose hashes can be made equal.
type uniqueItems struct{}

func (u uniqueItems) Compile(_ lib.CompilerContext, m map[string]any) (lib.ExtSchema, error) {
	if on, _ := m["uniqueItems"].(bool); on {
		return u, nil
	}
	return nil, nil
}

func (uniqueItems) Validate(ctx lib.ValidationContext, v any) error {
	items, ok := v.([]any)
	if !ok {
		return nil
	}
	seen := make(map[string]int, len(items))
	var text []byte
	for i, item := range items {
		text = appendCanonical(text[:0], item)
		if j, twice := seen[string(text)]; twice {
			return ctx.Error("uniqueItems", "items %d and %d are equal", j, i)
		}
		seen[string(text)] = i
	}
	return nil
}

// appendCanonical appends a text that is the same for equal values alone.
func appendCanonical(dst []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(dst, v)
	case json.Number:
		r, ok := new(big.Rat).SetString(string(v))
		if !ok {
			return append(dst, v...)
		}
		return append(dst, r.RatString()...)
	case string:
		return strconv.AppendQuote(dst, v)
	case []any:
		dst = append(dst, '[')
		for _, e := range v {
			dst = append(appendCanonical(dst, e), ',')
		}
		return append(dst, ']')
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		sort.Strings(names)
		dst = append(dst, '{')
		for _, name := range names {
			dst = append(strconv.AppendQuote(dst, name), ':')
			dst = append(appendCanonical(dst, v[name]), ',')
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

// disarm takes away the library's own uniqueItems.
func disarm(s *lib.Schema, seen map[*lib.Schema]bool) {
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	s.UniqueItems = false
	for _, list := range [][]*lib.Schema{s.AllOf, s.AnyOf, s.OneOf, s.PrefixItems, {
		s.Ref, s.RecursiveRef, s.DynamicRef, s.Not, s.If, s.Then, s.Else, s.PropertyNames, s.UnevaluatedProperties,
		s.Items2020, s.Contains, s.UnevaluatedItems, s.ContentSchema,
	}} {
		for _, e := range list {
			disarm(e, seen)
		}
	}
	for _, e := range s.Properties {
		disarm(e, seen)
	}
	for _, e := range s.PatternProperties {
		disarm(e, seen)
	}
	for _, e := range s.DependentSchemas {
		disarm(e, seen)
	}
	for _, e := range s.Dependencies {
		disarmAny(e, seen)
	}
	disarmAny(s.AdditionalProperties, seen)
	disarmAny(s.Items, seen)
	disarmAny(s.AdditionalItems, seen)
}

func disarmAny(v any, seen map[*lib.Schema]bool) {
	switch v := v.(type) {
	case *lib.Schema:
		disarm(v, seen)
	case []*lib.Schema:
		for _, e := range v {
			disarm(e, seen)
		}
	}
}
