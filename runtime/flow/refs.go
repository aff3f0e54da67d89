package flow

import (
	"encoding/json"
	"reflect"
	"regexp"
)

// reference is a value that is known when the pipeline starts, and not before:
// ${env:NAME}.
var reference = regexp.MustCompile(`\$\{(env|file|dir):[^{}"]*\}`)

// refers is whether text has a reference in it.
func refers(text string) bool { return reference.MatchString(text) }

// Refers is whether a component's configuration has references in it.
func Refers(component any) bool { return reference.Match(configuration(component)) }

// variants is a component whose configuration has references in it, with one
// word in their place and with another: what both do does not hang on the
// reference. There are none where the words do not fit.
func variants[T any](component T) (of []T, refers bool) {
	if !Refers(component) {
		return nil, false
	}
	text := configuration(component)
	for _, word := range []string{"kcgen-one", "kcgen-two"} {
		filled := reflect.New(reflect.TypeOf(component))
		if json.Unmarshal(reference.ReplaceAllLiteral(text, []byte(word)), filled.Interface()) != nil {
			return nil, true
		}
		of = append(of, filled.Elem().Interface().(T))
	}
	return of, true
}

// configuration is a component as JSON; empty for what has none, as a function.
func configuration(component any) (text []byte) {
	defer func() {
		if recover() != nil {
			text = nil
		}
	}()
	text, _ = json.Marshal(component)
	return text
}
