package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

const order = `{"id":7,"cust":"Ada","card":"4000 1234","amount":12.25,"paid":true,"debug":"x","tags":["web","new"],"ship":{"city":"Ulm","zip":"89073","note":null},"name":"n","at":1700000000123}`

// TestWhich: those that are functions are, and take what others write.
func TestWhich(t *testing.T) {
	partly := map[string]int{"filtered": 2, "keyed": 2, "extracted": 1, "line-partly": 2}
	for _, p := range open(t) {
		not := strings.HasPrefix(p.name, "not-")
		switch steps, some := partly[p.name]; {
		case not != (p.fused == nil):
			t.Errorf("%s: a function: %v", p.name, p.fused != nil)
		case not:
		case p.fused.Steps != len(p.steps) && !some, some && p.fused.Steps != steps:
			t.Errorf("%s: a function of %d steps", p.name, p.fused.Steps)
		case !p.check(t, []byte(order), record()) && p.name != "lost":
			t.Errorf("%s does not take an order", p.name)
		}
	}
}

// TestOtherForms: what a function is not for it leaves to the chain.
func TestOtherForms(t *testing.T) {
	for _, p := range functions(t) {
		for _, message := range []string{
			"", "null", "1", `"x"`, "[]", "true", "{", "}", "{}x", `{"x":1}{"y":2}`, `{"x":1,}`, `{,"x":1}`, `{"x"}`, `{"x":}`, `{"x" 1}`, `{x:1}`,
			`{"x":1 "y":2}`, `{"x":01e5}`, `{"x":1e400}`, `{"x":12345678901234567890}`, `{"x":NaN}`, `{"x":"` + "\xff" + `"}`, `{"` + "\xc3" + `":1}`,
			`{"x":"` + "\n" + `"}`, `{"x":"\q"}`, `{"x":"\u12"}`, "\xEF\xBB\xBF{}", "\x00\x00\x00\x00\x01", `{"\u0078":1}`,
			`{"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, `{"x":` + strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40) + "}",
			strings.Repeat("[", 2000), `{"x":1,"x":2}`, `{"x":{"a":1,"a":2}}`, `{"cust":1,"customer":2}`,
		} {
			p.again(t)
			p.check(t, []byte(message), record())
		}
		for name, change := range map[string]func(*connect.Record){
			"topic": func(r *connect.Record) { r.Topic = "other" },
			"time":  func(r *connect.Record) { r.Timestamp = connect.NoTimestamp },
			"place": func(r *connect.Record) { r.Partition = connect.NoPartition },
		} {
			p.again(t)
			r := record()
			change(&r)
			if took := p.check(t, []byte(order), r); took && (name == "topic" && strings.HasSuffix(p.name, "routed") || name != "topic" && strings.HasSuffix(p.name, "beside")) {
				t.Errorf("%s takes a record of another %s", p.name, name)
			}
		}
		if p.again(t); p.fused.Decode(nil, &connect.Record{}) {
			t.Errorf("%s takes a tombstone", p.name)
		}
	}
}

// TestLikeBefore: what a message has in common with those before is no reason to
// take it.
func TestLikeBefore(t *testing.T) {
	for _, messages := range [][]string{
		{`{ "a":1}`, `{"b":1 "a":2}`},
		{`{"a":1,"b":2}`, `{,"b":2}`, `{"a":1,,"b":2}`, `{"b":2,"a":1}`, `{"b":2,"a":1,"b":3}`},
		{`{"a":1,"b":2}`, `{"a":1,"b":2,}`, `{"a":1,"b":2`, `{"a":1,"b":`, `{"a":1,"b"`, `{"a":1,`},
		{`{"x":{ "a":1}}`, `{"x":{"b":1 "a":2}}`, `{"x":{ "a":1}`},
		{`{"id":1}`, `{"id":2,"id":3}`, `{"id":4}`},
	} {
		for _, p := range functions(t) {
			for _, message := range append(messages, messages[0]) {
				for range 20 { // so that it is not given up
					p.check(t, []byte(order), record())
				}
				p.check(t, []byte(message), record())
			}
		}
	}
}

// random makes messages of a few names, most of them like those before.
type random struct {
	*rand.Rand
	last []string
}

var known = []string{
	"id", "cust", "customer", "card", "number", "amount", "paid", "debug", "site", "place", "name", "key", "a", "b", "c", "topic", "partition",
	"offset", "at", "count", "ratio", "yes", "ship", "from", "to", "größe 😀", "a \"line\" \\ `x`\n", "\u2028", "", "x", "é",
}

var scalars = []string{
	"1", "-7", "0", "-0", "300", "1.5", "-12.25", "123456789012345678", "1700000000123", "007", "true", "false", "null",
	`"text"`, `""`, `"7"`, `"true"`, `"größe 😀"`, `"a\"b\\c\nd\u00e9\ud83d\ude00"`, `"\ud800"`, `"2024-01-02"`,
}

// odd are values that a function leaves to the chain, or that are none.
var odd = []string{"0.0", "-0.0", "-2.25e3", "1e2", "1234567890123456789", "99999999999999999999", "1e999999999999", "3.", "-", "tru", "\"\x01\"", "\"\xff\"", "[1,]"}

func (g *random) pick(from []string) string { return from[g.IntN(len(from))] }

func (g *random) message() []byte {
	if g.IntN(4) == 0 || g.last == nil {
		g.last = g.last[:0]
		for _, i := range g.Perm(len(known))[:g.IntN(9)] {
			g.last = append(g.last, known[i])
		}
		if g.IntN(20) == 0 {
			g.last = append(g.last, g.pick(known)) // which may be there
		}
	} else if g.IntN(4) == 0 && len(g.last) > 0 {
		i := g.IntN(len(g.last))
		g.last = append(g.last[:i:i], g.last[i+1:]...)
	}
	var b bytes.Buffer
	g.object(&b, g.last, 0)
	if g.IntN(40) == 0 { // as it should not be
		out := b.Bytes()
		out[g.IntN(len(out))] = byte(g.IntN(256))
	}
	return b.Bytes()
}

func (g *random) space(b *bytes.Buffer) {
	if g.IntN(12) == 0 {
		b.WriteString(g.pick([]string{" ", "\n", "\t ", "\r\n"}))
	}
}

func (g *random) object(b *bytes.Buffer, names []string, depth int) {
	b.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		g.space(b)
		quoted, _ := json.Marshal(name)
		b.Write(quoted)
		g.space(b)
		b.WriteByte(':')
		g.space(b)
		g.value(b, depth)
		g.space(b)
	}
	b.WriteByte('}')
}

func (g *random) value(b *bytes.Buffer, depth int) {
	switch n := g.IntN(10); {
	case g.IntN(60) == 0:
		b.WriteString(g.pick(odd))
	case n < 7 || depth > 3:
		b.WriteString(g.pick(scalars))
	case n == 7:
		b.WriteByte('[')
		for i := range g.IntN(4) {
			if i > 0 {
				b.WriteString(g.pick([]string{",", ", "}))
			}
			g.value(b, depth+1)
		}
		b.WriteByte(']')
	default:
		names := [][]string{{"city", "zip"}, {"city", "zip", "note"}, {"note"}, {}, {"code", "zip"}}[g.IntN(5)]
		g.object(b, names, depth+1)
	}
}

// TestRandom has a stream of messages, some like those before and some not, go
// through each function and its chain.
func TestRandom(t *testing.T) {
	for _, p := range functions(t) {
		g := &random{Rand: rand.New(rand.NewPCG(6, uint64(len(p.name))))}
		took := 0
		for range 1500 {
			if p.check(t, g.message(), record()) {
				took++
			} else { // it may not try the next ones
				p.again(t)
			}
			if t.Failed() {
				return
			}
		}
		if took < 500 && p.name != "lost" {
			t.Errorf("%s takes %d of 1500 messages: too few to say anything", p.name, took)
		}
	}
}

// TestManyKeys: maps whose keys never come again are made all the same.
func TestManyKeys(t *testing.T) {
	for _, p := range functions(t) {
		for i := range 40 {
			var b strings.Builder
			for k := range 3 * i {
				fmt.Fprintf(&b, `,"k%d-%d":%d`, i, k, k)
			}
			p.check(t, []byte(`{"id":{"n":1`+b.String()+`}`+b.String()+`}`), record())
		}
	}
}

// FuzzSinks compares functions and chains. Its seeds are the texts of the
// converters' vectors, whatever they are there.
func FuzzSinks(f *testing.F) {
	g := &random{Rand: rand.New(rand.NewPCG(1, 2))}
	for range 50 {
		f.Add(g.message(), "in", int64(5))
	}
	f.Add([]byte(order), "other", int64(-1))
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
				f.Add([]byte(l), "in", int64(n))
				var in struct{ Text string }
				if json.Unmarshal([]byte(l), &in) == nil && in.Text != "" {
					f.Add([]byte(in.Text), "in", int64(n))
				}
			}
		}
	}
	all := functions(f)
	f.Fuzz(func(t *testing.T, message []byte, topic string, at int64) {
		for _, p := range all {
			p.again(t)
			r := record()
			r.Topic, r.Timestamp = topic, at
			for range 2 { // the second one is like the first
				p.check(t, message, r)
			}
		}
	})
}

// BenchmarkSinks measures functions beside their chains.
func BenchmarkSinks(b *testing.B) {
	for _, p := range functions(b) {
		if p.name == "lost" {
			continue
		}
		for _, size := range []int{200, 1000} {
			message := []byte(order[:len(order)-1] + `,"text":"` + strings.Repeat("x", size-len(order)-10) + `"}`)
			b.Run(fmt.Sprintf("%s/%d/chain", p.name, size), func(b *testing.B) { p.bench(b, message, false) })
			b.Run(fmt.Sprintf("%s/%d/fused", p.name, size), func(b *testing.B) { p.bench(b, message, true) })
		}
	}
}
