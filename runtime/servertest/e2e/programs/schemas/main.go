// Command schemas ships a file to a topic and the topic to a file, with a
// schema of the registry at E2E_REGISTRY for each thousand lines. It tolerates
// every error that is a record's own.
package main

import (
	"kcgen.dev/runtime"
	"kcgen.dev/runtime/registry"
	"kcgen.dev/runtime/servertest/e2e/programs/base"
)

func main() {
	lines := converter{SchemaRegistry: registry.Registry{URL: []string{"${env:E2E_REGISTRY}"}}}
	p := base.Pipeline("e2e-schemas")
	src, sink := base.Source("e2e-schemas-source"), base.Sink("e2e-schemas-sink")
	src.ValueConverter, sink.ValueConverter = lines, lines
	for _, e := range []*runtime.Errors{&src.Errors, &sink.Errors} {
		e.Tolerance = "all"
		e.DeadLetterQueue = &runtime.DeadLetterQueue{TopicName: "${env:E2E_DLQ}", TopicReplicationFactor: 1}
	}
	p.Sources, p.Sinks = []runtime.Source{src}, []runtime.Sink{sink}
	runtime.Main(p)
}
