// Package jsontext reads and writes JSON text as Jackson does, for the
// converters: what is lax in it is lax in Kafka Connect.
//
//	tape.go      JSON text → a flat list of tokens
//	pass.go      text that is passed over
//	read.go      strings and numbers that need no tape
//	guesses.go   when to try a short way
//	node.go      what stands at a node of the tape
//	number.go    numbers as Java's, without a loss
//	unescape.go  strings with escapes
//	string.go    strings as Jackson escapes them
//	value.go     floats, bytes
package jsontext
