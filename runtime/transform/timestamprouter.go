package transform

import (
	"errors"
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = TimestampRouter{}

// Open compiles the pattern, and gives the function that routes.
func (x TimestampRouter) Open() (connect.Apply, error) {
	format, err := connect.NewDateFormat(x.TimestampFormat)
	if err != nil {
		return nil, fmt.Errorf("transform: open TimestampRouter: %w", err)
	}
	var from, to string // of the last record: most in a row go to one topic
	var when, text []byte
	first := true
	return func(r *connect.Record) (bool, error) {
		if r.Timestamp == connect.NoTimestamp {
			return false, fmt.Errorf("transform: TimestampRouter: %w", errors.New("the record has no timestamp"))
		}
		text = format.Append(text[:0], connect.InstantMilli(r.Timestamp))
		if first || r.Topic != from || string(text) != string(when) {
			first, from, when = false, r.Topic, append(when[:0], text...)
			to = strings.ReplaceAll(x.topic(r.Topic), timestampMark, string(text))
		}
		r.Topic = to
		return true, nil
	}, nil
}

// What stands for a record's topic and timestamp in the new one.
const (
	topicMark     = "${topic}"
	timestampMark = "${timestamp}"
)

// topic is the new topic but for its timestamp.
func (x TimestampRouter) topic(old string) string {
	return strings.ReplaceAll(x.TopicFormat, topicMark, old)
}

// Flow makes the topic unknown, unless it has no timestamp in it.
func (x TimestampRouter) Flow(s *connect.Shape) error {
	old := s.Topic
	s.Topic = x.topic(old)
	if strings.Contains(s.Topic, timestampMark) || old == "" && strings.Contains(x.TopicFormat, topicMark) {
		s.Topic = ""
	}
	return nil
}
