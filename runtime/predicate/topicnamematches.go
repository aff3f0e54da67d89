package predicate

import (
	"errors"
	"fmt"
	"regexp"

	"kcgen.dev/runtime/connect"
)

var _ connect.Split = TopicNameMatches{}

// Open gives the test. A pattern that is empty or no regular expression is an
// error.
func (p TopicNameMatches) Open() (connect.Test, error) {
	if p.Pattern == "" {
		return nil, errors.New("predicate: open TopicNameMatches: the pattern is empty")
	}
	// Alone first: "a)|(b" is no pattern, though it would be one in brackets.
	if _, err := regexp.Compile(p.Pattern); err != nil {
		return nil, fmt.Errorf("predicate: open TopicNameMatches: %w", err)
	}
	whole, err := regexp.Compile(`\A(?:` + p.Pattern + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("predicate: open TopicNameMatches: %w", err)
	}
	// Records in a row are of one topic.
	topic, matches := "", whole.MatchString("")
	return func(r *connect.Record) bool {
		if r.Topic != topic {
			topic, matches = r.Topic, whole.MatchString(r.Topic)
		}
		return matches
	}, nil
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
