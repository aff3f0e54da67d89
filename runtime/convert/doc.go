// Package convert holds the converters that Kafka Connect itself ships: how
// data becomes the bytes of a topic, and how bytes become data.
//
//	string.go      String
//	charset.go     the encodings other than UTF-8
//	bytearray.go   ByteArray
//	primitive.go   Boolean, Short, Integer, Long, Float, Double
//	header.go      SimpleHeader
//	json.go        JSON: Open, Encode, Decode
//	jsonwrite.go   data → JSON, by a plan made of the schema
//	jsonstring.go  strings as Jackson escapes them
//	jsonschema.go  a schema as JSON, and back
//	jsontape.go    JSON text → a flat list of tokens
//	jsonread.go    tokens → data, as laxly as JsonConverter
//	cache.go       what is kept by schema
package convert
