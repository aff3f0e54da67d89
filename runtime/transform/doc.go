// Package transform holds the single message transforms that Kafka Connect
// itself ships, and some that Confluent adds.
//
//	hoistfield.go   HoistField
//	insertfield.go  InsertField
//	filter.go       Filter
//	extractfield.go ExtractField
//	replacefield.go ReplaceField
//	maskfield.go    MaskField
//	valuetokey.go   ValueToKey
//	flatten.go      Flatten; flattenmap.go does maps of a known shape
//	cast.go         Cast; castvalue.go casts one value
//	dropheaders.go  DropHeaders
//	insertheader.go InsertHeader
//	headerfrom.go   HeaderFrom
//	regexrouter.go  RegexRouter
//	timestamprouter.go    TimestampRouter
//	timestampconverter.go TimestampConverter
//	setschemametadata.go  SetSchemaMetadata
//
//	drop.go, extracttopic.go, tombstonehandler.go and
//	messagetimestamprouter.go  Confluent's of these names
//
//	fieldpath.go    names and paths of fields (V1, V2)
//	rewrite.go      structs and maps with some fields changed, at any depth
//	reshape.go      the same as plans, which those of a chain are joined by
//	javanumber.go   numbers in text, as Java reads them
//	reads.go        what of a key or value each reads
//	on.go           key or value; what was made of a schema
//	flow.go         what becomes of schemas, and of nulls, before there are data
package transform
