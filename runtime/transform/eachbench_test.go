package transform_test

import (
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/transform"
)

// others are the transforms that BenchmarkFields has not.
var others = []connect.Transform{
	transform.HoistField{On: "value", Field: "order"},
	transform.InsertField{On: "value", StaticField: "site", StaticValue: "eu", TopicField: "topic", ReplaceNullWithDefault: true},
	transform.SetSchemaMetadata{On: "value", SchemaName: "Order", SchemaVersion: 2},
	transform.TimestampConverter{On: "value", Field: "at", TargetType: "string", Format: "yyyy-MM-dd'T'HH:mm:ss.SSSXXX"},
	transform.HeaderFrom{On: "value", Fields: []string{"id"}, Headers: []string{"id"}, Operation: "move"},
	transform.InsertHeader{Header: "site", ValueLiteral: "eu"},
	transform.DropHeaders{Headers: []string{"trace"}},
	transform.Drop{On: "value", SchemaBehavior: "nullify"},
	transform.Filter{},
	transform.TombstoneHandler{Behavior: "ignore"},
	transform.RegexRouter{Regex: `(.*)-dev`, Replacement: "$1"},
	transform.RegexRouter{Regex: `(?!__)(\w+)-(?:dev)++`, Replacement: "$1"},
	transform.TimestampRouter{TopicFormat: "${topic}-${timestamp}", TimestampFormat: "yyyyMMdd"},
	transform.ExtractTopic{On: "value", Field: "name"},
	transform.MessageTimestampRouter{TopicFormat: "${topic}-${timestamp}", TopicTimestampFormat: "yyyyMMdd",
		MessageTimestampFormat: "yyyy-MM-dd", MessageTimestampKeys: []string{"day", "at"}},
}

// benchOrder is an order, with a schema or without.
func benchOrder(tb testing.TB, kind string) connect.Record {
	payload := `{"id":1234567,"name":"orders","day":"2024-02-29","at":1709210096789,"qty":3,"price":19.99,"paid":true,"note":null}`
	if kind == "struct" {
		payload = `{"schema":{"type":"struct","name":"Order","fields":[{"field":"id","type":"int64"},{"field":"name","type":"string"},
			{"field":"day","type":"string"},{"field":"at","type":"int64","name":"org.apache.kafka.connect.data.Timestamp","version":1},
			{"field":"qty","type":"int32"},{"field":"price","type":"double"},{"field":"paid","type":"boolean"},
			{"field":"note","type":"string","optional":true}]},"payload":` + payload + `}`
	}
	d := ofJSON(tb, payload)
	return connect.Record{Topic: "orders-dev", Key: d, Value: d, Timestamp: 1709210096789, Partition: 3,
		Headers: []connect.Header{{Key: "trace", Datum: connect.Datum{Value: connect.String("abc")}}, {Key: "b", Datum: connect.Datum{Value: connect.Int8(1)}}}}
}

func benchOn(b *testing.B, in connect.Record, steps ...connect.Transform) {
	chain := openAll(b, steps...)
	var r connect.Record
	b.ReportAllocs()
	for b.Loop() {
		r = in
		for _, apply := range chain {
			keep, err := apply(&r)
			if err != nil {
				b.Fatal(err)
			}
			if !keep {
				break
			}
		}
	}
}

// BenchmarkEach is each of the others alone, on one record.
func BenchmarkEach(b *testing.B) {
	for i, x := range others {
		name := fmt.Sprintf("%d-%s", i, strings.TrimPrefix(fmt.Sprintf("%T", x), "transform."))
		for _, kind := range []string{"struct", "map"} {
			if _, ok := x.(transform.SetSchemaMetadata); ok && kind == "map" {
				continue // it has none to set
			}
			b.Run(name+"/"+kind, func(b *testing.B) { benchOn(b, benchOrder(b, kind), x) })
		}
	}
}

// growing is a chain of any length: fields come, go and change.
func growing(n int) (steps []connect.Transform) {
	for i := range n {
		field := fmt.Sprintf("f%d", i)
		switch i % 4 {
		case 0:
			steps = append(steps, transform.InsertField{On: "value", StaticField: field, StaticValue: "v", ReplaceNullWithDefault: true})
		case 1:
			steps = append(steps, transform.ReplaceField{On: "value", Renames: map[string]string{fmt.Sprintf("f%d", i-1): field}, ReplaceNullWithDefault: true})
		case 2:
			steps = append(steps, transform.MaskField{On: "value", Fields: []string{fmt.Sprintf("f%d", i-1)}, ReplaceNullWithDefault: true})
		case 3:
			steps = append(steps, transform.HoistField{On: "value", Field: field}, transform.ExtractField{On: "value", Field: field})
		}
	}
	return steps
}

// TestChainAllocations: ten steps allocate no more often than one.
func TestChainAllocations(t *testing.T) {
	for _, kind := range []string{"struct", "map"} {
		for _, n := range []int{1, 3, 10} {
			chain, in := openAll(t, growing(n)...), benchOrder(t, kind)
			r := &connect.Record{}
			if got := testing.AllocsPerRun(2000, func() {
				*r = in
				apply(t, chain, r)
			}); got > 1 {
				t.Errorf("%d steps on a %s: %v allocations", n, kind, got)
			}
		}
	}
}

// BenchmarkChain is chains of one, three and ten steps and more. A step takes
// its structs from slabs, so that allocations are a small part of one a step.
func BenchmarkChain(b *testing.B) {
	for _, n := range []int{1, 3, 10, 30} {
		for _, kind := range []string{"struct", "map"} {
			b.Run(fmt.Sprintf("%d/%s", n, kind), func(b *testing.B) { benchOn(b, benchOrder(b, kind), growing(n)...) })
		}
	}
}
