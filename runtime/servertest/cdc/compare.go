package cdc

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Difference is where two recordings differ, once for all records that differ
// there.
type Difference struct {
	Place string // topic and path
	Count int
	// Want and Got are the first two texts that differ, Record is the record's
	// number in its topic.
	Want, Got string
	Record    int
}

func (d Difference) String() string {
	return fmt.Sprintf("%s (%d times, first in record %d):\n\twant %s\n\tgot  %s", d.Place, d.Count, d.Record, cut(d.Want), cut(d.Got))
}

// cut shortens a text for a report.
func cut(s string) string {
	const most = 600
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// Compare gives the differences of what was captured from what Debezium gave.
// Masks are left out.
func Compare(want, got *Recording) []Difference {
	c := comparison{found: map[string]*Difference{}}
	a, b := byTopic(want), byTopic(got)
	topics := maps.Clone(a)
	maps.Copy(topics, b)
	for _, topic := range slices.Sorted(maps.Keys(topics)) {
		if !skipped(topic) {
			c.topic(topic, a[topic], b[topic])
		}
	}
	return c.sorted()
}

// view is a record as a tree, with the prefix replaced.
type view struct {
	key, value, headers any
	text                string // of the key, without its schema
}

// byTopic are the records of each topic. A prefix is something that nothing else
// in a case holds.
func byTopic(r *Recording) map[string][]*view {
	out := map[string][]*view{}
	neutral := func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(r.Prefix), []byte("$PREFIX")) }
	for _, record := range r.Records {
		v := &view{key: tree(neutral(record.Key)), value: tree(neutral(record.Value))}
		v.text = show(field(v.key, "payload"))
		headers := map[string]any{}
		for _, h := range record.Headers {
			headers[h.Key] = tree(neutral(h.Value))
		}
		v.headers = headers
		topic := string(neutral([]byte(record.Topic)))
		out[topic] = append(out[topic], v)
	}
	return out
}

func tree(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return string(b)
	}
	return v
}

// field walks down a tree.
func field(v any, path ...string) any {
	for _, p := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[p]
	}
	return v
}

func (r *view) snapshot() string {
	s, _ := field(r.value, "payload", "source", "snapshot").(string)
	return s
}

// comparison collects differences.
type comparison struct {
	found   map[string]*Difference
	ordered bool // the snapshot of this topic has another order in each
}

func (c *comparison) differ(place string, record int, want, got any) {
	d := c.found[place]
	if d == nil {
		d = &Difference{Place: place, Want: show(want), Got: show(got), Record: record}
		c.found[place] = d
	}
	d.Count++
}

func show(v any) string {
	if s, ok := v.(missing); ok {
		return string(s)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	return strings.TrimSpace(out.String())
}

// missing stands for what is not there.
type missing string

const nothing missing = "nothing"

func (c *comparison) sorted() []Difference {
	var out []Difference
	for _, d := range c.found {
		out = append(out, *d)
	}
	slices.SortFunc(out, func(a, b Difference) int { return cmp.Compare(a.Place, b.Place) })
	return out
}

// topic compares the records of a topic one by one.
func (c *comparison) topic(topic string, want, got []*view) {
	if masked(&view{}, topic) {
		if len(want) > 0 != (len(got) > 0) {
			c.differ(topic+": any records", 0, len(want) > 0, len(got) > 0)
		}
		return
	}
	c.ordered = c.orderSnapshot(topic, want, got)
	chunksLast(want)
	chunksLast(got)
	if len(want) != len(got) {
		c.differ(topic+": records", 0, shapes(want), shapes(got))
	}
	for i := range min(len(want), len(got)) {
		w, g := want[i], got[i]
		for part, pair := range map[string][2]any{"key": {w.key, g.key}, "value": {w.value, g.value}, "headers": {w.headers, g.headers}} {
			c.walk(w, i, topic+":"+part, pair[0], pair[1])
		}
	}
}

// shapes is what kinds of records there are: their operations and keys.
func shapes(list []*view) string {
	var out []string
	for _, r := range list {
		op, _ := field(r.value, "payload", "op").(string)
		if r.value == nil {
			op = "tombstone"
		}
		key := show(field(r.key, "payload"))
		out = append(out, op+key)
	}
	return fmt.Sprintf("%d: %s", len(list), strings.Join(out, " "))
}

// orderSnapshot puts the rows of a snapshot, which has no order, into one, if it is
// not the same in both. It says whether it is not.
func (c *comparison) orderSnapshot(topic string, want, got []*view) bool {
	n := 0
	for n < len(want) && n < len(got) && inSnapshot(want[n]) && inSnapshot(got[n]) {
		n++
	}
	same := true
	for i := range n {
		same = same && want[i].text == got[i].text
	}
	if same {
		return false
	}
	byKey := func(a, b *view) int { return cmp.Compare(a.text, b.text) }
	slices.SortStableFunc(want[:n], byKey)
	slices.SortStableFunc(got[:n], byKey)
	c.differ(topic+": the order of the snapshot", 0, missing("the same"), missing("another (compared by key)"))
	return true
}

// chunksLast puts the rows of incremental snapshots behind all others: which event
// of the stream a chunk came behind is masked too.
func chunksLast(list []*view) {
	slices.SortStableFunc(list, func(a, b *view) int {
		switch of, in := inIncremental(a), inIncremental(b); {
		case of && in:
			return cmp.Compare(a.text, b.text)
		case of:
			return 1
		case in:
			return -1
		}
		return 0
	})
}

// walk compares two trees.
func (c *comparison) walk(r *view, i int, place string, want, got any) {
	if masked(r, place) || c.ordered && inSnapshot(r) && strings.HasSuffix(place, ":value.payload.source.snapshot") {
		return // which row is the first and the last goes with the order
	}
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		keys := maps.Clone(w)
		maps.Copy(keys, g)
		for k := range keys {
			wv, has := w[k]
			if !has {
				wv = nothing
			}
			gv, has := g[k]
			if !has {
				gv = nothing
			}
			c.walk(r, i, place+"."+k, wv, gv)
		}
		return
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			break
		}
		for n := range w {
			c.walk(r, i, place+element(w[n]), w[n], g[n])
		}
		return
	default:
		if want == got {
			return
		}
	}
	if want == nil && got == nil {
		return
	}
	c.differ(place, i, want, got)
}

// element is how a list's element is called: by its field, if it is a schema.
func element(v any) string {
	if name, is := field(v, "field").(string); is {
		return "[" + name + "]"
	}
	return "[]"
}
