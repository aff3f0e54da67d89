// Package jsonschema writes and reads JSON with the schemas of a Schema
// Registry, as Confluent's JsonSchemaConverter does.
//
//	converter.go   Converter: Open, Encode, Decode
//	schemas.go     what is kept of schemas; ParseSchema
//	flow.go        what it says of itself while a pipeline is built
//	write.go       data → JSON, by a plan made of the schema
//	free.go        data without a schema → JSON
//	indent.go      JSON as Jackson's pretty printer writes it
//	read.go        JSON → scalars
//	readparts.go   JSON → arrays, maps, structs, unions
//	describe.go    Connect schema → JSON Schema
//	hashorder.go   the order of Java's HashMap, in which that is written
//	tree.go        a schema's text as a tree
//	load.go        a tree → nodes: documents and references
//	nodes.go       a tree → nodes: keywords
//	toconnect.go   nodes → Connect schema
//	allof.go       the same for allOf
//	compat.go      whether one schema allows all data of another
//	validate.go    data against the rules of a schema
//	guard.go       what the library that validates leaves open
//	screen.go      numbers that cost too much
//	report.go      what does not match, a line for each cause
package jsonschema
