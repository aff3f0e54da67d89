package dryrun

import (
	"encoding/json"
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/dryrun/wire"
)

// trace follows one record and shows it after each step.
func (d *dry) trace() {
	t, err := d.target(d.Trace.Connector)
	if err != nil {
		d.fault("", "", err)
		return
	}
	w := &traceText{}
	if err := d.traceOf(t, w); err != nil {
		d.report.TraceError = err.Error()
	}
	d.report.Trace = w.String()
}

func (d *dry) traceOf(t *target, w *traceText) error {
	in := wire.Record{Partition: -1}
	dec := json.NewDecoder(strings.NewReader(string(d.Trace.Record)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return fmt.Errorf("read the record: %w", err)
	}
	o, err := t.open()
	if err != nil {
		return err
	}
	got, err := d.follow(o, &in, w)
	if err == nil {
		err = got.err
	}
	return err
}

// traceText writes a block a step; what changed is marked by ~, + and -.
type traceText struct {
	strings.Builder
	last []line
}

// line is one part of a record.
type line struct{ place, text string }

func (w *traceText) at(stage string, r *connect.Record) {
	now := lines(r)
	w.block(stage, now, now)
}

func (w *traceText) step(name, what string, r *connect.Record) {
	if what != "" {
		fmt.Fprintf(w, "%s: %s\n", name, what)
		return
	}
	w.block(name, w.last, lines(r))
}

// block writes a record beside the one before.
func (w *traceText) block(title string, before, now []line) {
	fmt.Fprintf(w, "%s\n", title)
	old := map[string]string{}
	for _, l := range before {
		old[l.place] = l.text
	}
	there := map[string]bool{}
	for _, l := range now {
		there[l.place] = true
		mark := " "
		if text, ok := old[l.place]; !ok {
			mark = "+"
		} else if text != l.text {
			mark = "~"
		}
		fmt.Fprintf(w, "  %s %s: %s\n", mark, l.place, l.text)
	}
	for _, l := range before {
		if !there[l.place] {
			fmt.Fprintf(w, "  - %s: %s\n", l.place, l.text)
		}
	}
	w.last = now
}

func (w *traceText) bytes(b bytes) {
	fmt.Fprintf(w, "bytes\n    key: %s\n    value: %s\n", showBytes(b.key), showBytes(b.value))
	for _, h := range b.headers {
		fmt.Fprintf(w, "    headers.%s: %s\n", label(h.key), showBytes(h.value))
	}
}

// lines are a record's parts, a struct's fields each on a line.
func lines(r *connect.Record) []line {
	out := []line{{"topic", fmt.Sprintf("%q", r.Topic)}}
	if r.Partition >= 0 {
		out = append(out, line{"partition", partition(r.Partition)})
	}
	if r.Timestamp != connect.NoTimestamp {
		out = append(out, line{"timestamp", timestamp(r.Timestamp)})
	}
	out = appendLines(out, "key", r.Key.Value, r.Key.Schema, 0)
	out = appendLines(out, "value", r.Value.Value, r.Value.Schema, 0)
	seen := map[string]int{}
	for _, h := range r.Headers {
		place := "headers." + label(h.Key)
		if seen[h.Key]++; seen[h.Key] > 1 {
			place += index(seen[h.Key] - 1)
		}
		out = appendLines(out, place, h.Value, h.Schema, 0)
	}
	return out
}

func appendLines(out []line, place string, v connect.Value, s *connect.Schema, depth int) []line {
	if s != nil && s.Name() != "" && s.Logical() == connect.NotLogical && depth == 0 {
		name := s.Name()
		if n, ok := s.Version(); ok {
			name += fmt.Sprintf(" v%d", n)
		}
		out = append(out, line{place + " schema", name})
	}
	switch k := v.Kind(); {
	case depth > maxDepth:
	case k == connect.KindStruct && len(v.Struct().Slots) > 0:
		for i, f := range v.Struct().Schema.Fields() {
			out = appendLines(out, join(place, label(f.Name)), v.Struct().Slots[i], f.Schema, depth+1)
		}
		return out
	case k == connect.KindMap && v.Map().Len() > 0:
		for i := range v.Map().Len() {
			e := v.Map().At(i)
			out = appendLines(out, join(place, label(keyText(e.Key))), e.Value, elem(s), depth+1)
		}
		return out
	}
	return append(out, line{place, show(v, s) + typeOf(v, s)})
}

// typeOf is the type behind a value whose text does not tell it.
func typeOf(v connect.Value, s *connect.Schema) string {
	switch k := v.Kind(); {
	case s != nil && s.Logical() != connect.NotLogical && !v.IsNull():
		return " (" + s.Logical().String() + ")"
	case k >= connect.KindInt8 && k <= connect.KindFloat64, k == connect.KindDecimal, k == connect.KindInstant:
		return " (" + k.String() + ")"
	case v.IsNull() && s != nil:
		return " (" + s.Kind().String() + ")"
	}
	return ""
}
