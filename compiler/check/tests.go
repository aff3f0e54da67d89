package check

import (
	"fmt"
	"strings"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/wiring"
)

// tests: a test has a connector, and one thing that must come out.
func tests(c *checker) {
	for _, t := range c.root.Structs("tests") {
		t := test{c, t, "tests." + diag.Label(t.Key())}
		t.result()
		if s, ok := t.connector(); ok {
			t.records(s)
		}
	}
}

type test struct {
	*checker
	*plan.Struct
	path string
}

// result: exactly one of out, dropped and error.
func (t test) result() {
	n := 0
	for _, name := range []string{"out", "error"} {
		if t.Get(name) != nil {
			n++
		}
	}
	if l := t.Lit("dropped"); l != nil && l.Bool {
		n++
	}
	if n != 1 {
		t.say(t.path, "says what must come of the record in one way: out, dropped: true or error", t.Pos)
	}
}

// connector is the source or the sink that a test is of.
func (t test) connector() (wiring.Connector, bool) {
	source, sink := t.Get("source"), t.Get("sink")
	if (source == nil) == (sink == nil) {
		t.say(t.path, "is of one connector: name a source or a sink", t.Pos)
		return wiring.Connector{}, false
	}
	kind, at := "source", source
	if at == nil {
		kind, at = "sink", sink
	}
	name := t.Text(kind)
	var known []string
	for _, s := range t.connectors() {
		if s.Sink != (kind == "sink") {
			continue
		}
		if s.Key() == name {
			return s, true
		}
		known = append(known, s.Key())
	}
	hint := diag.DidYouMean(name, known)
	if hint == "" && len(known) > 0 {
		hint = "; there are " + strings.Join(known, ", ")
	}
	t.say(t.path+"."+kind, fmt.Sprintf("the spec has no %s %q%s", kind, name, hint), at.Pos, t.Pos)
	return wiring.Connector{}, false
}

// records: where a record is data and where it is bytes.
func (t test) records(s wiring.Connector) {
	in, out := t.Struct.Struct("in"), t.Struct.Struct("out")
	data, side := in, "in"
	why := "a source's connector gives data, not bytes: write %s"
	if s.Sink {
		data, side = out, "out"
		why = "a sink's connector gets data, not bytes: write %s"
		t.topic(s, in)
	}
	for _, name := range []string{"key", "value"} {
		bytes := name + "Bytes"
		if f := data.Get(bytes); f != nil {
			t.say(t.path+"."+side+"."+bytes, fmt.Sprintf(why, name), f.Pos, t.Pos)
		}
		if f := in.Get(bytes); f != nil && in.Get(name) != nil {
			t.say(t.path+".in."+bytes, "stands beside "+name+": write one of both", f.Pos, t.Pos)
		}
	}
}

// topic: what a sink is given comes from a topic that it reads.
func (t test) topic(s wiring.Connector, in *plan.Struct) {
	name, list := in.Text("topic"), s.List("topics")
	switch {
	case name == "" && len(list) != 1:
		t.say(t.path+".in.topic", "is missing: the sink does not read one topic alone", pos(t.Struct, "in"), t.Pos)
	case name != "" && s.Text("topicsRegex") != "" && !wiring.HasRef(s.Text("topicsRegex")) && !s.Reads(name):
		t.say(t.path+".in.topic", fmt.Sprintf("%q does not match the sink's topicsRegex", name), pos(in, "topic"), t.Pos)
	case name != "" && s.Text("topicsRegex") == "" && !s.Reads(name):
		var known []string
		for _, e := range list {
			if l, ok := e.(*plan.Lit); ok {
				known = append(known, l.Str)
			}
		}
		t.say(t.path+".in.topic", fmt.Sprintf("the sink does not read the topic %q%s", name, diag.DidYouMean(name, known)), pos(in, "topic"), t.Pos)
	}
}

// languages are the ways to write a schema.
var languages = []string{"avro", "jsonSchema", "protobuf", "connect", "cue"}

// schemas: each is written in one language; one that no chain meets changes
// nothing.
func schemas(c *checker) {
	for _, s := range c.connectors() {
		c.recordSchema(s.Path+".schema", s.Struct.Struct("schema"))
	}
	for _, t := range c.root.Structs("topics") {
		path := "topics." + diag.Label(t.Key())
		c.recordSchema(path+".schema", t.Struct("schema"))
		if !c.read(t.Key()) {
			c.say(path, "changes nothing: no sink of the spec reads the topic; a source declares its own schema", t.Pos)
		}
	}
}

// read says whether a sink reads a topic, or may.
func (c *checker) read(topic string) bool {
	for _, s := range c.connectors() {
		if s.Sink && (s.Reads(topic) || wiring.HasRef(s.Text("topicsRegex"))) {
			return true
		}
	}
	return false
}

func (c *checker) recordSchema(path string, s *plan.Struct) {
	c.dataSchema(path+".key", s.Struct("key"))
	c.dataSchema(path+".value", s.Struct("value"))
	if f := s.Struct("key").Written("tombstones"); f != nil {
		c.say(path+".key.tombstones", "changes nothing: a tombstone is a value that is null", f.Pos)
	}
}

func (c *checker) dataSchema(path string, s *plan.Struct) {
	if s == nil {
		return
	}
	var given []string
	for _, l := range languages {
		if s.Get(l) != nil {
			given = append(given, l)
		}
	}
	if len(given) != 1 {
		c.say(path, "is written in one of avro, jsonSchema, protobuf, connect and cue"+twoOf(given), s.Pos)
	}
	if f := s.Get("message"); f != nil && s.Get("protobuf") == nil {
		c.say(path+".message", "changes nothing: it is a message of a protobuf file", f.Pos)
	}
}

func twoOf(given []string) string {
	if len(given) == 0 {
		return ""
	}
	return "; here are " + strings.Join(given, " and ")
}
