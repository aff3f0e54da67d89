// Command create makes its topic with more replicas than there are brokers.
package main

import (
	"kcgen.dev/runtime"
	"kcgen.dev/runtime/servertest/e2e/programs/base"
)

func main() {
	p := base.Pipeline("e2e-create")
	s := base.Source("e2e-create")
	s.TopicCreation = &runtime.TopicCreation{Default: runtime.TopicDefaults{ReplicationFactor: 3, Partitions: 1}}
	p.Sources = []runtime.Source{s}
	runtime.Main(p)
}
