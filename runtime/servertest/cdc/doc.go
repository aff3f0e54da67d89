// Package cdc runs one workload on a database against Debezium in a real Kafka
// Connect, and against a connector of this module, and compares what the two
// write to Kafka: topics, keys, values, headers and schemas.
//
//	case.go      a Case: a database's script, with properties of Debezium's
//	server.go    the databases: PostgreSQL, MariaDB, MySQL
//	lab.go       a broker, a Kafka Connect and a database to run cases in
//	debezium.go  Debezium captures a case
//	pipeline.go  a connector of this module captures one
//	settings.go  a component from Debezium's properties
//	topics.go    what is in the topics afterwards
//	relay.go     captures that follow each other
//	recording.go what a capture gave, as a file
//	compare.go   one capture beside another
//	masks.go     what may differ, and why   deviations.go  what does
//	record/      the command that writes testdata/
//
// testdata/DATABASE/NAME.txtar are the cases, NAME.jsonl.gz (NAME-VARIANT.jsonl.gz)
// what Debezium gave for them.
package cdc
