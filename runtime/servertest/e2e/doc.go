// Package e2e has no code of its own: its tests run compiled pipelines as
// processes against a real broker, hurt both, and judge what arrived with the
// offline checker. programs/ holds the pipelines.
//
//	pipeline_test.go  how a test runs a pipeline
//	kafka_test.go     what a test asks of the broker
//	move_test.go      data moves, stops and goes on
//	broker_test.go    the broker is away
//	bad_test.go       bad input and bad circumstances
//	registry_test.go  the Schema Registry is away
//	avro_test.go      the same for a spec that kcgen compiles: examples/orders-avro
//	tables_test.go   from table to table, through databases that go away and change: examples/postgres-to-mariadb
//	changes_test.go   tables that are mirrored by their changes: examples/postgres-changes
//	letters_test.go   a dead letter queue that cannot be written, beside Kafka Connect
//	security_test.go  TLS, SASL and ACLs: moves, refusals, and no secret seen
//	rights_test.go    each right that is missing, and a password that changes
//	crash_test.go     kill -9 at random moments; KCGEN_CRASH=full for the whole
package e2e
