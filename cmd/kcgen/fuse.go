package main

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/flow"
	"kcgen.dev/runtime/fuse"
	"kcgen.dev/runtime/fuse/recipe"
	"kcgen.dev/runtime/predicate"
	"kcgen.dev/runtime/transform"
)

// components are some that kcgen knows by their types in a plan.
type components map[plan.Type]any

// fusable are the components of which a function can be made, or that it can
// get past.
var fusable = componentsOf(
	filestream.Source{},
	transform.Cast{}, transform.Drop{}, transform.HoistField{}, transform.InsertField{}, transform.MaskField{},
	transform.RegexRouter{}, transform.ReplaceField{}, transform.TimestampConverter{},
	predicate.HasHeaderKey{}, predicate.RecordIsTombstone{}, predicate.TopicNameMatches{},
	convert.JSON{}, convert.String{},
)

func componentsOf(all ...any) components {
	m := components{}
	for _, c := range all {
		t := reflect.TypeOf(c)
		pkg, name, _ := strings.Cut(t.String(), ".")
		m[plan.Type{Path: t.PkgPath(), Pkg: pkg, Name: name}] = c
	}
	return m
}

// functions finds the chains of sources that are one function each.
func functions(p *plan.Pipeline) map[string]*recipe.Recipe {
	out := map[string]*recipe.Recipe{}
	for _, s := range p.Root.Structs("sources") {
		if r, _ := function(s); r != nil {
			out[s.Key()] = r
		}
	}
	return out
}

// function finds the function of a source's chain, or what keeps it from being
// one. A component that panics is no reason not to build: its own task says so.
func function(s *plan.Struct) (r *recipe.Recipe, notes []recipe.Note) {
	defer func() {
		if p := recover(); p != nil {
			r, notes = nil, []recipe.Note{{Part: "connector", Why: fmt.Sprintf("a part of its chain panics: %v", p)}}
		}
	}()
	ch := fusable.chain(s)
	states, _ := flow.Source(known[connect.Source](fusable, s.Struct("connector"), foreignSource{}), ch, connect.Shape{})
	return fuse.Source(ch, states)
}

func (m components) chain(s *plan.Struct) flow.Chain {
	ch := flow.Chain{Key: known[connect.Converter](m, s.Struct("keyConverter"), foreignConverter{}), Value: known[connect.Converter](m, s.Struct("valueConverter"), foreignConverter{})}
	for _, n := range s.List("transforms") {
		step := n.(*plan.Struct)
		f := flow.Step{Do: known[connect.Transform](m, step.Struct("do"), foreignTransform{})}
		if when := step.Struct("when"); when != nil {
			f.When = known[connect.Predicate](m, when, foreignPredicate{})
		}
		if unless := step.Struct("unless"); unless != nil {
			f.Unless = known[connect.Predicate](m, unless, foreignPredicate{})
		}
		ch.Steps = append(ch.Steps, f)
	}
	return ch
}

// known is what the plan says, as a value; or foreign, where its type is not
// among those that are known.
func known[T any](m components, s *plan.Struct, foreign T) T {
	if s == nil || s.Func {
		return foreign
	}
	c, ok := m[s.Type]
	if !ok {
		return foreign
	}
	text, err := json.Marshal(plan.JSON(s))
	v := reflect.New(reflect.TypeOf(c))
	if err == nil {
		err = json.Unmarshal(text, v.Interface())
	}
	if c, ok := v.Elem().Interface().(T); ok && err == nil {
		return c
	}
	return foreign
}

// Components that kcgen does not know, which say nothing of themselves.
type (
	foreignSource    struct{}
	foreignTransform struct{}
	foreignPredicate struct{}
	foreignConverter struct{ connect.Codec }
)

func (foreignSource) Tasks(context.Context, int) ([]connect.SourceTask, error) { return nil, nil }
func (foreignTransform) Open() (connect.Apply, error)                          { return nil, nil }
func (foreignPredicate) Open() (connect.Test, error)                           { return nil, nil }
func (c foreignConverter) Open(connect.Role) (connect.Codec, error)            { return c, nil }
