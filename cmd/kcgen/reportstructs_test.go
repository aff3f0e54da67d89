package main

import (
	"testing"

	diff "github.com/google/go-cmp/cmp"
)

// TestReportStructs: chains of declared structs, and those that end in a
// registry's format.
func TestReportStructs(t *testing.T) {
	const spec = `package x

import (
	"kcgen.dev/schema"
	"kcgen.dev/runtime/connector/sql"
	"kcgen.dev/runtime/connector/sqlite"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/convert/avro"
	"kcgen.dev/runtime/convert/protobuf"
	"kcgen.dev/runtime/transform"
)

schema.#Pipeline & {
	name: "x"
	kafka: brokers: ["k:9092"]
	let base = {
		connector: sql.#Source & {connection: sqlite.#Database & {file: "${env:FILE}"}, mode: "incrementing", incrementingColumnName: "id", topicPrefix: "x-"}
		keyConverter: convert.#String
	}
	let registry = {schemaRegistry: {url: ["${env:REGISTRY}"], basicAuthUserInfo: "${env:LOGIN}"}}
	let toKey = [{do: transform.#ValueToKey & {fields: ["id"]}}, {do: transform.#ExtractField & {on: "key", field: "id"}}]
	let avroOf = base & {valueConverter: avro.#Converter & registry, transforms: toKey}
	sources: byCue: base & {valueConverter: convert.#JSON & {schemasEnable: false}, transforms: toKey, schema: value: cue: {id!: int64, name?: string}}
	sources: byAvro: avroOf & {schema: value: avro: "order.avsc"}
	sources: byJSONSchema: avroOf & {schema: value: jsonSchema: "order.json"}
	sources: nested: avroOf & {schema: value: cue: {id!: int64, tags!: [...string]}}
	sources: maybe: base & {valueConverter: avro.#Converter & registry, schema: value: cue: {id!: int64, name?: string}
		transforms: [{do: transform.#ValueToKey & {fields: ["name"]}}, {do: transform.#ExtractField & {on: "key", field: "name"}}]}
	sources: undeclared: avroOf
	sources: other: base & {valueConverter: protobuf.#Converter & registry, transforms: toKey, schema: value: cue: {id!: int64}}
}
`
	got := reported(t, map[string]string{
		"x.cue":      spec,
		"order.avsc": `{"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]}`,
		"order.json": `{"type":"object","properties":{"id":{"type":"integer"}},"required":["id"]}`,
	})
	want := `sources.byCue  specialised: one function
  connector       sql.Source                   in the function
  transforms[0]   transform.ValueToKey         in the function
  transforms[1]   transform.ExtractField       in the function
  keyConverter    convert.String               in the function
  valueConverter  convert.JSON                 in the function
sources.byAvro  specialised: one function
  connector       sql.Source                   in the function
  transforms[0]   transform.ValueToKey         in the function
  transforms[1]   transform.ExtractField       in the function
  keyConverter    convert.String               in the function
  valueConverter  avro.Converter               in the function
sources.byJSONSchema  specialised: one function
  connector       sql.Source                   in the function
  transforms[0]   transform.ValueToKey         in the function
  transforms[1]   transform.ExtractField       in the function
  keyConverter    convert.String               in the function
  valueConverter  avro.Converter               in the function
sources.nested  not specialised
  connector       sql.Source                   could be in a function
  transforms[0]   transform.ValueToKey         could be in a function
  transforms[1]   transform.ExtractField       could be in a function
  keyConverter    convert.String               could be in a function
  valueConverter  avro.Converter               field "tags": how array[string] is written differs from record to record
sources.maybe  not specialised
  connector       sql.Source                   could be in a function
  transforms[0]   transform.ValueToKey         could be in a function
  transforms[1]   transform.ExtractField       could be in a function
  keyConverter    convert.String               whether it is null differs from record to record
  valueConverter  avro.Converter               what comes before it is not specialised
sources.undeclared  not specialised
  connector       sql.Source                   it does not say what its records are, and the spec declares no schema of their value
  transforms[0]   transform.ValueToKey         what comes before it is not specialised
  transforms[1]   transform.ExtractField       what comes before it is not specialised
  keyConverter    convert.String               what comes before it is not specialised
  valueConverter  avro.Converter               what comes before it is not specialised
sources.other  specialised: one function
  connector       sql.Source                   in the function
  transforms[0]   transform.ValueToKey         in the function
  transforms[1]   transform.ExtractField       in the function
  keyConverter    convert.String               in the function
  valueConverter  protobuf.Converter           in the function
`
	if d := diff.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}
