// Package vectortest runs recorded cases: inputs, and what Apache Kafka's own
// transforms, predicates and converters made of them. A test names the file
// and says which Go value stands for which Java class:
//
//	vectortest.Run(t, "testdata/HoistField.jsonl", vectortest.Table{
//		Transforms: map[string]func(string, vectortest.Config) (connect.Transform, error){
//			"HoistField": …,
//		},
//	})
//
// A file holds one JSON object a line: op, class and config, the input
// (record, data, bytes or text), and what came of it (expect). Data are written
// as JsonConverter's envelope of schema and payload, with "typed" where the
// payload alone would not tell the Java type. Errors are compared as such, not
// by their text; everything else has to be equal, schemas included.
//
//	run.go      Table, and Run for tests
//	check.go    Case, Read and Check: the operations
//	steps.go    a case's transforms and records, for other tests than Check
//	read.go     the envelope → connect's data
//	compare.go  records, data and bytes
package vectortest
