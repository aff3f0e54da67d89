// Package javatest says which value of kcgen stands for which Java class of
// Kafka Connect, with the class's own configuration: what recorded cases are
// run against (see vectortest). The command in vectors runs folders of them.
package javatest

import (
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connect/vectortest"
)

// Table holds every class that there is.
var Table = vectortest.Table{Converters: converters, Transforms: transforms, Predicates: predicates}

type (
	newConverter = func(vectortest.Config) (connect.Converter, error)
	newTransform = func(on string, c vectortest.Config) (connect.Transform, error)
	newPredicate = func(vectortest.Config) (connect.Predicate, error)
)
