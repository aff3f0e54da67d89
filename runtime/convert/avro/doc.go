// Package avro writes and reads Avro with the schemas of a Schema Registry, as
// Confluent's AvroConverter does.
//
//	converter.go    Converter: Open, Encode, Decode
//	flow.go         what a build asks: Encodes, Decodes, Offline, ParseSchema
//	schema.go       a schema of Avro
//	json.go         JSON that keeps its order
//	parse.go        a schema's text → schema
//	text.go         schema → its text, as Avro's own toString gives it
//	names.go        Confluent's names of properties and parameters; scrubbing
//	fromconnect.go  Connect's schema → Avro's
//	toconnect.go    Avro's schema → Connect's
//	metadata.go     Connect's names, docs and parameters, both ways
//	defaults.go     defaults of Avro: checked, and as Connect's data
//	defaultjson.go  defaults of Connect as JSON
//	defaultbytes.go defaults of Avro as bytes
//	logical.go      Decimal, Date, Time, Timestamp
//	plan.go         how data are written, worked out once for each schema
//	encode.go       data → bytes, by a plan
//	resolve.go      how data are read, by Avro's rules of schema resolution
//	union.go        the same for unions
//	decode.go       bytes → data, by a plan
//	blocks.go       arrays and maps, and what is passed over
//	part.go         records of which nobody reads all
//	pass.go         what of them is passed over
//	anything.go     data without a schema
//
// testdata/avrodata.jsonl holds what Confluent's AvroData answered.
package avro
