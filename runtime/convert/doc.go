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
//	jsonschema.go  a schema as JSON, and back
//	jsonread.go    tokens → data, as laxly as JsonConverter
//	jsonquick.go   the same for messages that are laid out as the one before
//	jsonproject.go what of data without a schema nobody reads
//	jsonpart.go    and of data with one
//	jsonseek.go    where the fields of these stand
//	jsonfits.go    whether a value fits that is not made
//	flow.go        what each refuses to write, and what it reads
//	cache.go       what is kept by schema
//
// JSON text itself is in runtime/internal/jsontext.
package convert
