// Package wire is what kcgen and the dry run of a pipeline say to each other:
// a [Request] as JSON on the program's standard input, a [Report] as JSON on
// its standard output. It is data alone, so that the compiler may know it.
//
//	tests_gen.go  what a spec says: schemas, tests (generated)
package wire

import "encoding/json"

// Request is what a dry run is to do.
type Request struct {
	// Pipeline is which one of the program's is meant, from 0 on.
	Pipeline int `json:"pipeline"`

	// Files are the texts of the files that schemas name.
	Files map[string]string `json:"files"`

	// Connectors are what is said of them, by kind and name: sources.orders.
	Connectors map[string]Connector `json:"connectors"`

	// Topics are what topics declare.
	Topics []TopicSchema `json:"topics"`

	// Tests are tried in this order.
	Tests []Test `json:"tests"`

	// Flow is whether the schemas are carried through all chains.
	Flow bool `json:"flow"`

	// Trace is a record to be followed.
	Trace *Trace `json:"trace"`
}

// Connector is what a spec says of a connector's records.
type Connector struct {
	Schema *RecordSchema `json:"schema"` // what is declared
	Topic  string        `json:"topic"`  // of records of which no other is said
}

// Trace is a record that is followed through a connector's chain.
type Trace struct {
	Connector string          `json:"connector"` // sources.orders
	Record    json.RawMessage `json:"record"`    // a Record
}

// Report is what a dry run found.
type Report struct {
	// Faults are what cannot work.
	Faults []Fault `json:"faults,omitempty"`

	// Flows are what is known of the records behind each step.
	Flows []Flow `json:"flows,omitempty"`

	// Results are those of the tests, in their order.
	Results []Result `json:"results,omitempty"`

	// Trace is the record behind each step, for eyes.
	Trace string `json:"trace,omitempty"`

	// TraceError is why the record did not come through.
	TraceError string `json:"traceError,omitempty"`
}

// Fault is what cannot work.
type Fault struct {
	Connector string `json:"connector"` // sources.orders
	Path      string `json:"path"`      // in it: transforms[1].do.field
	Message   string `json:"message"`
}

// Flow is what is known of a connector's records, for eyes.
type Flow struct {
	Connector string  `json:"connector"` // sources.orders
	Text      string  `json:"text"`
	Begin     []Field `json:"begin,omitempty"` // what is known of them before the first step
	End       []Field `json:"end,omitempty"`   // and behind the last
}

// Field is a part of a record of which something is known.
type Field struct {
	Path     string `json:"path"` // value.customer.name
	Type     string `json:"type"`
	Optional bool   `json:"optional,omitempty"` // a reader can do without it
}

// Result is how a test ended.
type Result struct {
	Name    string   `json:"name"`
	Passed  bool     `json:"passed"`
	Untried bool     `json:"untried,omitempty"` // because of a fault that is told
	Message string   `json:"message,omitempty"` // what is wrong, on one line
	Diff    []string `json:"diff,omitempty"`    // a line for each part that differs
}
