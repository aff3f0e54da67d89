// Package fuse makes one function of a chain: of its transforms, its predicates
// and its converters. Where all of them are known when a pipeline is built, so is
// what each record becomes. Kcgen finds that out ([Source], [FindSink]) and
// prints it as Go, and the worker calls it in the chain's place.
//
// A source's function ([Func]) gives bytes: some that are always the same, and
// between them what the record holds. A sink's ([SinkFunc]) gives a record's
// value. It goes through the members of a message, a JSON object without a
// schema, and a switch on their names says what becomes of each: it is passed
// over, or it goes to its place in the map that the chain's first steps would
// make of all. Of a message that is a text it makes the struct of steps that wrap
// it and add to it. Those first steps alone are in the function that have plans
// (package reshape) by which what becomes of a member depends on its name alone;
// the chain does the others.
//
// A function is for records of one form alone, and says so of any other, which
// then goes through the chain itself; where that is each record, the worker's log
// says so. So does what fails: a function has no errors. What it gives is what the
// chain gives, to the byte, to the order of a map's keys.
//
//	func.go       what printed functions of sources are made of
//	task.go       what they keep from record to record
//	value.go      what a key or a value is on its way, in terms of the record
//	source.go     a source's chain, step by step
//	fields.go     what steps do to the fields of structs
//	json.go       how converters to JSON write them
//	layout.go     the form of a struct, as a text
//	slots.go      how its slots are written as JSON, Avro and text
//	proto.go      and as Protobuf
//	sink.go       a sink's function, and what a task has of it
//	message.go    a message, member by member
//	object.go     the map that is made of it, which shares keys with those before
//	leads.go      the names in a message, which are mostly those before
//	findsink.go   a sink's chain, step by step
//	trace.go      what steps make of a map, by their plans
//	members.go    the same for each member alone, and the proof
//	text.go       structs that are made of texts
//	findtext.go   what steps make of them
//	printsink.go  what is printed of it
//	holds.go      predicates that say the same of all records
package fuse
