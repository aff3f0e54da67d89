// Command jsonsource wraps the lines of a file in JSON.
package main

import (
	"kcgen.dev/runtime"
	"kcgen.dev/runtime/servertest/e2e/programs/base"
	"kcgen.dev/runtime/transform"
)

func main() {
	p := base.Pipeline("e2e-jsonsource")
	s := base.Source("e2e-jsonsource")
	s.ValueConverter = base.JSON
	s.Transforms = []runtime.Step{
		{Do: transform.HoistField{On: "value", Field: "line"}},
		{Do: transform.InsertField{On: "value", StaticField: "site", StaticValue: "eu"}},
	}
	p.Sources = []runtime.Source{s}
	runtime.Main(p)
}
