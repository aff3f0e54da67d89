package transform

import (
	"fmt"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connect/connecttest"
)

// What is made anew within structs does not keep the records before. Chunks of
// structs and of their fields never end at one record here: eight fields fill a
// chunk to its end, and a first record has one struct and not three.
func TestNestedLetsGo(t *testing.T) {
	text := connect.String("text")
	// holding is a datum in a struct with more fields.
	holding := func(in connect.Datum, more int) connect.Datum {
		b, slots := connect.NewStruct().Field("in", in.Schema), []connect.Value{in.Value}
		for i := range more {
			b, slots = b.Field(fmt.Sprint("f", i), connect.StringSchema), append(slots, text)
		}
		s := b.MustBuild()
		return connect.Datum{Schema: s, Value: (&connect.Struct{Schema: s, Slots: slots}).Value()}
	}
	leaf := connect.Datum{Schema: connect.StringSchema, Value: text}
	first, nested := holding(leaf, 7), holding(holding(holding(leaf, 2), 1), 2)
	apply, err := MaskField{On: "value", Fields: []string{"in.in.in"}, FieldSyntaxVersion: "V2"}.Open()
	if err != nil {
		t.Fatal(err)
	}
	made := func(d connect.Datum) any {
		r := connect.Record{Value: d}
		if _, err := apply(&r); err != nil {
			t.Fatal(err)
		}
		return r.Value.Value
	}
	made(first)
	connecttest.LetsGo(t, func() any { return made(nested) })
}
