// Package fuse makes one function of a source's chain: of its transforms, its
// predicates and its converters. Where all of them are known when a pipeline is
// built, so is what each record becomes: bytes that are always the same, and
// between them what the record holds. Kcgen finds that out ([Source]) and prints it
// as Go, and the worker calls it ([Func]) in the chain's place.
//
// A function is for records of one form alone, and says so of any other, which
// then goes through the chain itself. So does what fails: a function has no
// errors. What it writes is what the chain writes, to the byte.
//
//	func.go    what printed functions are made of
//	value.go   what a key or a value is on its way, in terms of the record
//	source.go  a source's chain, step by step
package fuse
