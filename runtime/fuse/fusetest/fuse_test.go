// Command fusetest is a pipeline of chains that are functions, generated from
// testdata/pipeline.cue. Its tests hold each function to its chain; nobody runs it.
package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/fuse"
)

// plain is a source's chain, taken step by step.
type plain struct {
	name  string
	chain *chain.Chain
	buf   connect.Buffer
	fused fuse.Func
	task  *fuse.Task
	ours  connect.Buffer // the task's
}

func open(t testing.TB) (all []*plain) {
	t.Helper()
	for _, s := range pipeline.Sources {
		cfg := chain.Config{Key: offline(s.KeyConverter), Value: offline(s.ValueConverter), Header: convert.SimpleHeader{}}
		for _, step := range s.Transforms {
			cfg.Steps = append(cfg.Steps, chain.Step{Name: step.Name, Do: step.Do, When: step.When, Unless: step.Unless})
		}
		c, err := chain.Open(cfg)
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		p := &plain{name: s.Name, chain: c, fused: fused.Sources[s.Name]}
		p.task = fuse.NewTask(&p.ours, c.Key, c.Value)
		all = append(all, p)
	}
	return all
}

// offline is a converter with a registry in memory, where it needs one.
func offline(c connect.Converter) connect.Converter {
	if o, ok := c.(connect.Offline); ok {
		return o.Offline()
	}
	return c
}

// written is what a record becomes.
type written struct {
	topic      string
	key, value []byte
}

func (w written) equal(o written) bool {
	return w.topic == o.topic && bytes.Equal(w.key, o.key) && bytes.Equal(w.value, o.value) &&
		(w.key == nil) == (o.key == nil) && (w.value == nil) == (o.value == nil)
}

func (p *plain) write(r connect.Record) (w written, keep bool, err error) {
	if keep, err = p.chain.Transform(&r, &chain.Doing{}); err != nil || !keep {
		return w, keep, err
	}
	w.topic = r.Topic
	if w.key, err = p.chain.Key.Encode(&p.buf, r.Topic, r.Key); err == nil {
		w.value, err = p.chain.Value.Encode(&p.buf, r.Topic, r.Value)
	}
	return w, true, err
}

// check holds the function to the chain, for a record of any form. It is whether
// the function took the record: at once, or once the chain has written one of its
// kind, as a registry's number may be needed.
func (p *plain) check(t *testing.T, r connect.Record) bool {
	t.Helper()
	if p.try(t, r) {
		return true
	}
	if _, keep, err := p.write(r); !keep || err != nil {
		return false
	}
	return p.try(t, r)
}

func (p *plain) try(t *testing.T, r connect.Record) bool {
	t.Helper()
	before := r
	var got written
	var ok bool
	got.key, got.value, ok = p.fused(p.task, &r)
	if got.topic = r.Topic; !ok {
		if r.Topic != before.Topic || r.Value != before.Value || r.Key != before.Key {
			t.Errorf("%s: %+v was not taken, and became %+v", p.name, before, r)
		}
		return false
	}
	want, keep, err := p.write(before)
	if err != nil || !keep || !got.equal(want) {
		t.Errorf("%s: the function makes %q of %q, the chain %q (%v, %v)", p.name, got, before.Value.Value.Str(), want, keep, err)
	}
	return true
}

func line(text string) connect.Record {
	return connect.Record{Topic: "lines", Value: connect.Datum{Schema: connect.StringSchema, Value: connect.String(text)},
		Timestamp: 1700000000123, Partition: connect.NoPartition, Offset: -1}
}

// usual is a record as the connector gives them.
func (p *plain) usual() connect.Record {
	if strings.HasPrefix(p.name, "row") {
		return rowOf(orders, randomRow(rand.New(rand.NewPCG(1, 1)), "x"))
	}
	return line("a line")
}

// TestWhich: those that are functions are, and take what the connector gives.
func TestWhich(t *testing.T) {
	for _, p := range open(t) {
		switch not := strings.HasPrefix(p.name, "not-"); {
		case not != (p.fused == nil):
			t.Errorf("%s: a function: %v", p.name, p.fused != nil)
		case !not && !p.check(t, p.usual()):
			t.Errorf("%s does not take what its connector gives", p.name)
		}
	}
}

