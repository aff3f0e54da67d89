package main

import (
	"fmt"
	"strings"

	"kcgen.dev/compiler/plan"
)

// distinct refuses two pipelines whose programs would have one file, also
// where the file system does not tell upper from lower case.
func distinct(plans []*plan.Pipeline) error {
	first := map[string]*plan.Pipeline{}
	for _, p := range plans {
		key := strings.ToLower(p.Name)
		if q := first[key]; q != nil {
			return usageError{fmt.Errorf("%s (%q) and %s (%q) would have the same file; give one another name", q.Spec, q.Name, p.Spec, p.Name)}
		}
		first[key] = p
	}
	return nil
}
