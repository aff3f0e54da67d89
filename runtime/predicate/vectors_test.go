package predicate_test

import (
	"testing"

	"kcgen.dev/runtime/connect/vectortest"
	"kcgen.dev/runtime/javatest"
)

func TestVectors(t *testing.T) { vectortest.Run(t, "testdata/predicates.jsonl", javatest.Table) }
