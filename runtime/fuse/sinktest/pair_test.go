// Command sinktest is a pipeline of sinks whose chains are functions, generated
// from testdata/pipeline.cue. Its tests hold each function to its chain; nobody
// runs it.
package main

import (
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/fuse"
)

// pair is a sink's chain beside its function, as a task has them.
type pair struct {
	name  string
	plain *chain.Chain // that the function is held to
	rest  *chain.Chain // that does what is not in it
	fused *fuse.Opened
	made  fuse.Sink
	steps []connect.Transform
}

func open(t testing.TB) (all []*pair) {
	t.Helper()
	for _, s := range pipeline.Sinks {
		p := &pair{name: s.Name, made: fused.Sinks[s.Name]}
		cfg := chain.Config{Key: s.KeyConverter, Value: s.ValueConverter, Header: convert.SimpleHeader{}}
		for _, step := range s.Transforms {
			cfg.Steps = append(cfg.Steps, chain.Step{Name: step.Name, Do: step.Do, When: step.When, Unless: step.Unless})
			p.steps = append(p.steps, step.Do)
		}
		for _, c := range []**chain.Chain{&p.plain, &p.rest} {
			var err error
			if *c, err = chain.Open(cfg); err != nil {
				t.Fatalf("%s: %v", s.Name, err)
			}
			(*c).Project()
		}
		p.again(t)
		all = append(all, p)
	}
	return all
}

// again opens the function anew.
func (p *pair) again(t testing.TB) {
	t.Helper()
	if p.made.Do == nil {
		return
	}
	var err error
	if p.fused, err = p.made.Open(p.steps); err != nil {
		t.Fatalf("%s: %v", p.name, err)
	}
}

// functions are those that have one.
func functions(t testing.TB) (all []*pair) {
	for _, p := range open(t) {
		if p.fused != nil {
			all = append(all, p)
		}
	}
	return all
}

// record is what a message comes with.
func record() connect.Record {
	return connect.Record{
		Topic: "in", Partition: 3, Offset: 42, Timestamp: 1700000000123,
		Key: connect.Datum{Schema: connect.OptionalStringSchema, Value: connect.String("k")},
	}
}

// check holds the function to the chain, for any message. It is whether the
// function took it.
func (p *pair) check(t *testing.T, message []byte, before connect.Record) bool {
	t.Helper()
	got, want := before, before
	if !p.fused.Decode(message, &got) {
		if text(&got) != text(&before) {
			t.Errorf("%s: %q was not taken, and the record became %s", p.name, message, text(&got))
		}
		return false
	}
	got.Headers = before.Headers
	var d chain.Doing
	keep, err := p.rest.TransformFrom(p.fused.Steps, &got, &d)
	after := outcome(&got, keep, err)

	v, err := p.plain.Value.Decode(before.Topic, message)
	if err != nil {
		t.Errorf("%s: the function takes %q, which is no message: %v", p.name, message, err)
		return true
	}
	want.Value = v
	keep, err = p.plain.Transform(&want, &d)
	if expected := outcome(&want, keep, err); after != expected {
		t.Errorf("%s: of %q comes\n%s\nand by the chain\n%s", p.name, message, after, expected)
	}
	return true
}

func outcome(r *connect.Record, keep bool, err error) string {
	switch {
	case err != nil:
		return "error: " + err.Error()
	case !keep:
		return "dropped"
	}
	return text(r)
}

// text is all of a record: kinds of values and the order of maps too.
func text(r *connect.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s/%d/%d at %d, %d headers", r.Topic, r.Partition, r.Offset, r.Timestamp, len(r.Headers))
	for _, d := range []connect.Datum{r.Key, r.Value} {
		fmt.Fprintf(&b, "\n%v ", d.Schema)
		write(&b, d.Value)
	}
	return b.String()
}

func write(b *strings.Builder, v connect.Value) {
	switch v.Kind() {
	case connect.KindMap:
		writeMap(b, v.Map())
	case connect.KindStruct:
		fmt.Fprintf(b, "%v(", v.Struct().Schema)
		for _, s := range v.Struct().Slots {
			write(b, s)
			b.WriteByte(',')
		}
		b.WriteByte(')')
	case connect.KindArray:
		b.WriteByte('[')
		for _, e := range v.Array().Elems {
			write(b, e)
			b.WriteByte(',')
		}
		b.WriteByte(']')
	case connect.KindString:
		fmt.Fprintf(b, "%q", v.Str())
		if v.IsPlain() && strings.ContainsFunc(v.Str(), func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r > '~' && r != 0x7f }) {
			b.WriteString(" which is said to be plain")
		}
	default:
		fmt.Fprintf(b, "%v %v", v.Kind(), v)
	}
}

func writeMap(b *strings.Builder, m *connect.Map) {
	b.WriteByte('{')
	for i := range m.Len() {
		write(b, m.Keys[i])
		b.WriteByte(':')
		write(b, m.Vals[i])
		b.WriteByte(',')
		if m.Shared != nil && m.Shared.Keys()[i] != m.Keys[i] {
			b.WriteString(" which is another key than it shares")
		}
	}
	if len(m.Keys) != len(m.Vals) || m.Shared != nil && len(m.Shared.Keys()) != len(m.Keys) {
		b.WriteString(" with too many keys")
	}
	b.WriteByte('}')
}

// bench measures what becomes of a message, with the function or without it.
func (p *pair) bench(b *testing.B, message []byte, fused bool) {
	b.ReportAllocs()
	b.SetBytes(int64(len(message)))
	var d chain.Doing
	r := record()
	for b.Loop() {
		r.Topic, r.Headers = "in", r.Headers[:0]
		done := 0
		if fused && p.fused.Decode(message, &r) {
			done = p.fused.Steps
		} else {
			var err error
			if r.Value, err = p.plain.Value.Decode("in", message); err != nil || fused {
				b.Fatal("it is not taken", err)
			}
		}
		if _, err := p.plain.TransformFrom(done, &r, &d); err != nil {
			b.Fatal(err)
		}
	}
}