// TestHeads: what a registry numbers is taken once the chain has written it to
// that very topic, as each has a subject of its own.
func TestHeads(t *testing.T) {
	for _, p := range open(t) {
		if p.name != "avro" {
			continue
		}
		for _, topic := range []string{"one", "two", "one"} {
			r := line("a line")
			r.Topic = topic
			was := p.task.ValueHead(topic, avroLines) != nil
			if took := p.try(t, r); took != was || !p.check(t, r) {
				t.Errorf("%s: taken before the chain wrote one: %v", topic, took)
			}
		}
		if p.task.ValueHead("three", avroLines) != nil || p.task.ValueHead("one", `"string"`) != nil {
			t.Error("a head without a record")
		}
		return
	}
	t.Error("no such source")
}

// avroLines is the schema of the source avro.
const avroLines = `{"type":"record","name":"ConnectDefault","namespace":"io.confluent.connect.avro","fields":[{"name":"line","type":"string"},{"name":"site","type":["null","string"],"default":null}]}`

// TestOtherForms: what a function is not for it leaves to the chain.
func TestOtherForms(t *testing.T) {
	changes := map[string]func(*connect.Record){
		"null":        func(r *connect.Record) { r.Value.Value = connect.Null },
		"number":      func(r *connect.Record) { r.Value.Value = connect.Int64(1) },
		"other kind":  func(r *connect.Record) { r.Value = connect.Datum{Schema: connect.Int64Schema, Value: connect.Int64(1)} },
		"no schema":   func(r *connect.Record) { r.Value.Schema = nil },
		"optional":    func(r *connect.Record) { r.Value.Schema = connect.OptionalStringSchema },
		"key":         func(r *connect.Record) { r.Key.Value = connect.String("k") },
		"key schema":  func(r *connect.Record) { r.Key.Schema = connect.OptionalStringSchema },
		"header":      func(r *connect.Record) { r.Headers = []connect.Header{{Key: "h"}} },
		"other topic": func(r *connect.Record) { r.Topic = "other" },
		"no time":     func(r *connect.Record) { r.Timestamp = connect.NoTimestamp },
		"partition":   func(r *connect.Record) { r.Partition = 3 },
	}
	any := map[string]bool{"other topic": true, "no time": true, "partition": true} // some take these
	for name, change := range changes {
		for _, p := range open(t) {
			if p.fused == nil {
				continue
			}
			r := line("a line")
			change(&r)
			if p.check(t, r) && !any[name] {
				t.Errorf("%s takes a record with %s", p.name, name)
			}
		}
	}
}

// FuzzFused compares functions and chains. Its seeds are the texts of the
// converters' vectors, whatever they are there.
func FuzzFused(f *testing.F) {
	for _, s := range []string{"", "plain", "quote \" slash \\ ", "\x00\x1f\u2028", "größe", "😀", "\xff\xc3(", strings.Repeat("long ", 300), `{"line":"x"}`} {
		f.Add(s, "lines", int64(0))
	}
	f.Add("x", "other", int64(-1))
	f.Add("x", `to"pic`, int64(-5))
	all := open(f)
	vectors, err := filepath.Glob("../../convert/testdata/*.jsonl")
	if err != nil || len(vectors) == 0 {
		f.Fatalf("%d files of vectors (%v)", len(vectors), err)
	}
	for _, file := range vectors {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		n := 0
		for l := range strings.Lines(string(text)) {
			if n++; n%7 == 0 { // each is another text, and there are thousands
				f.Add(strings.TrimSuffix(l, "\n"), "lines", int64(n))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text, topic string, at int64) {
		for _, p := range all {
			if p.fused == nil {
				continue
			}
			r := line(text)
			r.Topic, r.Timestamp = topic, at
			p.check(t, r)
		}
	})
}

// BenchmarkFused measures functions beside their chains.
func BenchmarkFused(b *testing.B) {
	text := strings.Repeat("0123456789", 10)
	for _, p := range open(b) {
		if p.fused == nil || strings.HasPrefix(p.name, "row") {
			continue
		}
		b.Run(p.name+"/chain", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = p.write(line(text))
			}
		})
		b.Run(p.name+"/fused", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := line(text)
				if _, _, ok := p.fused(p.task, &r); !ok {
					b.Fatal("the function does not take it")
				}
			}
		})
	}
}
