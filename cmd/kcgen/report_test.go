package main

import (
	"bytes"
	"os"
	"testing"

	diff "github.com/google/go-cmp/cmp"

	"kcgen.dev/compiler"
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
	sinks: refs: {
		connector: filestream.#Sink & {file: "out"}
		topics: ["t"]
		keyConverter:   convert.#String
		valueConverter: convert.#JSON & {schemasEnable: false}
		transforms: [
			{do: transform.#RegexRouter & {regex: "${env:OLD}", replacement: "u"}},
			{do: transform.#RegexRouter & {regex: "u", replacement: "v"}, unless: predicate.#TopicNameMatches & {pattern: "${env:KEPT}"}},
			{do: transform.#ReplaceField & {on: "value", include: ["id", "name"]}},
		]
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
	sinks: all: {
		connector: filestream.#Sink & {file: "all"}
		topics: ["t"]
		keyConverter:   convert.#String
		valueConverter: convert.#JSON & {schemasEnable: false}
		transforms: [
			{do: transform.#ReplaceField & {on: "value", include: ["id", "name"]}},
			{do: transform.#MaskField & {on: "value", fields: ["name"]}, unless: predicate.#RecordIsTombstone},
		]
	}
	sinks: as_is: {
		connector: filestream.#Sink & {file: "all"}
		topics: ["t"]
		keyConverter:   convert.#String
		valueConverter: convert.#String
		transforms: [{do: transform.#Filter, when: predicate.#RecordIsTombstone}]
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
	got := reported(t, map[string]string{"x.cue": spec})
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
sinks.out  specialised: one function of 1 of 2 transforms
  valueConverter  convert.JSON                 in the function
  transforms[0]   transform.ReplaceField       in the function
  transforms[1]   transform.HoistField         it wraps the whole value
  valueConverter  reads only id name
sinks.refs  not specialised
  valueConverter  convert.JSON                 could be in a function
  transforms[0]   transform.RegexRouter        its configuration holds a reference, which is read when the pipeline starts
  transforms[1]   transform.RegexRouter        what comes before it is not specialised
  transforms[2]   transform.ReplaceField       what comes before it is not specialised
  valueConverter  reads only id name
sinks.rows  not specialised
  valueConverter  avro.Converter               it is not one of the converters that are
  transforms[0]   transform.ValueToKey         what comes before it is not specialised
  transforms[1]   transform.ExtractField       what comes before it is not specialised
  valueConverter  reads only name id
sinks.all  specialised: one function
  valueConverter  convert.JSON                 in the function
  transforms[0]   transform.ReplaceField       in the function
  transforms[1]   transform.MaskField          in the function
sinks.as_is  nothing to specialise: its transforms change no fields
sinks.keys  not specialised
  valueConverter  convert.JSON                 its messages carry schemas, which are not known before they come
  transforms[0]   transform.ValueToKey         what comes before it is not specialised
  transforms[1]   transform.ExtractField       what comes before it is not specialised
  keyConverter    reads nothing
`
	if d := diff.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// reported is the report of x.cue, beside which there may be other files.
func reported(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, bad, err := compiler.Check(t.Context(), compiler.Config{Builtin: builtin(), Dir: dir}, "x.cue")
	if err != nil || len(bad.Faults()) > 0 {
		t.Fatal(bad, err)
	}
	var out bytes.Buffer
	printReport(&out, p)
	return out.String()
}
