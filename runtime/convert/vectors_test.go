package convert_test

import (
	"testing"

	"kcgen.dev/runtime/connect/vectortest"
	"kcgen.dev/runtime/javatest"
)

// TestVectors has the recorded answers; more.jsonl are combinations of schemas
// and payloads.
func TestVectors(t *testing.T) {
	for _, name := range []string{
		"ByteArrayConverter", "JsonConverter.from_connect", "JsonConverter.to_connect", "PrimitiveConverters",
		"SimpleHeaderConverter", "more",
	} {
		t.Run(name, func(t *testing.T) { vectortest.Run(t, "testdata/"+name+".jsonl", javatest.Table) })
	}
}

func TestStringVectors(t *testing.T) {
	const address = "Kafka writes the address of a Java object ([B@285d851a), which is no text of the bytes"
	table := javatest.Table
	table.Refused = map[string]string{"StringConverter-0021": address, "StringConverter-0040": address}
	vectortest.Run(t, "testdata/StringConverter.jsonl", table)
}
