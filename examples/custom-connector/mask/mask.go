// Package mask hides parts of text; see mask.cue.
package mask

import (
	"fmt"
	"regexp"
	"slices"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = Mask{}

// Open compiles the regular expression.
func (m Mask) Open() (connect.Apply, error) {
	re, err := regexp.Compile(m.Pattern)
	if err != nil {
		return nil, fmt.Errorf("mask: pattern: %w", err)
	}
	return func(r *connect.Record) (bool, error) {
		d := &r.Value
		if m.On == "key" {
			d = &r.Key
		}
		if m.Field == "" {
			d.Value = m.text(re, d.Value)
		} else {
			d.Value = m.in(re, d.Value)
		}
		return true, nil
	}, nil
}

// text masks a text. Values are immutable: a changed one is a new one.
func (m Mask) text(re *regexp.Regexp, v connect.Value) connect.Value {
	if v.Kind() != connect.KindString || !re.MatchString(v.Str()) {
		return v
	}
	return connect.String(re.ReplaceAllString(v.Str(), m.Replacement))
}

// in masks the field of a struct, or the entry of a schemaless map.
func (m Mask) in(re *regexp.Regexp, v connect.Value) connect.Value {
	switch v.Kind() {
	case connect.KindStruct:
		old := v.Struct()
		i := old.Schema.FieldIndex(m.Field)
		if i < 0 {
			return v
		}
		slots := slices.Clone(old.Slots)
		slots[i] = m.text(re, slots[i])
		return (&connect.Struct{Schema: old.Schema, Slots: slots}).Value()
	case connect.KindMap:
		i := v.Map().Index(m.Field)
		if i < 0 {
			return v
		}
		masked := *v.Map() // its keys stay
		masked.Vals = slices.Clone(masked.Vals)
		masked.Vals[i] = m.text(re, masked.Vals[i])
		return masked.Value()
	}
	return v
}
