package dryrun

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/dryrun/wire"
)

// fill makes the record that goes in, as a source's connector gives it. A
// sink's gets its key and value from bytes, later.
func (d *dry) fill(o *opened, in *wire.Record, r *connect.Record) error {
	*r = connect.Record{Topic: in.Topic, Partition: int32(in.Partition), Offset: -1, Timestamp: connect.NoTimestamp}
	if r.Topic == "" {
		r.Topic = d.defaultTopic(o.target)
	}
	if len(in.Timestamp) > 0 {
		ms, err := toMillis(in.Timestamp)
		if err != nil {
			return err
		}
		r.Timestamp = ms
	}
	key, value, err := d.forms(o.target, r.Topic)
	if err != nil {
		return err
	}
	if r.Key, err = datum("in.key", in.Key, key); err != nil {
		return err
	}
	if r.Value, err = datum("in.value", in.Value, value); err != nil {
		return err
	}
	for _, name := range headerNames(in.Headers) {
		h, err := datum("in.headers", in.Headers[name], nil)
		if err != nil {
			return err
		}
		if h.Value.Kind() == connect.KindString {
			h.Schema = connect.StringSchema
		}
		r.Headers = append(r.Headers, connect.Header{Key: name, Datum: h})
	}
	if o.sink != nil {
		r.Partition, r.Offset = max(r.Partition, 0), 0
	}
	return nil
}

func datum(place string, raw json.RawMessage, s *connect.Schema) (connect.Datum, error) {
	if len(raw) == 0 {
		return connect.Datum{}, nil
	}
	x, err := parseData(raw)
	if err != nil {
		return connect.Datum{}, fmt.Errorf("%s: %w", place, err)
	}
	return reader{place}.datum(x, s)
}

func headerNames(m map[string]json.RawMessage) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// defaultTopic is the topic of a record that names none.
func (d *dry) defaultTopic(t *target) string {
	if topic := d.Connectors[t.key].Topic; topic != "" {
		return topic
	}
	if e, ok := t.source.(connect.Emits); ok {
		return e.Emits().Topic
	}
	if len(t.topics) == 1 {
		return t.topics[0]
	}
	return ""
}

// toMillis reads a timestamp: milliseconds, or RFC 3339.
func toMillis(raw json.RawMessage) (int64, error) {
	x, err := parseData(raw)
	if err == nil {
		if v, ok := toInstant(x, connect.LogicalTimestamp); ok {
			return v.Milli(), nil
		}
	}
	return 0, fmt.Errorf("timestamp: %s is neither milliseconds nor a time such as %q", showData(x), time.UnixMilli(0).UTC().Format(time.RFC3339))
}

// topicBytes are what a topic holds: given as bytes, or as data that the
// sink's own converters write.
func (d *dry) topicBytes(o *opened, in *wire.Record, r *connect.Record) (b bytes, err error) {
	parts := []struct {
		name string
		raw  json.RawMessage
		data connect.Datum
		to   *[]byte
	}{{"key", in.KeyBytes, r.Key, &b.key}, {"value", in.ValueBytes, r.Value, &b.value}}
	for i, p := range parts {
		if len(p.raw) > 0 {
			x, err := parseData(p.raw)
			if err != nil {
				return b, fmt.Errorf("in.%sBytes: %w", p.name, err)
			}
			data, ok := toBytes(x)
			if !ok {
				return b, fmt.Errorf("in.%sBytes: %s is neither bytes nor text", p.name, showData(x))
			}
			*p.to = data
			continue
		}
		if p.data.IsNull() {
			continue // a null of the topic's, not one that the converter writes
		}
		codec := o.Key
		if i == 1 {
			codec = o.Value
		}
		if *p.to, err = o.write(p.name+"Converter", codec, r.Topic, p.data); err != nil {
			return b, fmt.Errorf("in.%s cannot be written as the topic would have it; declare its schema, or give %sBytes: %w", p.name, p.name, err)
		}
	}
	for _, h := range r.Headers {
		v, err := o.write("headerConverter", o.Header, r.Topic, h.Datum)
		if err != nil {
			return b, fmt.Errorf("in.headers.%s: %w", h.Key, err)
		}
		b.headers = append(b.headers, header{h.Key, v})
	}
	return b, nil
}
