// Package sqlite is SQLite for the connectors that speak SQL: see package database.
//
//	sqlite.cue    the options
//	open.go       the file as a pool of connections
//	dialect.go    names, limits, what errors mean
//	catalog.go    tables and columns
//	declared.go   declared types, and the schemas that they become
//	rows.go       queries
//	times.go      dates and times, which SQLite keeps as numbers or as texts
//	numbers.go    how numbers are drawn, and indexes
//	write.go      types, parameters and statements of a sink
package sqlite
