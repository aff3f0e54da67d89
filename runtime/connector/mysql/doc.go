// Package mysql is MySQL 8 and MariaDB for the connectors that speak SQL: see
// package database.
//
//	mysql.cue     the options
//	open.go       connections, and what each is told at its beginning
//	dialect.go    names, limits
//	fault.go      what errors mean
//	catalog.go    tables, columns, indexes
//	types.go      types, and the schemas that they become
//	rows.go       queries
//	times.go      dates and times, zero dates among them
//	write.go      types and statements of a sink
//	bind.go       parameters
//	grants.go     the statements that give rights; privileges.go: those that a user lacks
package mysql
