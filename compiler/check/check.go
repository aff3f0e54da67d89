// Package check finds what types cannot say: fields that change nothing,
// settings that contradict each other, names used twice. It reads the plan,
// so it works for any way of writing a spec.
//
//	check.go     the table, and how a check reports
//	errors.go    tolerance, retries, dead letter queues
//	calls.go     calls that may hang
//	kafka.go     TLS and SASL
//	topics.go    topics, groups, topic creation
//	exactly.go   exactly-once delivery
//	pattern.go   regular expressions
//	chain.go     transforms
//	debezium.go  transforms of change events
//	tests.go     tests and schemas
//	warn.go      what may be meant, and is worth a warning
//	idle.go      transforms and converters that could do nothing
package check

import (
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
)

// checks are all checks. To add one, write a function and name it here.
var checks = []func(*checker){
	nothing,
	deadErrors,
	deadQueue,
	ownQueue,
	retries,
	calls,
	certificates,
	sasl,
	topics,
	groups,
	offsetsTopic,
	exactlyOnce,
	creation,
	patterns,
	chains,
	changeEvents,
	tests,
	schemas,
	idle,
	idleTasks,
	silentLoss,
	openREST,
}

// Pipeline returns what is wrong with a plan, and what is worth a warning, by
// file and line.
func Pipeline(p *plan.Pipeline) diag.List {
	c := &checker{root: p.Root}
	for _, check := range checks {
		check(c)
	}
	return c.bad.Sorted()
}

type checker struct {
	root *plan.Struct
	bad  diag.List
}

// say reports a mistake at a place: the first of the positions that the user
// wrote.
func (c *checker) say(path, msg string, at ...plan.Pos) {
	c.note(diag.Diag{Path: path, Msg: msg}, at)
}

// warn reports what may be meant.
func (c *checker) warn(path, msg string, at ...plan.Pos) {
	c.note(diag.Diag{Path: path, Msg: msg, Warning: true}, at)
}

func (c *checker) note(d diag.Diag, at []plan.Pos) {
	for _, p := range at {
		if p.IsValid() {
			d.File, d.Line, d.Col = p.File, p.Line, p.Column
			break
		}
	}
	c.bad = append(c.bad, d)
}

// written is a field that the user wrote; nil for a default.
func written(s *plan.Struct, name string) *plan.Field {
	if f := s.Get(name); f != nil && f.Pos.IsValid() {
		return f
	}
	return nil
}

// connector is a source or a sink with its place in the spec.
type connector struct {
	*plan.Struct
	path string
	sink bool
}

// connectors are the pipeline's sources and sinks in the spec's order.
func (c *checker) connectors() []connector {
	var out []connector
	for _, s := range c.root.Structs("sources") {
		out = append(out, connector{s, "sources." + diag.Label(s.Key()), false})
	}
	for _, s := range c.root.Structs("sinks") {
		out = append(out, connector{s, "sinks." + diag.Label(s.Key()), true})
	}
	return out
}

// nothing refuses a pipeline that moves nothing.
func nothing(c *checker) {
	if len(c.root.List("sources")) == 0 && len(c.root.List("sinks")) == 0 {
		c.say("", "the pipeline has no source and no sink: it would do nothing", c.root.Pos, pos(c.root, "name"))
	}
}

func pos(s *plan.Struct, name string) plan.Pos {
	if f := s.Get(name); f != nil {
		return f.Pos
	}
	return plan.Pos{}
}
