package wiring

import (
	"testing"

	"kcgen.dev/compiler/plan"
)

func text(name, value string) plan.Field {
	return plan.Field{Name: name, Value: &plan.Lit{Kind: plan.String, Str: value}}
}

func part(name string, fields ...plan.Field) plan.Field {
	return plan.Field{Name: name, Value: &plan.Struct{Fields: fields}}
}

// connector is a source or a sink of a type, with one step if there is one.
func connector(key, typeName string, options []plan.Field, step *plan.Struct) *plan.Struct {
	conn := &plan.Struct{Type: plan.Type{Path: "kcgen.dev/runtime/connector/" + typeName, Name: "Source"}, Fields: options}
	s := &plan.Struct{Fields: []plan.Field{{Go: "Name", Value: &plan.Lit{Str: key}}, {Name: "connector", Value: conn}}}
	if step != nil {
		steps := &plan.List{Elems: []plan.Node{&plan.Struct{Fields: []plan.Field{{Name: "do", Value: step}}}}}
		s.Fields = append(s.Fields, plan.Field{Name: "transforms", Value: steps})
	}
	return s
}

func TestTopics(t *testing.T) {
	own := plan.Type{Path: "kcgen.dev/runtime/transform", Name: "HoistField"}
	router := plan.Field{Name: "regex", Value: &plan.Lit{}, Change: "renamed"}
	for _, c := range []struct {
		name          string
		source        *plan.Struct
		topic, prefix string
	}{
		{"one topic", connector("a", "filestream", []plan.Field{text("topic", "t")}, nil), "t", ""},
		{"a step that keeps it", connector("a", "filestream", []plan.Field{text("topic", "t")}, &plan.Struct{Type: own}), "t", ""},
		{"a step that moves it", connector("a", "filestream", []plan.Field{text("topic", "t")}, &plan.Struct{Type: own, Fields: []plan.Field{router}}), "", ""},
		{"another's step", connector("a", "filestream", []plan.Field{text("topic", "t")}, &plan.Struct{Type: plan.Type{Path: "example.com/x"}}), "", ""},
		{"a reference", connector("a", "filestream", []plan.Field{text("topic", "${env:T}")}, nil), "", ""},
		{"tables", connector("a", "sql", []plan.Field{text("topicPrefix", "shop-")}, nil), "", "shop-"},
		{"a query", connector("a", "sql", []plan.Field{text("topicPrefix", "shop"), text("query", "SELECT 1")}, nil), "shop", ""},
		{"a capture", connector("a", "postgres", []plan.Field{text("topicPrefix", "shop"), text("topicDelimiter", ".")}, nil), "", "shop."},
		{"a prefix by reference", connector("a", "postgres", []plan.Field{text("topicPrefix", "${env:P}")}, nil), "", ""},
	} {
		s := Connector{Struct: c.source}
		if s.Topic() != c.topic || s.Prefix() != c.prefix {
			t.Errorf("%s: topic %q, prefix %q; want %q, %q", c.name, s.Topic(), s.Prefix(), c.topic, c.prefix)
		}
	}
}

func TestReads(t *testing.T) {
	named := Connector{Struct: &plan.Struct{Fields: []plan.Field{{Name: "topics", Value: &plan.List{Elems: []plan.Node{&plan.Lit{Str: "a"}}}}}}}
	pattern := Connector{Struct: &plan.Struct{Fields: []plan.Field{text("topicsRegex", "a|b.")}}}
	for _, c := range []struct {
		s     Connector
		topic string
		want  bool
	}{{named, "a", true}, {named, "aa", false}, {pattern, "a", true}, {pattern, "bc", true}, {pattern, "bcd", false}, {pattern, "${env:T}", false}} {
		if got := c.s.Reads(c.topic); got != c.want {
			t.Errorf("%q is read: %v, want %v", c.topic, got, c.want)
		}
	}
}

func TestGroup(t *testing.T) {
	sink := connector("archive", "filestream", nil, nil)
	none := &plan.Struct{}
	common := &plan.Struct{Fields: []plan.Field{part("worker", part("consumer", text("groupId", "all")))}}
	if name, _ := (Connector{Struct: sink, Sink: true}).Group(none); name != "connect-archive" {
		t.Errorf("after the sink: %q", name)
	}
	if name, _ := (Connector{Struct: sink, Sink: true}).Group(common); name != "all" {
		t.Errorf("the worker's: %q", name)
	}
	sink.Fields = append(sink.Fields, part("consumer", text("groupId", "own")))
	if name, _ := (Connector{Struct: sink, Sink: true}).Group(common); name != "own" {
		t.Errorf("the sink's own: %q", name)
	}
}
