package gotype

import "cuelang.org/go/cue"

// files are what a field that names a file may say of it, as its definition
// does:
//
//	file?: #Text @file(read)
//
// Package deploy makes a place for it where the program is to run.
var files = []string{
	"given", // a person puts it there, such as a certificate
	"read",  // data that others write
	"write", // data that the program writes, and finds again after a restart

	"read folder", "write folder", // the same of all that is in a folder
}

// fileOf is what @file says of a field.
func fileOf(v cue.Value) (string, error) { return wordOf(v, cue.FieldAttr, "file", files) }
