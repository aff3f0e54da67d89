package worker

import (
	"slices"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse"
)

// adds is a transform that adds to a text.
func adds(s string) connect.Transform {
	return connect.TransformFunc(func(r *connect.Record) (bool, error) {
		r.Value.Value = connect.String(r.Value.Value.Str() + s)
		return !strings.Contains(r.Value.Value.Str(), "drop"), nil
	})
}

// A sink's function takes the messages that it is for, and the steps behind it
// are the chain's: the others, tombstones and what fails are as they are without
// it. Letters hold the message.
func TestSinkFused(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	many := slices.Repeat([]string{`{"fused":"a"}`}, 16) // so that it is not given up for a few others
	fill(t, c, "in", append(many, `{"plain":"b"}`, `text`, `{"panic":"c"}`, `{"fused":"drop"}`, `{"fused":"d"}`, `{"fused":"e"`)...)
	m := &memory{}
	cfg, _ := config(t, c)
	cfg.Sinks = []Sink{sinkOf(m, "in")}
	s := &cfg.Sinks[0]
	s.Steps = []Step{{Do: adds(" plainly")}, {Do: adds(" done")}}
	s.Errors = Errors{Tolerate: true, DeadLetters: &DeadLetters{Topic: "dlq", ReplicationFactor: 1, ContextHeaders: true}}
	s.Fused = fuse.Sink{Steps: 1, Do: func(m *fuse.Message, r *connect.Record) bool {
		if !m.Object() {
			return false
		}
		for m.Next() {
			switch m.Name() {
			case "fused":
				m.Keep()
			case "panic":
				panic("boom")
			default:
				return false
			}
		}
		if !m.End(r) {
			return false
		}
		r.Value.Value = r.Value.Value.Map().Vals[0]
		return true
	}}
	stats, err := run(t, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.got()[15:], []string{"a done", `{"plain":"b"} plainly done`, "text plainly done", "d done", `{"fused":"e" plainly done`}; !slices.Equal(got, want) {
		t.Fatalf("put %q, want %q", got, want)
	}
	letter := read(t, c, "dlq", 1)[0]
	if string(letter.Value) != `{"panic":"c"}` {
		t.Errorf("letter %q", letter.Value)
	}
	for _, h := range letter.Headers {
		if h.Key == "__connect.errors.stage" && string(h.Value) != "VALUE_CONVERTER" {
			t.Errorf("it failed in %s", h.Value)
		}
	}
	if s := stats[0]; s.Records != 20 || s.Dropped != 1 || s.DeadLettered != 1 {
		t.Errorf("%+v", s)
	}
}

// A function that does not fit its chain does not run.
func TestSinkFusedOfAnotherChain(t *testing.T) {
	t.Parallel()
	cfg, _ := config(t, cluster(t))
	cfg.Sinks = []Sink{sinkOf(&memory{}, "in")}
	cfg.Sinks[0].Fused = fuse.Sink{Steps: 1, Do: func(*fuse.Message, *connect.Record) bool { return true }}
	if stats, err := run(t, cfg); err == nil || !strings.Contains(err.Error(), "fuse: open a function: its chain has 0 steps") {
		t.Errorf("%+v, %v", stats, err)
	}
}
