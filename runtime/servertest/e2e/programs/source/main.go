// Command source ships a file to a topic.
package main

import (
	"kcgen.dev/runtime"
	"kcgen.dev/runtime/servertest/e2e/programs/base"
)

func main() {
	p := base.Pipeline("e2e-source")
	p.Sources = []runtime.Source{base.Source("e2e-source")}
	runtime.Main(p)
}
