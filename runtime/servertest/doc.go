// Package servertest runs the real servers that tests and benchmarks need, as
// ordinary processes: fetched once into a cache outside the tree, started on
// free loopback ports with their data in a temporary folder, and gone when the
// test is, however it ends.
//
//	cache.go    where servers are installed, once for all test processes
//	process.go  one running server: start, kill, pause, restart, log
//	ports.go    free loopback ports that stay free
//	maven.go    jars, by the ordinary mvn client   pip.go  Python modules, by pip
//	debian.go   the system's own packages, unpacked into a folder
//	shared.go   one server for all tests of a package
//	kafka.go    Apache Kafka, one KRaft process; kafka/ holds its files
//	clock.go    a broker's clock that jumps, by Debian's libfaketime
//	advertise.go  a way into Kafka that leads through a proxy
//	debezium.go Debezium's connectors in Kafka Connect; debezium/ holds their files
//	postgresnewest.go  a newer PostgreSQL than the system's
//	apicurio.go a Schema Registry: Apicurio's, under Confluent's API
//	python.go   scripts that read and write, for these:
//	readers_avro.go  independent readers of Avro; avro/ holds their files
//	readers_protobuf.go  protoc's Python code, which reads what we write
//	validator_jsonschema.go  an independent validator of JSON Schema; jsonschema/ holds its script
//	registrytest/  one suite for each converter that asks a Schema Registry
//	deploytools.go  programs that judge what kcgen template writes
//	install/    the command that fetches everything ahead of the tests
//	history/    the offline checker: numbered lines in, what was lost out
//	cdc/        change data capture beside Debezium's
//	weather/    a way to a server: cut, slow, or in one direction only
//	planted/    bugs in copies of files, for checkers to find
//	proc/       ordinary child processes: the programs under test
//
// A further server is one further file: a recipe for its folder (see recipe),
// the command that starts it, and a question that says whether it is ready.
//
// Under "go test -short" no server runs: a test that asks for one is skipped,
// and says so. Without -short a server that cannot be had fails the test, with
// what to install.
package servertest
