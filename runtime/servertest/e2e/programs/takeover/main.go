// Command takeover ships a file to a topic and the topic to a file, in the
// place of connectors of a Kafka Connect cluster.
package main

import (
	"kcgen.dev/runtime"
	"kcgen.dev/runtime/servertest/e2e/programs/base"
)

func main() {
	p := base.Pipeline("e2e-takeover")
	p.Worker.OffsetStorageTopic = "${env:E2E_OFFSETS}"
	p.Worker.Takeover = &runtime.Takeover{GroupID: "${env:E2E_CONNECT}", OffsetStorageTopic: "${env:E2E_CONNECT}-offsets"}
	p.Sources = []runtime.Source{base.Source("e2e-takeover-source")}
	p.Sinks = []runtime.Sink{base.Sink("e2e-takeover-sink")}
	runtime.Main(p)
}
