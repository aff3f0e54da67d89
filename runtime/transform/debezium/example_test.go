package debezium_test

import (
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/transform/debezium"
)

// The row takes the place of the envelope, and gets fields of it.
func ExampleExtractNewRecordState() {
	row := connect.NewStruct().Name("shop.public.orders.Value").Optional().
		Field("id", connect.Int32Schema).Field("note", connect.OptionalStringSchema).MustBuild()
	envelope := connect.NewStruct().Name("shop.public.orders.Envelope").
		Field("before", row).Field("after", row).Field("op", connect.StringSchema).MustBuild()

	apply, err := debezium.ExtractNewRecordState{
		DeleteTombstoneHandlingMode: "rewrite",
		AddFields:                   []string{"op"},
		AddFieldsPrefix:             "__",
	}.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	old := &connect.Struct{Schema: row, Slots: []connect.Value{connect.Int32(7), connect.String("for Ann")}}
	event := &connect.Struct{Schema: envelope, Slots: []connect.Value{old.Value(), connect.Null, connect.String("d")}}
	r := &connect.Record{Topic: "shop.public.orders", Value: connect.Datum{Schema: envelope, Value: event.Value()}}
	keep, err := apply(r)
	fmt.Println(keep, err)
	fmt.Println(r.Value.Value)
	// Output:
	// true <nil>
	// {id:7 note:"for Ann" __deleted:"true" __op:"d"}
}
