// Package protobuf writes and reads Protobuf with the schemas of a Schema
// Registry, as Confluent's ProtobufConverter does: the same schemas are
// registered, the same bytes written, the same data read.
//
//	converter.go      Open, Encode, Decode: a schema's place in the registry
//	flow.go           what is known before there are data; ParseSchema
//	model.go          a .proto file: messages, fields, enums
//	known.go          the files that every schema may import
//	parse.go          .proto text → file
//	parsefield.go     its fields and their options
//	link.go           names of types → types
//	limits.go         what a text may be at most
//	names.go          Confluent's names, and those that Protobuf allows
//	generate.go       Connect schema → file
//	print.go          file → the text that Confluent registers
//	fits.go           whether data fit another schema
//	indexes.go        which message of a file the data are
//	readplan.go       message type → Connect schema, and how to read it
//	readvalue.go      numbers, enums and defaults
//	read.go           bytes → data
//	readrepeated.go   … arrays and maps
//	readlogical.go    … decimals, dates, times, timestamps
//	writeplan.go      Connect schema and message type → how to write it
//	write.go          data → bytes
//	writerepeated.go  … arrays and maps
//	writelogical.go   … decimals, dates, times, timestamps
//	wire.go           varints, tags, what is skipped
//	logical.go        the messages that stand for single values
//	errors.go         where in the data an error is
package protobuf
