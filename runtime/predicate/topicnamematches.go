package predicate

import (
	"errors"
	"fmt"

	"kcgen.dev/runtime/connect"
)

var _ connect.Split = TopicNameMatches{}

// Open gives the test. A pattern that is empty or no regular expression is an
// error.
func (p TopicNameMatches) Open() (connect.Test, error) {
	if p.Pattern == "" {
		return nil, errors.New("predicate: open TopicNameMatches: the pattern is empty")
	}
	whole, err := connect.CompileJavaRegex(p.Pattern)
	if err != nil {
		return nil, fmt.Errorf("predicate: open TopicNameMatches: %w", &connect.OptionError{Option: "pattern", Err: err})
	}
	topic, matches := "", is(whole, "") // records in a row are of one topic
	return func(r *connect.Record) bool {
		if r.Topic != topic {
			topic, matches = r.Topic, is(whole, r.Topic)
		}
		return matches
	}, nil
}

// is reports whether a whole topic matches. One that takes too many steps to
// tell does not.
func is(whole *connect.JavaRegex, topic string) bool {
	yes, err := whole.Matches(topic)
	return yes && err == nil
}

// Split tells records by their topic, where it is known.
func (p TopicNameMatches) Split(s connect.Shape) (yes, no *connect.Shape) {
	test, err := p.Open()
	switch {
	case err != nil || s.Topic == "":
		other := s
		return &s, &other
	case test(&connect.Record{Topic: s.Topic}):
		return &s, nil
	}
	return nil, &s
}
