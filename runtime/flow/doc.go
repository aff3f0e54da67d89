// Package flow carries what is known of records through a chain before there
// are any: from a source connector, or from a topic's converters, by each step
// to the converters or the sink. What cannot work is a fault at the place in
// the spec that says it. It claims what components state (see the optional
// interfaces of package connect) and what the spec declares, and of the rest
// nothing.
//
//	flow.go  Source, Sink: the ways through
//	step.go  one step, on the records that it is for
//	join.go  two branches become one
//	fault.go errors become faults; no component's panic gets out
//	refs.go  configuration that is known only when the pipeline starts
//	print.go the text of kcgen explain -flow
package flow
