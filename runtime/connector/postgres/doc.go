// Package postgres is PostgreSQL for the connectors that speak SQL: see package
// database, and the README for how its types become Connect's and back. It is
// also a source of its own, which captures changes.
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
// capturing:
//
//	source.cue         the options of the source
//	source.go          Source: what the options say
//	capture.go         the task: a batch that one goroutine fills and Poll takes
//	capturerun.go      a run from connecting to streaming
//	captureslot.go     slots and publications
//	capturesnapshot.go the rows that are there, capturequery.go how they are asked for,
//	                   capturescan.go by how many at once, captureplaces.go how far
//	capturestream.go   the log as records, capturelogical.go messages in it
//	captureincremental.go  chunks between watermarks, by signals; capturereadonly.go without marks;
//	                   captureblocking.go snapshots for which the stream waits
//	captureposition.go offsets, and what of the log was had before them
//	captureowner.go    whose a position is
//	capturelink.go     the connection of replication
//	capturemessage.go  messages of pgoutput
//	capturetable.go    versions of tables, capturedefault.go their defaults
//	capturetype.go     types of the catalog, capturemap.go what becomes of them
//	capturetext.go     values as the server prints them: capturetime.go,
//	                   capturelist.go, captureshape.go, capturevector.go
//	captureblock.go    the source block
//	capturenotify.go   what is told of snapshots
//	capturewatch.go    what goes on beside: the slot's size, the statement of
//	                   heartbeats; capturefigures.go what metrics show
//	sourcecheck.go     what is missing, sourcegrants.go what grants it
//
// and settle.go: which transactions may still write; rights.go: what a user may
// do, and what grants it.
package postgres
