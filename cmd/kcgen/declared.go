package main

import (
	"encoding/json"

	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/convert/avro"
	"kcgen.dev/runtime/convert/jsonschema"
	"kcgen.dev/runtime/convert/protobuf"
	"kcgen.dev/runtime/dryrun/wire"
)

// declared is what the spec says of a source's records. They are those that are
// not null: no function takes others.
func declared(p *plan.Pipeline, s *plan.Struct) connect.Shape {
	return connect.Shape{Key: declaredForm(p, s.Struct("key")), Value: declaredForm(p, s.Struct("value"))}
}

func declaredForm(p *plan.Pipeline, s *plan.Struct) (f connect.Form) {
	if s == nil {
		return f
	}
	var of wire.DataSchema
	text, err := json.Marshal(plan.JSON(s))
	if err == nil {
		err = json.Unmarshal(text, &of)
	}
	var schema *connect.Schema
	switch {
	case err != nil:
	case of.Avro != "":
		schema, err = avro.ParseSchema(p.Files[of.Avro], "")
	case of.JSONSchema != "":
		schema, err = jsonschema.ParseSchema(p.Files[of.JSONSchema], of.JSONSchema)
	case of.Protobuf != "":
		schema, err = protobuf.ParseSchema(p.Files[of.Protobuf], of.Message)
	case len(of.Connect) > 0:
		schema, err = convert.ParseSchema(string(of.Connect), "")
	case len(of.Cue) > 0:
		schema, err = convert.ParseSchema(string(of.Cue), "")
	}
	if err == nil && schema != nil {
		f = connect.Form{Known: true, Schema: schema, Nulls: connect.NullsNever}
	}
	return f // what cannot be read is for the dry run to say
}
