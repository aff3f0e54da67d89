package dryrun

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/dryrun/wire"
)

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
