package filestream

import (
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/transform"
)

// BenchmarkWide is records of many fields on their way from JSON to a line, of
// which three steps touch three.
func BenchmarkWide(b *testing.B) {
	steps := []chain.Step{
		{Do: transform.ReplaceField{On: "value", Exclude: []string{"debug"}, Renames: map[string]string{"cust": "customer"}, ReplaceNullWithDefault: true}},
		{Do: transform.MaskField{On: "value", Fields: []string{"card"}, ReplaceNullWithDefault: true}},
		{Do: transform.InsertField{On: "value", StaticField: "site", StaticValue: "eu", ReplaceNullWithDefault: true}},
	}
	for _, n := range []int{10, 100, 1000} {
		var w strings.Builder
		w.WriteString(`{"cust":"customer 000007","card":"4000 1234 00000007","debug":"x"`)
		for f := range n {
			fmt.Fprintf(&w, `,"field%04d":"value %06d"`, f, f)
		}
		message := []byte(w.String() + "}")
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c, err := chain.Open(chain.Config{Steps: steps, Key: convert.String{}, Value: convert.JSON{}, Header: convert.SimpleHeader{}})
			if err != nil {
				b.Fatal(err)
			}
			var line []byte
			var t printer
			var r connect.Record
			var doing chain.Doing
			b.ReportAllocs()
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				d, err := c.Value.Decode("t", message)
				if err != nil {
					b.Fatal(err)
				}
				r = connect.Record{Topic: "t", Value: d}
				if _, err := c.Transform(&r, &doing); err != nil {
					b.Fatal(err)
				}
				line = t.append(line[:0], r.Value.Value)
			}
		})
	}
}
