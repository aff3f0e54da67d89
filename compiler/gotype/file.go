package gotype

import (
	"fmt"
	"slices"
	"strings"

	"cuelang.org/go/cue"
)

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
}

// fileOf is what @file says of a field.
func fileOf(v cue.Value) (string, error) {
	for _, a := range v.Attributes(cue.FieldAttr) {
		if a.Name() != "file" {
			continue
		}
		word := strings.TrimSpace(a.Contents())
		if !slices.Contains(files, word) {
			return "", fmt.Errorf("has @file(%s); it must be one of %s", word, strings.Join(files, ", "))
		}
		return word, nil
	}
	return "", nil
}
