// Command crashsource is source for those who kill it: commits come often.
package main

import (
	"time"

	"kcgen.dev/runtime"
	"kcgen.dev/runtime/servertest/e2e/programs/base"
)

func main() {
	p := base.Pipeline("e2e-crashsource")
	p.Worker.OffsetFlushInterval = 100 * time.Millisecond
	p.Sources = []runtime.Source{base.Source("e2e-crashsource")}
	runtime.Main(p)
}
