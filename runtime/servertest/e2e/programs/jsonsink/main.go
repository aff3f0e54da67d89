// Command jsonsink reads a topic of JSON and tolerates nothing.
package main

import (
	"kcgen.dev/runtime"
	"kcgen.dev/runtime/servertest/e2e/programs/base"
)

func main() {
	p := base.Pipeline("e2e-jsonsink")
	s := base.Sink("e2e-jsonsink")
	s.ValueConverter = base.JSON
	p.Sinks = []runtime.Sink{s}
	runtime.Main(p)
}
