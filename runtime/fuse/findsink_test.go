package fuse_test

import (
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/flow"
	"kcgen.dev/runtime/fuse"
	"kcgen.dev/runtime/fuse/recipe"
	"kcgen.dev/runtime/internal/reshape"
	"kcgen.dev/runtime/predicate"
	"kcgen.dev/runtime/transform"
)

// planned is a transform whose plans are a function's.
type planned func(names []string) *reshape.Plan

func (planned) Open() (connect.Apply, error) { return nil, nil }

func (p planned) Reshape() (reshape.Step, error) {
	return reshape.Step{On: "value", Fields: []string{"a", "b"}, Map: func(keys *connect.KeySet) *reshape.Plan {
		var names []string
		for _, k := range keys.Keys() {
			names = append(names, k.Str())
		}
		return p(names)
	}}, nil
}

// keeping is the plan that takes over the members of these places.
func keeping(names []string, places ...int) *reshape.Plan {
	p := &reshape.Plan{}
	var keys []connect.Value
	for _, i := range places {
		keys = append(keys, connect.String(names[i]))
		p.Places = append(p.Places, reshape.Place{From: i})
	}
	p.Keys = connect.NewKeySet(keys)
	return p
}

func all(names []string) (places []int) {
	for i := range names {
		places = append(places, i)
	}
	return places
}

// TestFindSink: how many steps are in the function, and why the next one is not.
func TestFindSink(t *testing.T) {
	insert := flow.Step{Do: transform.InsertField{On: "value", StaticField: "site", StaticValue: "eu"}}
	hoist := flow.Step{Do: transform.HoistField{On: "value", Field: "line"}}
	mask := flow.Step{Do: transform.MaskField{On: "value", Fields: []string{"card"}}}
	plain := convert.JSON{}
	for _, c := range []struct {
		name  string
		value connect.Converter
		topic string
		steps []flow.Step
		done  int
		why   string // of the first part that is not in it
	}{
		{"all", plain, "", []flow.Step{insert, mask}, 2, ""},
		{"none", plain, "", nil, 0, ""},
		{"schemas", convert.JSON{SchemasEnable: true}, "", []flow.Step{insert}, 0, "valueConverter: its messages carry schemas"},
		{"strict", convert.JSON{Strict: true}, "", []flow.Step{insert}, 0, "valueConverter: it is strict"},
		{"bytes", convert.ByteArray{}, "", []flow.Step{insert}, 0, "valueConverter: it is not one of the converters"},
		{"text", convert.String{}, "", []flow.Step{hoist, insert}, 2, ""},
		{"text as it is", convert.String{}, "", []flow.Step{insert}, 0, "transforms[0]: a text has no fields"},
		{"text of a charset", convert.String{Encoding: "UTF-16"}, "", []flow.Step{hoist}, 0, "valueConverter: its messages are not in UTF-8"},
		{"text that is wrapped twice", convert.String{}, "", []flow.Step{hoist, hoist}, 1, "transforms[1]: it wraps a value that was made before"},
		{"text that is masked", convert.String{}, "", []flow.Step{hoist, {Do: transform.MaskField{On: "value", Fields: []string{"line"}}}}, 1, "transforms[1]: it changes a field of each record"},
		{"text and a field that is there", convert.String{}, "", []flow.Step{hoist, {Do: transform.InsertField{On: "value", StaticField: "line"}}}, 1, "transforms[1]: what it does differs"},
		{"converter of a reference", convert.JSON{SchemaContent: "${env:SCHEMA}"}, "", []flow.Step{insert}, 0, "valueConverter: its configuration holds a reference"},
		{"reference", plain, "", []flow.Step{insert, {Do: transform.MaskField{On: "value", Fields: []string{"${env:F}"}}}}, 1, "transforms[1]: its configuration holds a reference"},
		{"bad option", plain, "", []flow.Step{{Do: transform.MaskField{On: "value"}}}, 0, "transforms[0]: no fields"},
		{"key", plain, "", []flow.Step{{Do: transform.InsertField{On: "key", StaticField: "a"}}, insert}, 0, "transforms[0]: it is on the key"},
		{"other", plain, "", []flow.Step{insert, {Do: transform.Flatten{On: "value"}}, mask}, 1, "transforms[1]: it is not one of the transforms"},
		{"wrapped", plain, "", []flow.Step{{Do: transform.HoistField{On: "value", Field: "x"}}}, 0, "transforms[0]: it wraps the whole value"},
		{"by header", plain, "", []flow.Step{insert, {Do: mask.Do, When: predicate.HasHeaderKey{Name: "h"}}}, 1, "transforms[1]: its predicate looks at each record"},
		{"by reference", plain, "t", []flow.Step{insert, {Do: mask.Do, When: predicate.TopicNameMatches{Pattern: "${env:T}"}}}, 1, "transforms[1]: its predicate holds a reference"},
		{"by topic", plain, "t", []flow.Step{insert, {Do: mask.Do, When: predicate.TopicNameMatches{Pattern: "t"}}}, 2, ""},
		{"by no topic", plain, "", []flow.Step{insert, {Do: mask.Do, When: predicate.TopicNameMatches{Pattern: "t"}}}, 1, "transforms[1]: its predicate looks at each record"},
		{"tombstones", plain, "", []flow.Step{{Do: transform.Filter{}, When: predicate.RecordIsTombstone{}}, insert}, 2, ""},
		{"no tombstones", plain, "", []flow.Step{insert, {Do: transform.Filter{}, Unless: predicate.RecordIsTombstone{}}}, 1, "transforms[1]: it is not one of the transforms"},
		{"routed", plain, "", []flow.Step{insert, {Do: transform.RegexRouter{Regex: "t", Replacement: "u"}}}, 1, "transforms[1]: the topic is not known"},
		{"nothing but a route", plain, "t", []flow.Step{{Do: transform.RegexRouter{Regex: "t", Replacement: "u"}}}, 0, ""},
		{"twice", plain, "", []flow.Step{{Do: transform.InsertField{On: "value", StaticField: "a", TopicField: "a"}}}, 0, "transforms[0]: what it does differs"},

		{"planned", plain, "", []flow.Step{{Do: planned(func(n []string) *reshape.Plan { return keeping(n, all(n)...) })}}, 1, ""},
		{"the first stays", plain, "", []flow.Step{insert, {Do: planned(func(n []string) *reshape.Plan { return keeping(n, all(n[:min(1, len(n))])...) })}}, 1, "transforms[1]: what becomes of a field depends on the others"},
		{"two stay", plain, "", []flow.Step{{Do: planned(func(n []string) *reshape.Plan { return keeping(n, all(n[:min(2, len(n))])...) })}}, 0, "transforms[0]: what becomes of a field depends on the others"},
		{"backwards", plain, "", []flow.Step{{Do: planned(func(n []string) *reshape.Plan {
			places := all(n)
			if len(n) > 1 {
				places[0], places[1] = 1, 0
			}
			return keeping(n, places...)
		})}}, 0, "transforms[0]: what becomes of a field depends on the others"},
		{"a makes b go", plain, "", []flow.Step{{Do: planned(func(n []string) *reshape.Plan {
			if len(n) > 1 && strings.Contains(strings.Join(n, " "), "a") && n[1] == "b" {
				return keeping(n, 0)
			}
			return keeping(n, all(n)...)
		})}}, 0, "transforms[0]: what becomes of a field depends on the others"},
	} {
		r, notes := fuse.FindSink(flow.Chain{Key: convert.String{}, Value: c.value, Steps: c.steps}, c.topic)
		done := 0
		if r != nil {
			done = r.Steps
		}
		if done != c.done {
			t.Errorf("%s: %d steps, want %d (%v)", c.name, done, c.done, notes)
		}
		why := first(notes)
		if !strings.HasPrefix(why, c.why) || (why == "") != (c.why == "") {
			t.Errorf("%s: %q, want %q", c.name, why, c.why)
		}
		if len(notes) != len(c.steps)+1 {
			t.Errorf("%s: %d notes", c.name, len(notes))
		}
	}
}

