// Package dryrun tries a compiled pipeline without Kafka: it carries the
// schemas that the spec declares through the chains, takes the records of the
// spec's tests through the very transforms and converters that will run, and
// follows one record step by step. Kcgen compiles it beside the pipeline and
// asks it over pipes (package wire); the pipeline itself holds none of it.
//
//	dryrun.go   Main, MainOf
//	target.go   a connector with its chain, opened for a record
//	schema.go   what the spec declares
//	data.go     data of the spec
//	value.go    data → Connect's values; logical.go decimals, dates and times
//	compare.go  a value, and what it must be; differ.go a record
//	show.go     values as text
//	record.go   a record of the spec
//	follow.go   a record on its way through a chain
//	test.go     the spec's tests
//	trace.go    a record after each step
//	flow.go     schemas through the chains
//	limit.go    memory
package dryrun

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"kcgen.dev/runtime"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/dryrun/wire"
)

// Parsers read schemas, by the language's name in a spec: avro, jsonSchema,
// protobuf. A program has those that its spec needs.
type Parsers map[string]func(text, name string) (*connect.Schema, error)

// Main answers the request on standard input and does not return.
func Main(p runtime.Pipeline, parsers Parsers) { MainOf(parsers, p) }

// MainOf is Main of a program that holds several pipelines; the request says
// which of them is meant.
func MainOf(parsers Parsers, all ...runtime.Pipeline) {
	answers := os.Stdout
	os.Stdout = os.Stderr // what a component prints is no answer
	limitMemory()
	if err := answer(all, parsers, os.Stdin, answers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func answer(all []runtime.Pipeline, parsers Parsers, in io.Reader, out io.Writer) error {
	var q wire.Request
	dec := json.NewDecoder(in)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&q); err != nil {
		return fmt.Errorf("dryrun: read the request: %w", err)
	}
	if q.Pipeline < 0 || q.Pipeline >= len(all) {
		return fmt.Errorf("dryrun: there are %d pipelines; number %d was asked for", len(all), q.Pipeline)
	}
	if err := json.NewEncoder(out).Encode(run(all[q.Pipeline], parsers, &q)); err != nil {
		return fmt.Errorf("dryrun: write the report: %w", err)
	}
	return nil
}

// dry is one dry run.
type dry struct {
	*wire.Request
	parsers Parsers
	targets []*target
	report  wire.Report
	schemas map[*wire.DataSchema]*connect.Schema
	bad     map[*wire.DataSchema]error
}

func run(p runtime.Pipeline, parsers Parsers, q *wire.Request) wire.Report {
	all := Parsers{"connect": convert.ParseSchema, "cue": convert.ParseSchema}
	for name, parse := range parsers {
		all[name] = parse
	}
	d := &dry{
		Request: q, parsers: all, targets: targets(p),
		schemas: map[*wire.DataSchema]*connect.Schema{}, bad: map[*wire.DataSchema]error{},
	}
	d.declared()
	d.exactlyOnce()
	if q.Flow {
		d.flow()
	}
	for i := range q.Tests {
		d.report.Results = append(d.report.Results, d.test(&q.Tests[i]))
	}
	if q.Trace != nil {
		d.trace()
	}
	return d.report
}

// fault reports what cannot work.
func (d *dry) fault(connector, path string, err error) {
	d.report.Faults = append(d.report.Faults, wire.Fault{Connector: connector, Path: path, Message: err.Error()})
}

// exactlyOnce asks sources whether they can be delivered as the spec says.
func (d *dry) exactlyOnce() {
	for _, t := range d.targets {
		if t.exactly == nil {
			continue
		}
		bounds := t.exactly.TransactionBoundary == "connector"
		if err := guard(func() error { return connect.CheckExactlyOnce(t.source, bounds) }); err != nil {
			d.fault(t.key, "exactlyOnce", err)
		}
	}
}

// guard calls f and makes an error of a panic.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}
