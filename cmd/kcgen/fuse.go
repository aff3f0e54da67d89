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
	"kcgen.dev/runtime/connector/sql"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/convert/avro"
	"kcgen.dev/runtime/convert/jsonschema"
	"kcgen.dev/runtime/convert/protobuf"
	"kcgen.dev/runtime/flow"
	"kcgen.dev/runtime/fuse"
	"kcgen.dev/runtime/fuse/recipe"
	"kcgen.dev/runtime/predicate"
	"kcgen.dev/runtime/secret"
	"kcgen.dev/runtime/transform"
)

// components are some that kcgen knows by their types in a plan.
type components map[plan.Type]any

// fusable are the components of which a function can be made, or that it can
// get past.
var fusable = componentsOf(
	filestream.Source{}, sql.Source{},
	transform.Cast{}, transform.Drop{}, transform.HoistField{}, transform.InsertField{}, transform.MaskField{},
	transform.ExtractField{}, transform.RegexRouter{}, transform.ReplaceField{}, transform.SetSchemaMetadata{}, transform.TimestampConverter{}, transform.ValueToKey{},
	predicate.HasHeaderKey{}, predicate.RecordIsTombstone{}, predicate.TopicNameMatches{},
	convert.JSON{}, convert.String{}, avro.Converter{}, jsonschema.Converter{}, protobuf.Converter{},
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

// functions finds the chains that are one function each.
func functions(p *plan.Pipeline) {
	p.Fused, p.FusedSinks = map[string]*recipe.Recipe{}, map[string]*recipe.Sink{}
	for _, s := range p.Root.Structs("sources") {
		if r, _ := function(p, s); r != nil {
			p.Fused[s.Key()] = r
		}
	}
	for _, s := range p.Root.Structs("sinks") {
		if r, _ := sinkFunction(s); r != nil {
			p.FusedSinks[s.Key()] = r
		}
	}
}

// unlessItPanics finds a function, or what keeps a chain from being one. A
// component that panics is no reason not to build: its own task says so.
func unlessItPanics[R any](find func() (*R, []recipe.Note)) (r *R, notes []recipe.Note) {
	defer func() {
		if bad := recover(); bad != nil {
			r, notes = nil, []recipe.Note{{Part: "connector", Why: fmt.Sprintf("a part of its chain panics: %v", bad)}}
		}
	}()
	return find()
}

// sinkFunction finds the function of a sink's chain.
func sinkFunction(s *plan.Struct) (*recipe.Sink, []recipe.Note) {
	return unlessItPanics(func() (*recipe.Sink, []recipe.Note) {
		return fuse.FindSink(fusable.chain(s), onlyTopic(s))
	})
}

// onlyTopic is the topic that a sink reads; empty where there may be others.
func onlyTopic(s *plan.Struct) string {
	topics := s.List("topics")
	if len(topics) != 1 || s.Text("topicsRegex") != "" {
		return ""
	}
	topic, _ := topics[0].(*plan.Lit)
	if topic == nil {
		return ""
	}
	return topic.Str
}

// function finds the function of a source's chain.
func function(p *plan.Pipeline, s *plan.Struct) (*recipe.Recipe, []recipe.Note) {
	return unlessItPanics(func() (*recipe.Recipe, []recipe.Note) { return sourceFunction(p, s) })
}

func sourceFunction(p *plan.Pipeline, s *plan.Struct) (*recipe.Recipe, []recipe.Note) {
	ch := fusable.chain(s)
	states, _ := flow.Source(known[connect.Source](fusable, s.Struct("connector"), foreignSource{}), ch, declared(p, s.Struct("schema")))
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
	fields, _ := plan.JSON(s).(map[string]any)
	v := reflect.New(reflect.TypeOf(c))
	leaveOut(fields, v.Elem().Type())
	text, err := json.Marshal(fields)
	if err == nil {
		err = json.Unmarshal(text, v.Interface())
	}
	if c, ok := v.Elem().Interface().(T); ok && err == nil {
		return c
	}
	return foreign
}

// leaveOut takes out of the fields of a component what is no matter of a chain:
// other components, which are of anybody's types, and secrets, which a registry or
// a database asks for.
func leaveOut(fields map[string]any, of reflect.Type) {
	for i := range of.NumField() {
		f := of.Field(i)
		name, t := f.Tag.Get("json"), f.Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch inner, _ := fields[name].(map[string]any); {
		case t.Kind() == reflect.Interface, t == reflect.TypeFor[secret.Secret]():
			delete(fields, name)
		case inner != nil && t.Kind() == reflect.Struct:
			leaveOut(inner, t)
		}
	}
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
