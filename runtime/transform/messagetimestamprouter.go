package transform

import (
	"errors"
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = MessageTimestampRouter{}

// Open compiles the patterns, and gives the function that routes.
func (x MessageTimestampRouter) Open() (connect.Apply, error) {
	m, err := x.router()
	if err != nil {
		return nil, fmt.Errorf("transform: open MessageTimestampRouter: %w", err)
	}
	return func(r *connect.Record) (bool, error) {
		when, err := m.when(&r.Value)
		if err != nil {
			return false, fmt.Errorf("transform: MessageTimestampRouter: %w", err)
		}
		r.Topic = m.topic(r.Topic, when)
		return true, nil
	}, nil
}

func (x MessageTimestampRouter) router() (*messageRouter, error) {
	m := &messageRouter{by: TimestampRouter{TopicFormat: x.TopicFormat}}
	var err error
	if m.out, err = connect.NewDateFormat(x.TopicTimestampFormat); err != nil {
		return nil, ofOption("topicTimestampFormat", err)
	}
	if m.in, err = connect.NewDateFormat(x.MessageTimestampFormat); err != nil {
		return nil, ofOption("messageTimestampFormat", err)
	}
	m.paths, err = parseFieldPaths(x.MessageTimestampKeys, x.FieldSyntaxVersion)
	if err == nil && len(m.paths) == 0 {
		err = errors.New("no fields")
	}
	return m, ofOption("messageTimestampKeys", err)
}

type messageRouter struct {
	by      TimestampRouter
	in, out *connect.DateFormat
	paths   []fieldPath

	from, to string // of the last record: most in a row go to one topic
	at, text []byte // its time in the topic
	known    bool
}

// when is the time that a value holds.
func (m *messageRouter) when(d *connect.Datum) (connect.Value, error) {
	if d.Value.IsNull() {
		return connect.Null, errors.New("the value is null; add unless: predicate.#RecordIsTombstone")
	}
	for _, path := range m.paths {
		v, err := in(path, d)
		switch {
		case err != nil:
			return connect.Null, err
		case v.IsNull():
			continue
		case v.Kind() == connect.KindInstant:
			return v, nil
		case v.Kind() != connect.KindString:
			return connect.Null, fmt.Errorf("field %q: a time is text, a Date or a Timestamp, and this is %v", path, v.Kind())
		}
		if v, err = m.in.Parse(v.Str()); err != nil {
			return connect.Null, fmt.Errorf("field %q: %w", path, err)
		}
		return v, nil
	}
	return connect.Null, fmt.Errorf("the value has none of the fields %q", m.paths)
}

// topic is the topic for a time.
func (m *messageRouter) topic(old string, when connect.Value) string {
	m.text = m.out.Append(m.text[:0], when)
	if !m.known || old != m.from || string(m.text) != string(m.at) {
		m.known, m.from, m.at = true, strings.Clone(old), append(m.at[:0], m.text...)
		m.to = strings.ReplaceAll(m.by.topic(old), timestampMark, string(m.text))
	}
	return m.to
}

// Flow makes the topic unknown, unless it has no time in it. One of the fields
// has to be there, where the schema is known, and each that is has to be one of
// a time.
func (x MessageTimestampRouter) Flow(s *connect.Shape) error {
	m, err := x.router()
	if err != nil {
		s.Topic = ""
		return err
	}
	err = errors.Join(m.by.Flow(s), noNulls("value", &s.Value))
	if !s.Value.Known || s.Value.Schema == nil {
		return err
	}
	return errors.Join(err, ofOption("messageTimestampKeys", m.fits(s.Value.Schema)))
}

// fits is why no value of the schema has a time.
func (m *messageRouter) fits(in *connect.Schema) (err error) {
	missing, found := error(nil), false
	for _, path := range m.paths {
		s, wrong := path.schema(in)
		switch {
		case wrong != nil:
			missing = errors.Join(missing, wrong)
		case s == nil:
			missing = errors.Join(missing, path.missing(in))
		case s.ValueKind() != connect.KindString && s.ValueKind() != connect.KindInstant:
			missing = errors.Join(missing, fmt.Errorf("field %q: a time is text, a Date or a Timestamp, and this is %v", path, s))
		default:
			found = true
		}
	}
	if found {
		return nil
	}
	return missing
}
