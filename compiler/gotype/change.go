package gotype

import (
	"fmt"
	"slices"
	"strings"

	"cuelang.org/go/cue"
)

// changes are what the change of a field can mean, as its definition says:
//
//	file?: #Text @change(identity)
//
// Package review knows what each comes to.
var changes = []string{
	"none",       // nothing that runs
	"restart",    // the program is another, and goes on where it was
	"duplicates", // records may come again
	"output",     // other records
	"format",     // other bytes: who reads the old ones cannot read them
	"guarantee",  // what is promised of records
	"renamed",    // records go elsewhere, or come from elsewhere
	"includes",   // what is read: more of it, or less
	"excludes",   // what is not read
	"identity",   // the positions are kept under another name: it begins anew
}

// changeOf is what @change says of a field, or of all fields of a definition
// where it stands in that.
func changeOf(v cue.Value, kind cue.AttrKind) (string, error) {
	return wordOf(v, kind, "change", changes)
}

// wordOf is the word of an attribute that takes one of several; empty where
// there is no such attribute.
func wordOf(v cue.Value, kind cue.AttrKind, attribute string, words []string) (string, error) {
	for _, a := range v.Attributes(kind) {
		if a.Name() != attribute {
			continue
		}
		word := strings.TrimSpace(a.Contents())
		if !slices.Contains(words, word) {
			return "", fmt.Errorf("has @%s(%s); it must be one of %s", attribute, word, strings.Join(words, ", "))
		}
		return word, nil
	}
	return "", nil
}

// usualChange is what the change of a field means where nothing is said.
// Records are made by converters, transforms and predicates.
func usualChange(role string) string {
	switch role {
	case "converter", "transform", "predicate":
		return "output"
	}
	return "restart"
}
