package protobuf

import (
	"testing"

	"kcgen.dev/runtime/connect"
)

// Nulls come where they are declared to come, and have no schema.
func TestDecodesNulls(t *testing.T) {
	for _, nulls := range []connect.Nulls{connect.NullsUnknown, connect.NullsNever, connect.NullsMaybe, connect.NullsAlways} {
		for _, want := range []connect.Form{
			{Nulls: nulls},
			{Known: true, Schema: connect.StringSchema, Nulls: nulls},
			{Known: true, Schema: connect.OptionalStringSchema, Nulls: nulls},
		} {
			declared := want
			declared.Typed = true
			if got, err := (Converter{}).Decodes(connect.RoleValue, declared); err != nil || got != want {
				t.Errorf("%+v is read as %+v, %v", declared, got, err)
			}
		}
	}
}
