// Package cdc is the vocabulary of sources that capture the changes of a
// database: tables, the records of their changes, and the names and shapes that
// Debezium gives these. It knows nothing of a server.
//
//	options.go      Options: what all captures can be told
//	table.go        TableID, Table, Column: what a server says of a table
//	filter.go       Filter: which tables, columns and keys
//	mapper.go       columns that are cut, masked or hashed
//	name.go         names as Kafka and Avro allow them
//	topics.go       Topics: where records go
//	layout.go       Layout: the schemas of a table's records, made once
//	block.go        the source block of a record
//	emit.go         Emitter: changes as records; transaction.go, heartbeat.go
//	types.go        Debezium's logical types; null.go what stands for null in them
//	signal.go       Signal: what a capture is told while it runs; signaltopic.go by a topic
//	window.go       Window: chunks of an incremental snapshot between watermarks
//	incremental.go  IncrementalSnapshot: by signal; chunk.go its chunks, collection.go and javakey.go
//	                its state in offsets, as Debezium keeps it
//	waiting.go      Waiting: signals that were heard and are not done
//	identity.go     Identity: what a position belongs to must not change unnoticed
//	notify.go       Notifier: what a capture tells of its snapshots; incrementalnotify.go
//	progress.go     Progress: how far snapshots are
//
// A source makes one [Emitter] a task, one [Layout] a version of a table, and
// calls Emitter.Change for each change of a row.
package cdc
