// Package database is the vocabulary between the connectors that speak SQL and
// the databases: what a database is asked, and the pieces that dialects share.
//
//	database.go   Database, Dialect, Querier
//	table.go      Table, Column
//	read.go       Reads, Rows, Mapping: what a source asks
//	write.go      Writes, Bulk, Bind: what a sink asks
//	settle.go     Settles: which transactions are open
//	size.go       Sizes: how long a statement may be
//	fault.go      Fault: what an error means
//
// and for dialects over database/sql:
//
//	numeric.go    numeric.mapping: the schema of an exact number
//	granularity.go  timestamp.granularity: schema and value of a moment
//	times.go      dates and times as databases write them
//	number.go     decimals of texts, integers and floats
//	decode.go     what drivers give, as values
//	scan.go       Rows of *sql.Rows and one decoder a column
//	bind.go       values as drivers take them; widen.go: a float32 among them
//	default.go    a schema's default in DDL
//	parse.go      names of tables as people write them
//	statement.go  INSERT, UPDATE, DELETE, CREATE
package database
