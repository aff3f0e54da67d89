package main

import (
	"fmt"
	"slices"
	"strings"
)

// A benchCase is one row of the result: work that every contender does.
type benchCase struct {
	name, title string
	spec        string // the pipeline, a folder of specs/
	input       string // what the work is done on: see inputs
	sink        bool
	partitions  int // of the topic
	tasks       int
	small       bool     // whether Kafka Connect shows its small heap too
	bare        []string // the yardstick and its flags; none where nothing bare does the same
	plain       []string // the same without what tunes it
	lines       int      // that it moves; 0 goes by the flag and the input
	same        string   // what outputs are compared as: see forms
}

var (
	produce = []string{"produce"}
	splice  = []string{"produce", "-splice"}
	consume = []string{"consume"}
	untuned = []string{"consume", "-defaults"}
)

// cases are in the order of a round.
var cases = []benchCase{
	{name: "source", title: "file → topic, 100 B, String", spec: "source", input: "text", partitions: 1, tasks: 1, small: true, bare: produce},
	{name: "source-1k", title: "file → topic, 1 KB, String", spec: "source", input: "long", partitions: 1, tasks: 1, bare: produce},
	{name: "json", title: "file → HoistField → InsertField → JSON → topic", spec: "json", input: "text", partitions: 1, tasks: 1, small: true, bare: splice},
	{name: "envelope", title: "the same, JSON with its schema", spec: "envelope", input: "text", partitions: 1, tasks: 1},
	{name: "avro", title: "the same, Avro with a registry", spec: "avro", input: "text", partitions: 1, tasks: 1, same: "avro"},
	{name: "sink", title: "topic → file, 100 B, String", spec: "sink", input: "text", sink: true, partitions: 1, tasks: 1, small: true, bare: consume, plain: untuned},
	{name: "jsonsink", title: "topic → JSON, three transforms → file", spec: "jsonsink", input: "orders", sink: true, partitions: 1, tasks: 1, small: true, same: "fields"},
	{name: "avrosink", title: "topic → Avro with a registry → file", spec: "avrosink", input: "avro", sink: true, partitions: 1, tasks: 1, same: "fields"},
	{name: "source-4p", title: "file → topic of 4 partitions", spec: "source", input: "text", partitions: 4, tasks: 1, bare: produce},
	{name: "source-16p", title: "file → topic of 16 partitions", spec: "source", input: "text", partitions: 16, tasks: 1, bare: produce},
	{name: "sources-4t", title: "4 files, 4 tasks → topic of 4 partitions", spec: "sources", input: "text", partitions: 4, tasks: 4, bare: produce},
	{name: "sink-4p", title: "topic of 4 partitions → file", spec: "sink", input: "text", sink: true, partitions: 4, tasks: 1, bare: consume},
	{name: "sink-16p", title: "topic of 16 partitions → file", spec: "sink", input: "text", sink: true, partitions: 16, tasks: 1, bare: consume},
	{name: "sink-4t", title: "topic of 4 partitions, 4 tasks → file", spec: "sink", input: "text", sink: true, partitions: 4, tasks: 4, bare: consume, same: "pieces"},
	{name: "sink-16p-4t", title: "topic of 16 partitions, 4 tasks → file", spec: "sink", input: "text", sink: true, partitions: 16, tasks: 4, bare: consume, same: "pieces"},
}

// chosen are the cases that -cases names, in their own order; all for none.
func chosen(names string) ([]benchCase, error) {
	if names == "" {
		return cases, nil
	}
	return pick("case", cases, func(c benchCase) string { return c.name }, names)
}

// pick takes those of all that names has, divided by commas.
func pick[T any](what string, all []T, nameOf func(T) string, names string) (got []T, err error) {
	var known []string
	want := strings.Split(names, ",")
	for _, one := range all {
		known = append(known, nameOf(one))
		if slices.Contains(want, nameOf(one)) {
			got = append(got, one)
		}
	}
	for _, w := range want {
		if !slices.Contains(known, w) {
			return nil, fmt.Errorf("bench: no %s %q; there are %s", what, w, strings.Join(known, ", "))
		}
	}
	return got, nil
}

// binary is the name of the case's compiled pipeline.
func (c benchCase) binary() string {
	if c.sink && c.tasks > 1 {
		return fmt.Sprintf("%s-%dt", c.spec, c.tasks)
	}
	return c.spec
}

// ordered says whether records come out in the order in which they went in.
func (c benchCase) ordered() bool { return c.partitions == 1 && c.tasks == 1 }
