// Command sink writes a topic to a file.
package main

import (
	"kcgen.dev/runtime"
	"kcgen.dev/runtime/servertest/e2e/programs/base"
)

func main() {
	p := base.Pipeline("e2e-sink")
	p.Sinks = []runtime.Sink{base.Sink("e2e-sink")}
	runtime.Main(p)
}
