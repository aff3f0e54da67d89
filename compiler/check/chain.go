package check

import (
	"fmt"

	"kcgen.dev/compiler/plan"
)

// chains: errors and metrics tell steps apart by their names. (That a step has
// one condition, load has told already.)
func chains(c *checker) {
	for _, s := range c.connectors() {
		named := map[string]string{}
		s.Steps(func(path string, step *plan.Struct) {
			name := step.Text("name")
			if other, ok := named[name]; ok && name != "" {
				c.say(path+".name", fmt.Sprintf("%q is the name of %s too", name, other), pos(step, "name"), step.Pos, s.Pos)
				return
			}
			named[name] = path
		})
	}
}
