// Package connecttest is the contract of connectors as a test: one suite that
// every source and every sink passes in one call.
//
//	func TestContract(t *testing.T) { connecttest.Source(t, driver{}) }
//
// The worker relies on each of the rules that it checks; they are those of
// [connect.SourceTask] and [connect.SinkTask]. What is particular to a
// connector (which records come of what) is for its own tests.
//
//	connecttest.go  the drivers; Source and Sink
//	source.go       the checks of a source
//	sink.go         the checks of a sink
//	runner.go       tasks under test: opened, polled, closed
//	guard.go        hangs, panics, leaks
//	letsgo.go       memory that nobody holds, for whoever makes records
//
// The suite counts goroutines and open files, so it is not to run beside
// parallel tests of the same package.
package connecttest

import (
	"testing"

	"kcgen.dev/runtime/connect"
)

// SourceDriver is what the suite has to know of a source connector.
type SourceDriver interface {
	// New makes an outside world of its own (a file, a table, a bucket),
	// empty and there, and cleans it up at the end of the test.
	New(t testing.TB) SourceWorld
	// Invalid gives configurations that Tasks or Open must refuse, by what is
	// wrong with them; at least one.
	Invalid(t testing.TB) map[string]connect.Source
}

// SourceWorld is one outside world and the connector that reads it.
type SourceWorld interface {
	// Source is the connector, as the spec would fill it in.
	Source() connect.Source
	// Add puts n records more into the world, numbered from first on, in this
	// order.
	Add(t testing.TB, first, n int)
	// Number tells which of the records that were added r is; an error if it
	// is none of them or damaged. It looks at all that r has.
	Number(r *connect.Record) (int, error)
}

// SinkDriver is what the suite has to know of a sink connector.
type SinkDriver interface {
	// New makes an outside world of its own, empty, and cleans it up at the
	// end of the test.
	New(t testing.TB) SinkWorld
	// Invalid gives configurations that Open must refuse, by what is wrong
	// with them; at least one.
	Invalid(t testing.TB) map[string]connect.Sink
}

// SinkWorld is one outside world and the connector that writes to it.
type SinkWorld interface {
	// Sink is the connector, as the spec would fill it in.
	Sink() connect.Sink
	// Record makes the record of a number, as the worker would hand it over.
	// Its value, and its key if it has one, are the record's alone.
	Record(i int) connect.Record
	// Numbers reads the world, not through the connector, and tells which
	// records it holds: one number for each copy, in any order. Damage is an
	// error.
	Numbers(t testing.TB) ([]int, error)
}

// Source checks that a source connector keeps the contract.
func Source(t *testing.T, d SourceDriver) {
	for _, c := range sourceChecks {
		t.Run(c.name, func(t *testing.T) { c.run(t, d) })
	}
}

// Sink checks that a sink connector keeps the contract.
func Sink(t *testing.T, d SinkDriver) {
	for _, c := range sinkChecks {
		t.Run(c.name, func(t *testing.T) { c.run(t, d) })
	}
}

// check is one rule of the contract.
type check[D any] struct {
	name string
	run  func(t testing.TB, d D)
}
