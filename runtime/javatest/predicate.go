package javatest

import (
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connect/vectortest"
	"kcgen.dev/runtime/predicate"
)

var predicates = map[string]newPredicate{
	"HasHeaderKey": func(c vectortest.Config) (connect.Predicate, error) {
		name, err := c.Need("name")
		return predicate.HasHeaderKey{Name: name}, err
	},
	"RecordIsTombstone": func(vectortest.Config) (connect.Predicate, error) {
		return predicate.RecordIsTombstone{}, nil
	},
	"TopicNameMatches": func(c vectortest.Config) (connect.Predicate, error) {
		pattern, err := c.Need("pattern")
		return predicate.TopicNameMatches{Pattern: pattern}, err
	},
}
