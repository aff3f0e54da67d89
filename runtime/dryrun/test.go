package dryrun

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/dryrun/wire"
)

// test tries one test of the spec, on a chain of its own.
func (d *dry) test(t *wire.Test) wire.Result {
	res := wire.Result{Name: t.Name}
	key := "sources." + t.Source
	if t.Sink != "" {
		key = "sinks." + t.Sink
	}
	err := guard(func() error { return d.try(t, key, &res) })
	if err != nil {
		res.Message, res.Diff, res.Untried = err.Error(), nil, errors.Is(err, errUnread)
	}
	res.Passed = res.Message == ""
	return res
}

// outcome is what came of a record.
type outcome struct {
	record  connect.Record
	bytes   bytes // of a source's record
	dropped bool
	err     error
}

// try judges a test: an error is of the test itself.
func (d *dry) try(t *wire.Test, key string, res *wire.Result) error {
	target, err := d.target(key)
	if err != nil {
		return err
	}
	o, err := target.open()
	if err != nil {
		return err
	}
	got, err := d.follow(o, &t.In, nil)
	if err != nil {
		return err
	}
	res.Message, res.Diff, err = judge(t, &got, target.source != nil)
	return err
}

// judge says what is wrong with an outcome; nothing where it is as it must be.
func judge(t *wire.Test, got *outcome, source bool) (msg string, lines []string, err error) {
	switch {
	case t.Error != "" && got.err == nil && got.dropped:
		return fmt.Sprintf("the record is dropped; it must fail with %q", t.Error), nil, nil
	case t.Error != "" && got.err == nil:
		return fmt.Sprintf("the record passes; it must fail with %q", t.Error), []string{"it is " + showRecord(got)}, nil
	case t.Error != "" && !strings.Contains(got.err.Error(), t.Error):
		return "the record fails with another error", []string{"got " + got.err.Error(), "want " + t.Error}, nil
	case t.Error != "":
		return "", nil, nil
	case got.err != nil:
		return "the record fails: " + got.err.Error(), nil, nil
	case t.Dropped && !got.dropped:
		return "the record passes; it must be dropped", []string{"it is " + showRecord(got)}, nil
	case t.Dropped:
		return "", nil, nil
	case got.dropped:
		return "the record is dropped; something must come out", nil, nil
	}
	diff, err := compare(t.Out, got, source)
	if err != nil || len(diff.lines) == 0 {
		return "", nil, err
	}
	return "what comes out differs", diff.lines, nil
}

// showRecord is what came out, on one line.
func showRecord(o *outcome) string {
	r := &o.record
	return shorten(fmt.Sprintf("{topic: %q, key: %s, value: %s}", r.Topic, show(r.Key.Value, r.Key.Schema), show(r.Value.Value, r.Value.Schema)))
}

// watcher sees a record on its way; see trace.
type watcher interface {
	at(stage string, r *connect.Record)
	step(name, what string, r *connect.Record)
	bytes(b bytes)
}

// follow takes a record through a chain. The error is for a record that
// cannot be what the spec says; what the chain says is in the outcome.
func (d *dry) follow(o *opened, in *wire.Record, w watcher) (got outcome, err error) {
	r := &got.record
	if err := d.fill(o, in, r); err != nil {
		return got, err
	}
	if o.sink != nil {
		if got.bytes, err = d.topicBytes(o, in, r); err != nil {
			return got, err
		}
		if w != nil {
			w.bytes(got.bytes)
		}
		if got.err = o.decode(got.bytes, r); got.err != nil {
			return got, nil
		}
	}
	if w != nil {
		w.at("in", r)
	}
	keep, err := d.steps(o, r, w)
	if got.err, got.dropped = err, err == nil && !keep; err != nil || !keep || o.sink != nil {
		return got, nil
	}
	if got.bytes, got.err = o.encode(r); got.err != nil {
		return got, nil
	}
	if w != nil {
		w.bytes(got.bytes)
		return got, nil
	}
	if err := o.decode(got.bytes, r); err != nil {
		return got, fmt.Errorf("what the converter wrote it cannot read, so give keyBytes and valueBytes instead: %w", err)
	}
	return got, nil
}

