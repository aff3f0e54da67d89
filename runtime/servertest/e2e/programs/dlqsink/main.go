// Command dlqsink reads a topic of JSON and sends what is none to a dead letter queue.
package main

import (
	"kcgen.dev/runtime"
	"kcgen.dev/runtime/servertest/e2e/programs/base"
)

func main() {
	p := base.Pipeline("e2e-dlqsink")
	s := base.Sink("e2e-dlqsink")
	s.ValueConverter = base.JSON
	s.Errors.Tolerance = "all"
	s.Errors.DeadLetterQueue = &runtime.DeadLetterQueue{TopicName: "${env:E2E_DLQ}", TopicReplicationFactor: 1, ContextHeadersEnable: true}
	p.Sinks = []runtime.Sink{s}
	runtime.Main(p)
}
