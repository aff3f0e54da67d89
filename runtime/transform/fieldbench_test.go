package transform_test

import (
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/transform"
)

// BenchmarkFields is each transform on fields alone, and all of them in a
// chain, on an order of eight fields.
func BenchmarkFields(b *testing.B) {
	inputs := map[string]connect.Datum{"struct": ofJSON(b, orderStruct), "map": ofJSON(b, orderMap)}
	run := func(name string, ts ...connect.Transform) {
		for _, kind := range []string{"struct", "map"} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				chain := openAll(b, ts...)
				var r connect.Record
				b.ReportAllocs()
				for b.Loop() {
					r.Key, r.Value = inputs[kind], inputs[kind]
					for _, apply := range chain {
						if _, err := apply(&r); err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		}
	}
	for _, t := range fieldChain {
		if _, ok := t.(transform.ValueToKey); ok {
			t = transform.ValueToKey{Fields: []string{"id"}}
		}
		if _, ok := t.(transform.ExtractField); ok {
			t = transform.ExtractField{On: "value", Field: "ship.zip.code", FieldSyntaxVersion: "V2"}
		}
		run(strings.TrimPrefix(fmt.Sprintf("%T", t), "transform."), t)
	}
	run("chain", fieldChain...)
}
