package worker

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse"
)

func TestUnused(t *testing.T) {
	for _, test := range []struct {
		name  string
		taken int // the record that takes it; 0: none does
		want  int // lines of the log
	}{
		{"none", 0, 1},
		{"the first", 1, 0},
		{"one in time", unusedAfter, 0},
		{"one behind", unusedAfter + 1, 1},
	} {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, nil))
		var u unused
		for i := range 3 * unusedAfter {
			u.saw(i+1 == test.taken, log)
		}
		if got := strings.Count(out.String(), "another form"); got != test.want {
			t.Errorf("%s: %d lines, want %d:\n%s", test.name, got, test.want, &out)
		}
	}
}

// A source and a sink whose records take no function move them all the same, and
// say so once each.
func TestUnusedFunctions(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	m := &memory{}
	cfg, log := config(t, c)
	cfg.Sources = []Source{source(&lines{topic: "in", all: count(unusedAfter + 5000), batch: 500})}
	cfg.Sinks = []Sink{sinkOf(m, "in")}
	cfg.Sources[0].Fused = func(*fuse.Task, *connect.Record) (key, value []byte, ok bool) { return nil, nil, false }
	cfg.Sinks[0].Fused = fuse.Sink{Do: func(*fuse.Message, *connect.Record) bool { return false }}
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if got := len(m.got()); got != unusedAfter+5000 {
		t.Errorf("%d records", got)
	}
	for _, who := range []string{"connector=src", "connector=snk"} {
		told := 0
		for line := range strings.Lines(log.String()) {
			if strings.Contains(line, who) && strings.Contains(line, "no record takes the function") {
				told++
			}
		}
		if told != 1 {
			t.Errorf("%s: it is told %d times:\n%s", who, told, log)
		}
	}
}
