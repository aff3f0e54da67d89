package timezone_test

import (
	"testing"

	"kcgen.dev/runtime/connect/vectortest"
	"kcgen.dev/runtime/javatest"
)

// TestVectors has the answers of Debezium 3.7's own class.
func TestVectors(t *testing.T) { vectortest.Run(t, "testdata/TimezoneConverter.jsonl", javatest.Table) }
