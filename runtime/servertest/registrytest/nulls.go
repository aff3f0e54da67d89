package registrytest

import (
	"testing"

	"kcgen.dev/runtime/connect"
)

// DecodesNulls tests that nulls come where they are declared to come, and have
// no schema. It needs no server.
func DecodesNulls(t *testing.T, c connect.Decodes) {
	t.Helper()
	for _, nulls := range []connect.Nulls{connect.NullsUnknown, connect.NullsNever, connect.NullsMaybe, connect.NullsAlways} {
		for _, want := range []connect.Form{
			{Nulls: nulls},
			{Known: true, Schema: connect.StringSchema, Nulls: nulls},
			{Known: true, Schema: connect.OptionalStringSchema, Nulls: nulls},
		} {
			declared := want
			declared.Typed = true
			if got, err := c.Decodes(connect.RoleValue, declared); err != nil || got != want {
				t.Errorf("%+v is read as %+v, %v", declared, got, err)
			}
		}
	}
}
