// Package filestream is Kafka Connect's pair of file connectors: a source that
// turns the lines of a file into records, and a sink that turns records into
// the lines of a file. What they promise stands in README.md; their
// configuration in filestream.cue.
//
//	source.go       Source and its task: batches and offsets
//	lines.go        blocks of bytes cut into lines, without copies
//	input.go        what is read: a file that may grow, move or shrink
//	stdin.go        … or the standard input
//	sink.go         Sink and its task
//	appendfile.go   the sink's file: lock, repair, append, sync
//	exactsink.go    the sink where its file holds each record once
//	exactfile.go    … that file   positions.go  and what is kept beside it
//	stream.go       … or the standard output, a FIFO, a device
//	text.go         a value as text
//	errors.go       which errors may go away by themselves
//	check.go        what can be seen before the pipeline runs
//	sys_*.go, disk_*.go  what differs between systems
package filestream
