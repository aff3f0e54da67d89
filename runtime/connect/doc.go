// Package connect is the vocabulary of kcgen: Kafka Connect's data model
// (values, schemas, records) and the small interfaces that connectors,
// converters, transforms, predicates and tracers implement. It imports the standard
// library alone, and every other package of the runtime imports it.
//
//	value.go      Value: one datum in 24 bytes; Struct, Map, Array
//	decimal.go    Decimal
//	schema.go     Schema
//	builder.go    SchemaBuilder
//	logical.go    the logical types, and the schemas that everybody uses
//	validate.go   Validate: does a value fit a schema
//	equal.go      equality and hashes of values
//	text.go       values and schemas for debugging
//	javatext.go   values as Java prints them
//	javafloat.go  floating point numbers as Java prints them; shortfloat.go has
//	              a shorter way for most, longnumber.go more digits
//	values.go     ParseValue, FormatValue: the types of texts, as headers have them
//	javapattern.go  JavaRegex: Java's regular expressions
//	javaregex.go  what of them Go's engine can do, translated
//	javaparse.go  all of them, read; javamatch.go matches them step by step
//	simpledateformat.go  DateFormat: Java's patterns of dates, written
//	simpledateparse.go   and read
//	slab.go       Slab: memory for structs and maps by the chunk
//	record.go     Record, Header, Datum
//	source.go     Source, SourceTask, Batch, offsets
//	alter.go      AltersOffsets: offsets from outside
//	sink.go       Sink, SinkTask, Results
//	transform.go  Transform, Predicate
//	trace.go      Tracer, Traces, Span
//	convert.go    Converter, Codec, Buffer
//	errors.go     what a worker tells apart
//	flow.go       Shape, Form: what a build knows of records; who says so
//	check.go      Checks, Grants: what a connector needs before it runs
//	nofield.go    the error of a field that is not there
package connect
