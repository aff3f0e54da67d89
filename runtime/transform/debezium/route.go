package debezium

import (
	"errors"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/transform"
)

// rename gives text that matches a regular expression as a whole another text,
// as Java's matches and replaceFirst do.
type rename struct {
	whole *connect.JavaRegex
	route connect.Apply
}

// newRename takes the options of a regular expression and its replacement,
// whose names its errors have.
func newRename(regex, replacement option) (*rename, error) {
	route, err := openRoute(regex, replacement)
	if err != nil {
		return nil, err
	}
	whole, err := connect.CompileJavaRegex(regex.value)
	return &rename{whole, route}, err
}

// option is a text that the spec has under a name.
type option struct{ name, value string }

// openRoute is a RegexRouter of other options than its own, to which its
// errors belong.
func openRoute(regex, replacement option) (connect.Apply, error) {
	route, err := transform.RegexRouter{Regex: regex.value, Replacement: replacement.value}.Open()
	var of *connect.OptionError
	if !errors.As(err, &of) {
		return route, err
	}
	name := regex.name
	if of.Option == "replacement" {
		name = replacement.name
	}
	return nil, &connect.OptionError{Option: name, Err: of.Err}
}

// of is the other text; ok is whether the text matched.
func (n *rename) of(text string) (out string, ok bool, err error) {
	if matches, err := n.whole.Matches(text); err != nil || !matches {
		return "", false, err
	}
	r := connect.Record{Topic: text}
	_, err = n.route(&r)
	return r.Topic, true, err
}
