package worker

import (
	"slices"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse"
	"kcgen.dev/runtime/kafka"
)

// A source's function takes the records that it is for; the others, and what
// fails, are as they are without it: nothing lost, in order, and letters hold
// the record as the connector gave it.
func TestSourceFused(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	big := strings.Repeat("x", 2500)
	all := []string{"a", "plain b", "c", big, "panic d", "e", "refused f", "plain g", "h"}
	cfg, _ := config(t, c)
	cfg.Sources = []Source{source(&lines{topic: "in", all: func() []string { return all }, batch: 4})}
	s := &cfg.Sources[0]
	s.Value = raw{encode: refuse("refused f")}
	s.Producer = kafka.Producer{MaxRequestSize: 4000}
	s.Errors = Errors{Tolerate: true, DeadLetters: &DeadLetters{Topic: "dlq", ReplicationFactor: 1, ContextHeaders: true}}
	s.Fused = func(t *fuse.Task, r *connect.Record) (key, value []byte, ok bool) {
		text := r.Value.Value.Str()
		switch {
		case strings.HasPrefix(text, "panic"):
			panic("boom")
		case strings.HasPrefix(text, "plain"), strings.HasPrefix(text, "refused"):
			return nil, nil, false
		}
		if text == big {
			text += text // more than goes
		}
		r.Topic = "out"
		return nil, t.Finish(append(append(t.Start(), "fused "...), text...)), true
	}
	stats, err := run(t, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := values(read(t, c, "out", 4)), []string{"fused a", "fused c", "fused e", "fused h"}; !slices.Equal(got, want) {
		t.Errorf("fused: %q, want %q", got, want)
	}
	if got, want := values(read(t, c, "in", 2)), []string{"plain b", "plain g"}; !slices.Equal(got, want) {
		t.Errorf("by the chain: %q, want %q", got, want)
	}
	letters := read(t, c, "dlq", 3)
	if got, want := values(letters), []string{big, "panic d", "refused f"}; !slices.Equal(got, want) {
		t.Errorf("letters: %q, want %q", got, want)
	}
	for _, l := range letters {
		for _, h := range l.Headers {
			if h.Key == "__connect.errors.topic" && string(h.Value) != "in" {
				t.Errorf("the letter %q is of topic %q", l.Value, h.Value)
			}
		}
	}
	if n := stats[0].Records; n != 6 {
		t.Errorf("%d records", n)
	}
}

// numbered is a converter whose schemas a registry numbers: what it writes begins
// with a number, which it knows once it wrote a record.
type numbered struct{ raw }

func (n numbered) Open(connect.Role) (connect.Codec, error) { return &numberedCodec{raw: n.raw}, nil }

type numberedCodec struct {
	raw
	topic string
}

func (c *numberedCodec) Encode(b *connect.Buffer, topic string, d connect.Datum) ([]byte, error) {
	out, err := c.raw.Encode(b, topic, d)
	if err == nil {
		c.topic = topic
	}
	return append([]byte("1 chain "), out...), err
}

func (c *numberedCodec) Head(topic, _ string) []byte {
	if topic != c.topic {
		return nil
	}
	return []byte("1 ")
}

// A function whose records begin with what a registry says leaves them to the
// chain until that has asked it, and so until it has an answer.
func TestSourceFusedHead(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	cfg.Sources = []Source{source(&lines{topic: "in", all: func() []string { return []string{"refused", "a", "b", "c"} }, batch: 4})}
	s := &cfg.Sources[0]
	s.Value = numbered{raw{encode: refuse("refused")}}
	s.Errors = Errors{Tolerate: true}
	s.Fused = func(t *fuse.Task, r *connect.Record) (key, value []byte, ok bool) {
		head := t.ValueHead(r.Topic, "a schema")
		if head == nil {
			return nil, nil, false
		}
		return nil, t.Finish(append(append(append(t.Start(), head...), "fused "...), r.Value.Value.Raw()...)), true
	}
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if got, want := values(read(t, c, "in", 3)), []string{"1 chain a", "1 fused b", "1 fused c"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
