package runtime

import (
	"testing"

	"kcgen.dev/runtime/kafka"
)

// TestMemoryLimit: one task and four stay below 76 MB, of which the
// program's own file takes about ten; what the spec asks for comes on top.
func TestMemoryLimit(t *testing.T) {
	const most = 62 << 20
	one := memoryLimit([]Pipeline{{Sources: []Source{{TasksMax: 1}}}})
	for name, p := range map[string]Pipeline{
		"one source":   {Sources: []Source{{TasksMax: 1}}},
		"four sources": {Sources: []Source{{}, {}, {TasksMax: 2}}},
		"exactly once": {Sources: []Source{{TasksMax: 1, ExactlyOnce: &ExactlyOnce{}}}},
		"one sink":     {Sinks: []Sink{{TasksMax: 1}}},
		"four sinks":   {Sinks: []Sink{{TasksMax: 4}}},
	} {
		if n := memoryLimit([]Pipeline{p}); n < baseMemory || n > most {
			t.Errorf("%s: %d MiB", name, n>>20)
		}
	}
	large := Pipeline{Sources: []Source{{Producer: &kafka.Producer{MaxRequestSize: 64 << 20, MaxBufferedRecords: 1_000_000}}}}
	if n := memoryLimit([]Pipeline{large}); n < one+(100<<20) {
		t.Errorf("a source of large records: %d MiB", n>>20)
	}
}
