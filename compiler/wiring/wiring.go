// Package wiring reads a plan as what it is in Kafka: which connector reads and
// fills which topics, in which group.
//
//	wiring.go  connectors and their chains
//	topics.go  what they read and write
package wiring

import (
	"cmp"
	"fmt"
	"strings"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
)

// Connector is a source or a sink with its place in the spec.
type Connector struct {
	*plan.Struct
	Path string // sources.orders
	Sink bool
}

// Connectors are a pipeline's sources and sinks in the spec's order.
func Connectors(root *plan.Struct) []Connector {
	var out []Connector
	for _, s := range root.Structs("sources") {
		out = append(out, Connector{s, "sources." + diag.Label(s.Key()), false})
	}
	for _, s := range root.Structs("sinks") {
		out = append(out, Connector{s, "sinks." + diag.Label(s.Key()), true})
	}
	return out
}

// Is says whether the connector is of a type: "kcgen.dev/runtime/connector/filestream.Sink".
func (c Connector) Is(name string) bool { return Is(c.Struct.Struct("connector"), name) }

// Is says whether a component is of a type.
func Is(s *plan.Struct, name string) bool {
	return s != nil && s.Type.Path+"."+s.Type.Name == name
}

// Steps calls f with each step of the chain and its path.
func (c Connector) Steps(f func(path string, step *plan.Struct)) {
	for i, step := range c.Structs("transforms") {
		f(fmt.Sprintf("%s.transforms[%d]", c.Path, i), step)
	}
}

// Group is a sink's consumer group, and where it is named: by the sink, by
// worker.consumer, or after the sink.
func (c Connector) Group(root *plan.Struct) (name string, at plan.Pos) {
	for _, s := range []*plan.Struct{c.Struct.Struct("consumer"), root.Struct("worker").Struct("consumer")} {
		if f := s.Get("groupId"); f != nil {
			return s.Text("groupId"), f.Pos
		}
	}
	return "connect-" + c.Key(), c.Pos
}

// Queue is the connector's dead letter queue; empty where there is none.
func (c Connector) Queue() (topic string, at plan.Pos) {
	queue := c.Struct.Struct("errors").Struct("deadLetterQueue")
	f := queue.Get("topicName")
	if f == nil {
		return "", plan.Pos{}
	}
	return queue.Text("topicName"), cmp.Or(f.Pos, c.Pos)
}

// HasRef says whether a string has a reference that is read only at start.
func HasRef(s string) bool { return strings.Contains(s, "${") }
