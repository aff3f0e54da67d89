// Package sql is Kafka Connect's pair of JDBC connectors: a source that turns the
// rows of tables into records, and a sink that turns records into rows. What they
// promise stands in README.md; their configuration in source.cue and sink.cue; how
// databases differ in package database and in its dialects.
//
// The source:
//
//	source.go          Source: its options, checked
//	sourcetables.go    which tables, and whose
//	sourcetask.go      a task: its tables in turn
//	sourcefind.go      tables that come and go
//	sourcereader.go    one table: rows, batches, offsets
//	sourcebegin.go     … and how a query of it begins
//	sourcesettle.go    … when the transactions that are open are over
//	sourcequery.go     the queries' text
//	sourcecolumns.go   the columns that a mode reads by; schemas
//	sourceposition.go  offsets   sourcetime.go  and the values in them
//	sourcealter.go     offsets that are set from outside
//	sourcelag.go       how far a task is behind
//	sourcecheck.go     ./pipeline check   sourcegrants.go  kcgen grants
//
// The sink:
//
//	sink.go        Sink and its task: what a worker calls
//	sinklayout.go  which columns the data of a pair of schemas go to
//	sinkbind.go    a record's data as parameters
//	sinktable.go   a table: made, amended, read anew
//	sinkput.go     a batch as transactions, and what is tried again
//	sinkwrite.go   rows as statements, and the rows that are refused
//	sinkroom.go    what is used again for the next batch
//	sinksession.go the connection, its transaction and prepared statements
//	sinkexact.go   positions beside the data
//	sinkflow.go    what a build can tell
//	sinkcheck.go   what a check looks at   sinkgrants.go  which rights it needs
//
// Both:
//
//	columnname.go  a column by its name   rows.go  rows read to their end
package sql
