// Package sqlserver is Microsoft SQL Server for the connectors that speak SQL: see
// package database. No server was at hand when it was written: see the README.
//
//	sqlserver.cue  the options
//	open.go       connections
//	dialect.go    names, limits, savepoints
//	fault.go      what errors mean
//	catalog.go    tables, columns, indexes
//	types.go      types, and the schemas that they become
//	rows.go       queries, and what the driver gives
//	write.go      types and statements of a sink
//	bind.go       parameters
//	privileges.go  rights that a user lacks
package sqlserver
