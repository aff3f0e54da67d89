package debezium

import (
	"regexp"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/transform"
)

// rename gives text that matches a regular expression as a whole another text,
// as Java's matches and replaceFirst do.
type rename struct {
	whole *regexp.Regexp
	route connect.Apply
}

func newRename(regex, replacement string) (*rename, error) {
	route, err := transform.RegexRouter{Regex: regex, Replacement: replacement}.Open()
	if err != nil {
		return nil, err
	}
	re, err := connect.CompileJavaRegex(regex)
	if err != nil {
		return nil, err
	}
	whole, err := regexp.Compile(`\A(?:` + re.String() + `)\z`)
	return &rename{whole, route}, err
}

// of is the other text; ok is whether the text matched.
func (n *rename) of(text string) (out string, ok bool, err error) {
	if !n.whole.MatchString(text) {
		return "", false, nil
	}
	r := connect.Record{Topic: text}
	_, err = n.route(&r)
	return r.Topic, true, err
}
