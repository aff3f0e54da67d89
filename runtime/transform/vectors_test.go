package transform_test

import (
	"testing"

	"kcgen.dev/runtime/connect/vectortest"
	"kcgen.dev/runtime/javatest"
)

// differs are the recorded answers that ours are not, and why.
var differs = map[string]map[string]string{
	"Cast": {"Cast-0249": "2.0E23 is printed as JDK 19 and later print it"},
}

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
			table.Differs, table.Refused = differs[name], refused[name]
			vectortest.Run(t, "testdata/"+name+".jsonl", table)
		})
	}
}
