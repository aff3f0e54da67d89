package check

import (
	"fmt"

	"kcgen.dev/compiler/plan"
)

// steps calls f with each step of a connector's chain and its path.
func (c *checker) steps(s connector, f func(path string, step *plan.Struct)) {
	for i, step := range s.Structs("transforms") {
		f(fmt.Sprintf("%s.transforms[%d]", s.path, i), step)
	}
}

// chains: errors and metrics tell steps apart by their names. (That a step has
// one condition, load has told already.)
func chains(c *checker) {
	for _, s := range c.connectors() {
		named := map[string]string{}
		c.steps(s, func(path string, step *plan.Struct) {
			name := step.Text("name")
			if other, ok := named[name]; ok && name != "" {
				c.say(path+".name", fmt.Sprintf("%q is the name of %s too", name, other), pos(step, "name"), step.Pos, s.Pos)
				return
			}
			named[name] = path
		})
	}
}
