package registrytest

import (
	"fmt"

	"kcgen.dev/runtime/connect"
)

// orderName is the name of the records' schema.
const orderName = "acme.Order"

var customer = connect.NewStruct().Name("acme.Customer").Field("name", connect.StringSchema).MustBuild()

// schemaOf is the schema of an order; id is what versions differ in.
func schemaOf(id *connect.Schema, more ...string) *connect.Schema {
	b := connect.NewStruct().Name(orderName).Field("id", id).Field("note", connect.OptionalStringSchema).Field("customer", customer)
	for _, name := range more {
		b.Field(name, connect.OptionalStringSchema)
	}
	return b.MustBuild()
}

var schemas = struct{ first, second, broken *connect.Schema }{
	schemaOf(connect.Int64Schema), schemaOf(connect.Int64Schema, "tag"), schemaOf(connect.StringSchema),
}

func structOf(s *connect.Schema, slots ...connect.Value) connect.Datum {
	return connect.Datum{Schema: s, Value: (&connect.Struct{Schema: s, Slots: slots}).Value()}
}

// buyer is the same for all.
func buyer() connect.Value { return structOf(customer, connect.String("Ada")).Value }

// first is an order of the first version.
func first() connect.Datum {
	return structOf(schemas.first, connect.Int64(7), connect.String("brown paper"), buyer())
}

// second is an order of the second version, which reads the first one's.
func second() connect.Datum {
	return structOf(schemas.second, connect.Int64(8), connect.String("no string"), buyer(), connect.String("blue"))
}

// broken is an order of a version that cannot read the first one's.
func broken() connect.Datum {
	return structOf(schemas.broken, connect.String("nine"), connect.String(""), buyer())
}

// Versioned is a struct as it is read: its schema has the version that the
// registry has for it, unless it has one of its own.
func Versioned(d connect.Datum, version int32) connect.Datum {
	if _, has := d.Schema.Version(); has || d.Value.IsNull() {
		return d
	}
	b := connect.NewStruct().Basics(d.Schema).Version(version)
	if d.Schema.IsOptional() {
		b.Optional()
	}
	for _, f := range d.Schema.Fields() {
		b.Field(f.Name, f.Schema)
	}
	s := b.MustBuild()
	return connect.Datum{Schema: s, Value: (&connect.Struct{Schema: s, Slots: d.Value.Struct().Slots}).Value()}
}

// missing says what of want is not in got.
func missing(got, want connect.Value) string {
	if want.Kind() != connect.KindStruct || got.Kind() != connect.KindStruct {
		if !got.Equal(want) {
			return fmt.Sprintf("%v is not %v", got, want)
		}
		return ""
	}
	for i, f := range want.Struct().Schema.Fields() {
		if lack := missing(got.Struct().Get(f.Name), want.Struct().Slots[i]); lack != "" {
			return f.Name + ": " + lack
		}
	}
	return ""
}
