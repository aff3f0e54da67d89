// Command both ships a file to a topic and the topic to a file.
package main

import (
	"kcgen.dev/runtime"
	"kcgen.dev/runtime/servertest/e2e/programs/base"
)

func main() {
	p := base.Pipeline("e2e-both")
	p.Sources = []runtime.Source{base.Source("e2e-both-source")}
	p.Sinks = []runtime.Sink{base.Sink("e2e-both-sink")}
	runtime.Main(p)
}
