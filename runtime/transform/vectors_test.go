package transform_test

import (
	"testing"

	"kcgen.dev/runtime/connect/vectortest"
	"kcgen.dev/runtime/javatest"
)

// TestVectors has the recorded answers of Kafka's own classes. more, fields
// and random were recorded for this project; chains are several transforms in a row.
func TestVectors(t *testing.T) {
	for _, name := range []string{
		"Cast", "DropHeaders", "ExtractField", "Filter", "Flatten", "HeaderFrom", "HoistField", "InsertField",
		"InsertHeader", "MaskField", "RegexRouter", "ReplaceField", "SetSchemaMetadata", "TimestampConverter",
		"TimestampRouter", "ValueToKey", "chains", "fields", "more", "random",
	} {
		t.Run(name, func(t *testing.T) {
			vectortest.Run(t, "testdata/"+name+".jsonl", javatest.Table)
		})
	}
}
