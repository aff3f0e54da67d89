// Package postgres is PostgreSQL for the connectors that speak SQL: see package
// database, and the README for how its types become Connect's and back.
//
//	postgres.cue   the options
//	database.go    Database: options to a pool of connections
//	url.go         the address
//	dialect.go     names, parameters, limits
//	fault.go       what an error means
//
// reading:
//
//	tables.go      which tables there are, and their columns
//	types.go       a type as a schema and a decoder
//	decode.go      values as the wire has them
//	numeric.go     numbers of any length
//	moments.go     dates and times
//	array.go       arrays
//	rows.go        a query's rows
//	argument.go    a query's parameters, and offsets as such
//
// writing:
//
//	columntype.go  a schema as a type, and its default
//	bind.go        a value as a parameter
//	statement.go   INSERT, upsert, UPDATE, DELETE, DDL
//	copy.go        many rows at once
//
// and settle.go: which transactions may still write; rights.go: what a user may
// do, and what grants it.
package postgres
