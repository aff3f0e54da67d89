package transform_test

import (
	"testing"

	"kcgen.dev/runtime/connect/vectortest"
	"kcgen.dev/runtime/javatest"
)

// refused are the recorded cases that we refuse: regular expressions that Java
// has and Go has not.
var refused = map[string]map[string]string{
	"RegexRouter": {
		"RegexRouter-0019": "look-ahead",
		"RegexRouter-0020": "look-behind",
		"RegexRouter-0021": "a back reference",
		"RegexRouter-0024": "a possessive quantifier",
	},
}

// TestVectors has the recorded answers of Kafka's own classes. more and fields
// were recorded for this project; chains are several transforms in a row.
func TestVectors(t *testing.T) {
	for _, name := range []string{
		"Cast", "DropHeaders", "ExtractField", "Filter", "Flatten", "HeaderFrom", "HoistField", "InsertField",
		"InsertHeader", "MaskField", "RegexRouter", "ReplaceField", "SetSchemaMetadata", "TimestampConverter",
		"TimestampRouter", "ValueToKey", "chains", "fields", "more",
	} {
		t.Run(name, func(t *testing.T) {
			table := javatest.Table
			table.Refused = refused[name]
			vectortest.Run(t, "testdata/"+name+".jsonl", table)
		})
	}
}
