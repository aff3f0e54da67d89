package registry

import "kcgen.dev/runtime/connect"

// Reads is the form of what a converter reads whose messages name their
// schemas: what is declared, for the registry is not asked. An empty message is
// a null without a schema, and comes where it is declared to come.
func Reads(declared connect.Form) connect.Form {
	return connect.Form{Known: declared.Known, Schema: declared.Schema, Nulls: declared.Nulls}
}
