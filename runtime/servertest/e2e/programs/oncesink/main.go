// Command oncesink writes committed records of E2E_TOPIC to E2E_OUT exactly
// once. As of crashsink, a dead instance holds its partitions for a second.
package main

import (
	"time"

	"kcgen.dev/runtime"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/servertest/e2e/programs/base"
)

func main() {
	p := base.Pipeline("e2e-oncesink")
	p.Worker.OffsetFlushInterval = 100 * time.Millisecond
	p.Worker.Consumer = kafka.Consumer{SessionTimeout: time.Second, HeartbeatInterval: 300 * time.Millisecond, IsolationLevel: "read_committed"}
	s := base.Sink("e2e-oncesink")
	s.Connector = filestream.Sink{File: "${env:E2E_OUT}", ExactlyOnce: true}
	p.Sinks = []runtime.Sink{s}
	runtime.Main(p)
}
