package worker

import (
	"slices"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
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
	s.Fused = func(r *connect.Record, b *connect.Buffer) (key, value []byte, ok bool) {
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
		return nil, b.Finish(append(append(b.Start(), "fused "...), text...)), true
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
