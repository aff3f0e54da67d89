package debezium_test

import (
	"testing"

	"kcgen.dev/runtime/connect/vectortest"
	"kcgen.dev/runtime/javatest"
)

// differs are the recorded answers that ours are not, and why.
var differs = map[string]map[string]string{
	"ExtractNewRecordState": {
		"ExtractNewRecordState-0141": "the header of a map has the map's schema, and not one that no map fits",
	},
	"EventRouter": {
		"EventRouter-0134": unwritable,
		"EventRouter-0135": unwritable,
		"EventRouter-0136": unwritable,
		"EventRouter-0145": unwritable,
		"EventRouter-0156": unwritable,
		"EventRouter-0161": unwritable,
		"EventRouter-0163": unwritable,
		"EventRouter-0167": "fields of structs within the objects of an array are not lost",
		"EventRouter-0184": unwritable,
		"EventRouter-0185": unwritable,
		"EventRouter-0187": unwritable,
		"EventRouter-0198": unwritable,
		"EventRouter-0200": unwritable,
		"EventRouter-0202": unwritable,
	},
}

const unwritable = "text under the schema that it would have had can be written by no converter"

// refused are the recorded cases that we refuse.
var refused = map[string]map[string]string{
	"ExtractNewRecordState": {
		"ExtractNewRecordState-0083": "what is behind the second point is not looked at",
		"ExtractNewRecordState-0084": "no name is behind the colon",
		"ExtractNewRecordState-0088": "no field is before the colon",
		"ExtractNewRecordState-0089": "no field is between the commas",
	},
	"EventRouter": {
		"EventRouter-0056": "there is no partition -1, and the producer would refuse it",
	},
	"ByLogicalTableRouter": {
		"ByLogicalTableRouter-0022": "no such group, which is found before a topic matches",
	},
}

// TestVectors has the recorded answers of Debezium's own classes, 3.7.0.Final;
// those of random are for options and records that were thrown together.
func TestVectors(t *testing.T) {
	for _, name := range []string{"ExtractNewRecordState", "EventRouter", "ByLogicalTableRouter", "random"} {
		t.Run(name, func(t *testing.T) {
			table := javatest.Table
			table.Differs, table.Refused = differs[name], refused[name]
			vectortest.Run(t, "testdata/"+name+".jsonl", table)
		})
	}
}
