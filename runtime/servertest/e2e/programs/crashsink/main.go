// Command crashsink is sink for those who kill it: a dead instance holds its
// partitions for a second only, and commits come often.
package main

import (
	"time"

	"kcgen.dev/runtime"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/servertest/e2e/programs/base"
)

func main() {
	p := base.Pipeline("e2e-crashsink")
	p.Worker.OffsetFlushInterval = 100 * time.Millisecond
	p.Worker.Consumer = kafka.Consumer{SessionTimeout: time.Second, HeartbeatInterval: 300 * time.Millisecond}
	p.Sinks = []runtime.Sink{base.Sink("e2e-crashsink")}
	runtime.Main(p)
}