// steps takes a record through the steps, one by one where somebody watches.
func (d *dry) steps(o *opened, r *connect.Record, w watcher) (bool, error) {
	if w == nil {
		return o.transform(r)
	}
	for i := range o.Steps {
		s := &o.Steps[i]
		if !s.Holds(r) {
			w.step(s.Name, "passed over", r)
			continue
		}
		var keep bool
		err := guard(func() (err error) { keep, err = s.Apply(r); return err })
		switch {
		case err != nil:
			return false, fmt.Errorf("%s: %w", s.Name, err)
		case !keep:
			w.step(s.Name, "dropped", nil)
			return false, nil
		}
		w.step(s.Name, "", r)
	}
	return true, nil
}

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

// compare says how an outcome differs from what must come out.
func compare(want *wire.Record, got *outcome, source bool) (*diff, error) {
	d := &diff{}
	if want == nil {
		return nil, errors.New("the test says nothing of what must come out")
	}
	r := &got.record
	if want.Topic != "" && want.Topic != r.Topic {
		d.say("topic", fmt.Sprintf("%q", r.Topic), fmt.Sprintf("%q", want.Topic))
	}
	if want.Partition >= 0 && int32(want.Partition) != r.Partition {
		d.say("partition", partition(r.Partition), fmt.Sprint(want.Partition))
	}
	if len(want.Timestamp) > 0 {
		ms, err := toMillis(want.Timestamp)
		if err != nil {
			return nil, fmt.Errorf("out.%w", err)
		}
		if ms != r.Timestamp {
			d.say("timestamp", timestamp(r.Timestamp), timestamp(ms))
		}
	}
	for _, p := range []struct {
		name      string
		raw       json.RawMessage
		rawBytes  json.RawMessage
		got       connect.Datum
		gotBytes  []byte
		bytesName string
	}{{"key", want.Key, want.KeyBytes, r.Key, got.bytes.key, "keyBytes"}, {"value", want.Value, want.ValueBytes, r.Value, got.bytes.value, "valueBytes"}} {
		if err := d.part(p.name, p.raw, func(x any) { d.value(p.name, x, p.got.Value, p.got.Schema) }); err != nil {
			return nil, err
		}
		if !source {
			continue
		}
		if err := d.part(p.bytesName, p.rawBytes, func(x any) { d.bytes(p.bytesName, x, p.gotBytes) }); err != nil {
			return nil, err
		}
	}
	return d, d.headers(want.Headers, r.Headers)
}

// part compares what the spec says of a part, if it says anything.
func (d *diff) part(name string, raw json.RawMessage, compare func(any)) error {
	if len(raw) == 0 {
		return nil
	}
	x, err := parseData(raw)
	if err != nil {
		return fmt.Errorf("out.%s: %w", name, err)
	}
	compare(x)
	return nil
}

// headers compares all headers; of several of one name the last.
func (d *diff) headers(want map[string]json.RawMessage, got []connect.Header) error {
	if want == nil {
		return nil
	}
	have := map[string]connect.Datum{}
	for _, h := range got {
		have[h.Key] = h.Datum
	}
	for _, name := range headerNames(want) {
		x, err := parseData(want[name])
		if err != nil {
			return fmt.Errorf("out.headers.%s: %w", name, err)
		}
		if h, ok := have[name]; ok {
			d.value(join("headers", name), x, h.Value, h.Schema)
			continue
		}
		d.say(join("headers", name), "nothing", showData(x))
	}
	slices.SortStableFunc(got, func(a, b connect.Header) int { return cmp.Compare(a.Key, b.Key) })
	for _, h := range got {
		if _, ok := want[h.Key]; !ok {
			d.say(join("headers", h.Key), show(h.Value, h.Schema), "nothing")
		}
	}
	return nil
}

func partition(p int32) string {
	if p < 0 {
		return "none"
	}
	return fmt.Sprint(p)
}

func timestamp(ms int64) string {
	if ms == connect.NoTimestamp {
		return "none"
	}
	return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano)
}