// first is the first note of what is not in the function.
func first(notes []recipe.Note) string {
	for _, n := range notes {
		if n.Why != "" {
			return n.Part + ": " + n.Why
		}
	}
	return ""
}

// TestOpenSink: a function that is not its chain's does not open.
func TestOpenSink(t *testing.T) {
	mask := transform.MaskField{On: "value", Fields: []string{"card"}}
	for _, c := range []struct {
		sink  fuse.Sink
		steps []connect.Transform
		want  string
	}{
		{fuse.Sink{Steps: 1, Changes: fuse.Changes{{Step: 0, Field: "card"}}}, []connect.Transform{mask}, ""},
		{fuse.Sink{Steps: 2}, []connect.Transform{mask}, "its chain has 1 steps, and it does 2"},
		{fuse.Sink{Steps: 1, Changes: fuse.Changes{{Step: 1, Field: "card"}}}, []connect.Transform{mask, mask}, "transforms[1]"},
		{fuse.Sink{Steps: 1, Changes: fuse.Changes{{Step: 0, Field: "name"}}}, []connect.Transform{mask}, `transforms[0]: transform.MaskField does not change the field "name"`},
		{fuse.Sink{Steps: 1, Changes: fuse.Changes{{Step: 0, Field: "a"}}}, []connect.Transform{transform.Flatten{On: "value"}}, "transform.Flatten has no plans"},
		{fuse.Sink{Steps: 1, Changes: fuse.Changes{{Step: 0, Field: "a"}}}, []connect.Transform{transform.MaskField{On: "value"}}, "transforms[0]: no fields"},
		{fuse.Sink{Steps: 1, Shape: fuse.Shape{0}}, []connect.Transform{transform.HoistField{On: "value", Field: "a"}}, ""},
		{fuse.Sink{Steps: 1, Shape: fuse.Shape{0}}, []connect.Transform{mask}, "transforms[0]: transform.MaskField has no plan for string"},
		{fuse.Sink{Steps: 1, Shape: fuse.Shape{0}}, []connect.Transform{transform.Flatten{On: "value"}}, "transforms[0]: transform.Flatten has no plans"},
		{fuse.Sink{Steps: 1, Shape: fuse.Shape{0}}, []connect.Transform{transform.TimestampConverter{On: "value", TargetType: "x"}}, "transforms[0]: "},
		{fuse.Sink{Steps: 1, Shape: fuse.Shape{2}}, []connect.Transform{mask}, "there is no transforms[2]"},
	} {
		_, err := c.sink.Open(c.steps)
		if got := fmt.Sprint(err); err == nil && c.want != "" || err != nil && (c.want == "" || !strings.Contains(got, c.want)) {
			t.Errorf("%+v: %v, want %q", c.sink, err, c.want)
		}
	}
}
