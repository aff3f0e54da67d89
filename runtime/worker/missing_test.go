package worker

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSinkWithoutTopic: a sink whose topic nobody has made says so and is
// idle; one whose topic its own pipeline makes late still reads all of it.
func TestSinkWithoutTopic(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Sink){
		"by name":    func(s *Sink) { s.Topics = []string{"gone", "away"} },
		"by pattern": func(s *Sink) { s.Topics, s.Regex = nil, "go.e" },
	} {
		t.Run(name, func(t *testing.T) {
			cfg, log := config(t, cluster(t))
			s := sinkOf(&memory{})
			change(&s)
			cfg.Sinks = []Sink{s}
			if _, err := run(t, cfg); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(log.String(), "no topic to read is there yet") {
				t.Errorf("not said:\n%s", log.String())
			}
		})
	}
	t.Run("made late", func(t *testing.T) {
		cfg, log := config(t, cluster(t))
		m := &memory{}
		s := source(&lines{topic: "late", all: count(200), batch: 10, open: func() error {
			waitLog(t.Context(), log, "no topic to read is there yet")
			return nil
		}})
		cfg.Sources, cfg.Sinks = []Source{s}, []Sink{sinkOf(m, "late")}
		if _, err := run(t, cfg); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(m.got(), count(200)()) {
			t.Errorf("%d records", len(m.got()))
		}
	})
}

// A topic that a source of the program makes is read by a sink by pattern that
// reads others already, before an idle exit: the client would find it minutes
// later.
func TestPatternFindsNewTopic(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	m := &memory{}
	first, second := source(&lines{topic: "log-1", all: count(10)}), source(&lines{topic: "log-2", all: count(10),
		poll: func(*lineTask, int) error {
			for len(m.got()) < 10 {
				if pause(t.Context(), time.Millisecond) != nil {
					return t.Context().Err()
				}
			}
			return nil
		}})
	first.Name, second.Name = "first", "second"
	s := sinkOf(m, "")
	s.Topics, s.Regex = nil, "log-.*"
	cfg.Sources, cfg.Sinks = []Source{first, second}, []Sink{s}
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if got := m.got(); len(got) != 20 {
		t.Errorf("the sink has %d records, want 20", len(got))
	}
}
