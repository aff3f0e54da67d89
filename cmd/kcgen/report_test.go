package main

import (
	"bytes"
	"os"
	"testing"

	diff "github.com/google/go-cmp/cmp"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert/avro"
)

// TestReport: each connector, in the spec's order, with what keeps it from being
// a function.
func TestReport(t *testing.T) {
	const spec = `package x

import (
	"kcgen.dev/schema"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/convert/avro"
	"kcgen.dev/runtime/predicate"
	"kcgen.dev/runtime/transform"
)

schema.#Pipeline & {
	name: "x"
	kafka: brokers: ["k:9092"]
	let base = {
		connector: filestream.#Source & {file: "in", topic: "t", rotateWait: "7s"}
		keyConverter:   convert.#String
		valueConverter: convert.#JSON & {schemasEnable: false}
	}
	let hoist = {do: transform.#HoistField & {on: "value", field: "line"}}
	sources: fast: base & {transforms: [hoist, {name: "never", when: predicate.#TopicNameMatches & {pattern: "u"}, do: transform.#Drop & {on: "value"}}]}
	sources: slow: base & {transforms: [hoist, {do: transform.#Cast & {on: "value", spec: ["line:int32"]}}, {do: transform.#ValueToKey & {fields: ["line"]}}]}
	sources: bare: base
	sinks: out: {
		connector: filestream.#Sink & {file: "out"}
		topics: ["t"]
		keyConverter:   convert.#String
		valueConverter: convert.#JSON & {schemasEnable: false}
		transforms: [{do: transform.#ReplaceField & {on: "value", include: ["id", "name"]}}, hoist]
	}
	sinks: rows: {
		connector: filestream.#Sink & {file: "out"}
		topics: ["t"]
		keyConverter:   convert.#JSON & {schemasEnable: false}
		valueConverter: avro.#Converter & {schemaRegistry: url: ["http://r"]}
		transforms: [
			{do: transform.#ValueToKey & {fields: ["id"]}, unless: predicate.#RecordIsTombstone},
			{do: transform.#ExtractField & {on: "value", field: "name"}},
		]
	}
	sinks: keys: {
		connector: filestream.#Sink & {file: "out"}
		topics: ["t"]
		keyConverter:   convert.#JSON & {schemasEnable: false}
		valueConverter: convert.#JSON & {strict: true}
		transforms: [
			{do: transform.#ValueToKey & {fields: ["id"]}},
			{do: transform.#ExtractField & {on: "value", field: "name"}},
		]
	}
}
`
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/x.cue", []byte(spec), 0o600); err != nil {
		t.Fatal(err)
	}
	p, bad, err := compiler.Check(t.Context(), compiler.Config{Builtin: builtin(), Dir: dir}, "x.cue")
	if err != nil || len(bad.Faults()) > 0 {
		t.Fatal(bad, err)
	}
	var out bytes.Buffer
	printReport(&out, p)
	want := `sources.fast  specialised: one function
  connector       filestream.Source            in the function
  transforms[0]   transform.HoistField         in the function
  transforms[1]   transform.Drop               in the function
  keyConverter    convert.String               in the function
  valueConverter  convert.JSON                 in the function
sources.slow  not specialised
  connector       filestream.Source            could be in a function
  transforms[0]   transform.HoistField         could be in a function
  transforms[1]   transform.Cast               it changes a field of each record
  transforms[2]   transform.ValueToKey         what comes before it is not specialised
  keyConverter    convert.String               what comes before it is not specialised
  valueConverter  convert.JSON                 what comes before it is not specialised
  transforms[0], transforms[1] are done together
sources.bare  nothing to specialise: it has no transforms
sinks.out  not specialised: what its topics hold is not known before it comes
  valueConverter  reads only id name
sinks.rows  not specialised: what its topics hold is not known before it comes
  valueConverter  reads only name id
sinks.keys  not specialised: what its topics hold is not known before it comes
  keyConverter    reads nothing
`
	if d := diff.Diff(want, out.String()); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// TestSparing: the converters that are named here can do with less.
func TestSparing(t *testing.T) {
	for kind := range sparing {
		c, ok := map[plan.Type]connect.Converter{
			{Path: "kcgen.dev/runtime/convert/avro", Pkg: "avro", Name: "Converter"}: avro.Converter{},
		}[kind]
		if !ok {
			t.Errorf("%v is not known to the test", kind)
			continue
		}
		if o, ok := c.(connect.Offline); ok {
			c = o.Offline()
		}
		codec, err := c.Open(connect.RoleValue)
		if _, ok := codec.(connect.Projects); !ok || err != nil {
			t.Errorf("%v cannot, %v", kind, err)
		}
	}
}
