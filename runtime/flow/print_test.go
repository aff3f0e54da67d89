package flow_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/flow"
	"kcgen.dev/runtime/predicate"
	"kcgen.dev/runtime/transform"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestPrint has the text of some chains in testdata/print.txt.
func TestPrint(t *testing.T) {
	var out bytes.Buffer
	show := func(title string, states []flow.State, faults []flow.Fault) {
		fmt.Fprintf(&out, "== %s\n", title)
		flow.Print(&out, states)
		fmt.Fprintln(&out)
		if len(faults) > 0 {
			fmt.Fprintln(&out, text(faults))
			fmt.Fprintln(&out)
		}
	}
	title := "lines of a log"
	states, faults := flow.Source(filestream.Source{Topic: "log"}, flow.Chain{
		Key: convert.String{}, Value: convert.JSON{},
		Steps: []flow.Step{
			{Do: transform.HoistField{On: "value", Field: "line"}},
			{Name: "site", Do: transform.InsertField{On: "value", StaticField: "site", StaticValue: "eu"}, Unless: tombstone},
		},
	}, connect.Shape{})
	show(title, states, faults)

	states, faults = flow.Source(nil, flow.Chain{
		Key: convert.Long{}, Value: convert.JSON{SchemasEnable: true},
		Steps: []flow.Step{
			{Name: "alive", Do: transform.Filter{}, When: tombstone},
			{Name: "key", Do: toKey("id")},
			{Name: "keyField", Do: transform.ExtractField{On: "key", Field: "id"}},
			{Name: "names", Do: transform.ReplaceField{On: "value", Exclude: []string{"raw", "tags"}, Renames: map[string]string{"customerId": "customer"}}},
			{Name: "types", Do: cast("price:string", "customer:int64")},
			{Name: "headers", Do: transform.InsertHeader{Header: "h", ValueLiteral: "1"}},
			{Name: "flat", Do: transform.Flatten{On: "value", Delimiter: "_"}},
			{Name: "route", Do: transform.RegexRouter{Regex: "(.*)", Replacement: "shop.$1"}},
			{Name: "wrong", Do: transform.ExtractField{On: "value", Field: "ship"}},
		},
	}, orders(connect.NullsMaybe))
	show("orders, with a mistake", states, faults)

	item := connect.NewStruct().Field("sku", connect.StringSchema).Field("odd name\n", connect.NewSchema(connect.KindInt32).Default(connect.Int32(1)).MustBuild()).MustBuild()
	basket := connect.NewStruct().Name("Basket").Field("items", connect.NewArray(item).MustBuild()).
		Field("prices", connect.NewMap(connect.StringSchema, connect.NewDecimal(2).MustBuild()).Optional().MustBuild()).MustBuild()
	states, faults = flow.Sink(filestream.Sink{}, flow.Chain{
		Key: convert.String{}, Value: convert.JSON{SchemasEnable: true},
		Steps: []flow.Step{
			{Do: transform.HoistField{On: "key", Field: "id"}},
			{Do: transform.TimestampRouter{TopicFormat: "${topic}-${timestamp}", TimestampFormat: "yyyy"}, When: predicate.HasHeaderKey{Name: "h"}},
			{Name: "first", Do: transform.ExtractField{On: "value", Field: "items"}},
			{Name: "own", Do: plain{}},
			{Name: "all", Do: transform.Filter{}},
		},
	}, connect.Shape{Topic: "baskets", Value: connect.Of(basket)})
	show("a sink", states, faults)

	const file = "testdata/print.txt"
	if *update {
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), out.String()); d != "" {
		t.Errorf("-want +got (go test -update rewrites):\n%s", d)
	}
}

// TestPrintBounds: a schema that is small and stands for much is cut.
func TestPrintBounds(t *testing.T) {
	s := connect.Int8Schema
	for range 40 {
		s = connect.NewStruct().Field("a", s).Field("b", s).MustBuild()
	}
	var out bytes.Buffer
	flow.Print(&out, []flow.State{{Name: "connector", Shape: connect.Shape{Value: connect.Of(s)}}})
	if lines := bytes.Count(out.Bytes(), []byte("\n")); lines > 6000 {
		t.Errorf("%d lines", lines)
	}
}
