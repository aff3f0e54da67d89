package worker

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
)

// How many tasks of a sink can have something to do is what its topics have of
// partitions; nothing is made to find that out.
func TestUsable(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.SeedTopics(2, "a"), kfake.SeedTopics(3, "ab"), kfake.SeedTopics(7, "dead"))
	cfg, _ := config(t, c)
	for _, s := range []struct {
		name   string
		topics []string
		regex  string
		tasks  int
		want   int
	}{
		{"one", []string{"a"}, "", 1, 0}, // whatever there is, it has something to do
		{"two", []string{"a"}, "", 2, 2},
		{"more", []string{"a", "ab"}, "", 9, 5},
		{"missing", []string{"a", "gone"}, "", 9, 0},
		{"pattern", nil, "a.*|dead", 9, 5},
		{"nothing", nil, "x.*", 9, 0},
	} {
		t.Run(s.name, func(t *testing.T) {
			cfg := cfg
			k := sinkOf(&memory{}, s.topics...)
			k.Regex, k.Tasks = s.regex, s.tasks
			k.Errors = Errors{Tolerate: true, DeadLetters: &DeadLetters{Topic: "dead", ReplicationFactor: 1}}
			cfg.Sinks = []Sink{k}
			w, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			if err := w.Open(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := w.Connectors()[0]
			if got.Usable != s.want || got.Asked != s.tasks || got.Tasks != s.tasks {
				t.Errorf("%+v, want %d", got, s.want)
			}
			if c.PartitionInfo("gone", 0) != nil {
				t.Error("the topic was made")
			}
		})
	}
}
