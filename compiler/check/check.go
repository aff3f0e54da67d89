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
//	tables.go    connectors of databases
//	chain.go     transforms
//	debezium.go  transforms of change events
//	tests.go     tests and schemas
//	idle.go      transforms and converters that could do nothing
package check

import (
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/wiring"
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
	idleClients,
	topics,
	groups,
	offsetsTopic,
	exactlyOnce,
	creation,
	patterns,
	tables,
	chains,
	changeEvents,
	tests,
	schemas,
	idle,
}

// Pipeline returns what is wrong with a plan, by file and line. What is worth a
// warning package lint says.
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
	d := diag.Diag{Path: path, Msg: msg}
	if p := plan.First(at...); p.IsValid() {
		d.File, d.Line, d.Col = p.File, p.Line, p.Column
	}
	c.bad = append(c.bad, d)
}

// connectors are the pipeline's sources and sinks in the spec's order.
func (c *checker) connectors() []wiring.Connector { return wiring.Connectors(c.root) }

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
