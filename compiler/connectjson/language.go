// Package connectjson brings connectors from Kafka Connect to kcgen and back.
//
// Import reads what Kafka Connect, its REST API, Strimzi and Debezium Server
// are configured by, and writes a spec; Export writes what Kafka Connect takes.
// Both walk the CUE definitions, of which each field knows its property: nothing
// is listed here that a definition can say. Nothing is dropped in silence: a
// Report says of each property what became of it.
//
//	language.go    classes and definitions
//	read.go        files → Input: JSON, YAML, properties
//	data.go        JSON and YAML; properties.go java.util.Properties
//	strimzi.go     Strimzi's resources; server.go Debezium Server
//	import.go      Input → specs; hoist.go what connectors say and the worker has
//	settle.go      the spec as vet sees it
//	connector.go   a connector's properties → tree
//	fields.go      a definition's fields
//	step.go        transforms and predicates
//	worker.go      the worker; login.go TLS and SASL
//	database.go    JDBC's URLs; capture.go what Debezium has instead, and alone
//	value.go       a property's text → CUE
//	secret.go      secrets and references
//	tree.go        CUE that is being made; spec.go the file
//	export.go      a plan → properties; exportvalue.go their texts
//	exportcomponent.go, exportdatabase.go, exportcapture.go, exportworker.go
//	report.go      what became of each property
package connectjson

import (
	"strings"

	"cuelang.org/go/cue"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/gotype"
	"kcgen.dev/compiler/reference"
)

// Language is what is known of kcgen's language: its components and what they
// are called in Kafka Connect. It is not safe for concurrent use.
type Language struct {
	lib      *reference.Library
	packages func(importPath string) (cue.Value, bool)
	table    *gotype.Table
	classes  map[string]map[string]*reference.Def // by role, then by every name of a class
	defs     map[string]*gotype.Def               // that were asked for

	converters map[string]map[string]bool // what any converter may be told, by where that begins
}

// New is the language of a library; packages evaluates a package of it.
func New(lib *reference.Library, packages func(importPath string) (cue.Value, bool)) *Language {
	l := &Language{lib: lib, packages: packages, table: gotype.NewTable(nil), classes: map[string]map[string]*reference.Def{}, defs: map[string]*gotype.Def{}, converters: map[string]map[string]bool{}}
	for _, role := range reference.Roles {
		names := map[string]*reference.Def{}
		for _, d := range lib.Components(role) {
			for _, name := range append(namesOf(d.Classes, role), d.Use(), d.Full()) {
				if _, taken := names[name]; !taken {
					names[name] = d
				}
			}
		}
		l.classes[role] = names
	}
	return l
}

// suffixes are what Kafka Connect takes off a class's name for its alias.
var suffixes = map[string]string{
	"source": "Connector", "sink": "Connector", "converter": "Converter", "transform": "Transformation", "predicate": "Predicate",
}

// namesOf are the names that Kafka Connect finds classes by: whole, without
// their packages, and as aliases.
func namesOf(classes []string, role string) []string {
	var out []string
	for _, c := range classes {
		simple := c[strings.LastIndexByte(c, '.')+1:]
		out = append(out, c, simple, strings.TrimSuffix(simple, suffixes[role]))
	}
	return out
}

// component finds a component by what a property calls it. What is behind a $
// is where it applies: HoistField$Value.
func (l *Language) component(role, class string) (d *reference.Def, on string) {
	class, on, _ = strings.Cut(strings.TrimSpace(class), "$")
	return l.classes[role][class], strings.ToLower(on)
}

// nearest says which class may have been meant.
func (l *Language) nearest(role, class string) string {
	simple := class[strings.LastIndexByte(class, '.')+1:]
	var known []string
	for name := range l.classes[role] {
		known = append(known, name)
	}
	return diag.DidYouMean(simple, known)
}

// def is a definition with what its fields become.
func (l *Language) def(importPath, name string) (*gotype.Def, diag.List) {
	if d := l.defs[importPath+"."+name]; d != nil {
		return d, nil
	}
	pkg, ok := l.packages(importPath)
	if !ok {
		return nil, diag.List{{Path: importPath, Msg: "the package cannot be read"}}
	}
	d, bad := l.table.Def(pkg, "#"+name)
	if len(bad) == 0 {
		l.defs[importPath+"."+name] = d
	}
	return d, bad
}

// schema is a definition of package schema.
func (l *Language) schema(name string) (*gotype.Def, diag.List) {
	return l.def(reference.Schema, name)
}
