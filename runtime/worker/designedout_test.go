package worker

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
)

// Tests of RELIABILITY.md that stand nowhere else.

// A sink's position is kept beside the record, not read from it: a transform
// that changes topic, partition and offset moves other offsets in no group
// (KAFKA-5567).
func TestTransformMovesNoOffset(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	fill(t, c, "in", count(100)()...)
	fill(t, c, "another", count(300)()...)
	m := &memory{}
	cfg, _ := config(t, c)
	cfg.Sinks = []Sink{sinkOf(m, "in")}
	cfg.Sinks[0].Steps = []chain.Step{{Do: connect.TransformFunc(func(r *connect.Record) (bool, error) {
		r.Topic, r.Partition, r.Offset = "another", 0, r.Offset+200
		return true, nil
	})}}
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if in, other := committed(t, c, "connect-snk", "in", 0), committed(t, c, "connect-snk", "another", 0); in != 100 || other > 0 {
		t.Errorf("committed %d of the topic, and %d of another", in, other)
	}
	fill(t, c, "in", "more")
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if got := m.got(); !slices.Equal(got, append(count(100)(), "more")) {
		t.Errorf("%d records", len(got))
	}
}

// unwritable is a source whose second batch has an offset that JSON does not
// know.
type unwritable struct{ topic string }

func (u *unwritable) ExactlyOnce() error { return nil }

func (u *unwritable) Tasks(context.Context, int) ([]connect.SourceTask, error) {
	return []connect.SourceTask{&unwritableTask{topic: u.topic}}, nil
}

type unwritableTask struct {
	topic string
	n     int
}

func (u *unwritableTask) Open(context.Context, connect.SourceContext) error { return nil }

func (u *unwritableTask) Poll(_ context.Context, b *connect.Batch) error {
	u.n++
	r := b.Add()
	r.Topic, r.Value = u.topic, connect.Datum{Value: connect.String(fmt.Sprint("batch ", u.n))}
	o := connect.SourceOffset{"at": int64(u.n)}
	if u.n > 1 {
		o["at"] = math.NaN()
	}
	b.Mark(connect.Partition("p", "1"), o)
	return nil
}

func (u *unwritableTask) Close() error { return nil }

// Records whose offset cannot be written are not committed either
// (KAFKA-14339).
func TestOffsetThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	s := once(source(nil), AtPoll)
	s.Connector = &unwritable{topic: "out"}
	cfg.Sources = []Source{s}
	_, err := run(t, cfg)
	if err == nil || !strings.Contains(err.Error(), "src") || !strings.Contains(err.Error(), "offset field at") {
		t.Errorf("it ends with %v", err)
	}
	// The first poll may have been committed with the second, and fail with it.
	if end(t, c, "out") == 0 {
		return
	}
	for _, v := range values(settled(t, c, "out")) {
		if v != "batch 1" {
			t.Errorf("%q is committed", v)
		}
	}
}

// crowd is a source of more tasks than it may have.
type crowd struct{ lines }

func (c *crowd) Tasks(ctx context.Context, most int) (tasks []connect.SourceTask, err error) {
	for range most + 1 {
		one, _ := c.lines.Tasks(ctx, 1)
		tasks = append(tasks, one...)
	}
	return tasks, nil
}

// A connector gets no more tasks than tasksMax, whatever it wants
// (KAFKA-15575).
func TestNoMoreTasksThanAllowed(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	s := source(nil)
	s.Connector, s.MaxTasks = &crowd{lines{topic: "out", all: count(10)}}, 2
	cfg.Sources = []Source{s}
	if _, err := run(t, cfg); err == nil || !strings.Contains(err.Error(), "it gave 3 tasks, where 1 to 2 are allowed") {
		t.Errorf("it ends with %v", err)
	}
	if n := len(c.PartitionInfos("out")); n > 0 {
		t.Error("a task ran")
	}
}

// A source that writes to the topic of its own offsets would wait for itself
// under exactly-once delivery, and spoil it without.
func TestSourceIntoItsOffsetsTopic(t *testing.T) {
	t.Parallel()
	for _, boundary := range []string{"", AtPoll} {
		c := cluster(t)
		cfg, _ := config(t, c)
		s := source(&lines{topic: "connect-offsets", all: count(100), batch: 10})
		if boundary != "" {
			s = once(s, boundary)
		}
		cfg.Sources = []Source{s}
		if _, err := run(t, cfg); err == nil || !strings.Contains(err.Error(), "connect-offsets") || !strings.Contains(err.Error(), "give it another topic") {
			t.Errorf("it ends with %v", err)
		}
		for _, r := range settled(t, c, "connect-offsets") {
			if strings.HasPrefix(string(r.Value), "line-") {
				t.Errorf("%s is there", r.Value)
			}
		}
	}
}

// The table names tests that there are, and no connector as missing that is here.
func TestTableOfBugs(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("RELIABILITY.md")
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	begins := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)`)
	err = filepath.WalkDir("../..", func(file string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		text, err := os.ReadFile(file)
		for _, m := range begins.FindAllSubmatch(text, -1) {
			there[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`\b(Test|Fuzz)[A-Z][A-Za-z0-9]+`).FindAllString(string(table), -1)
	for _, name := range names {
		if !there[name] {
			t.Errorf("there is no %s", name)
		}
	}
	for _, m := range regexp.MustCompile("there is no `(connector/\\w+)` yet").FindAllStringSubmatch(string(table), -1) {
		if _, err := os.Stat(filepath.Join("..", m[1])); err == nil {
			t.Errorf("%s is here: say what became of the bug", m[1])
		}
	}
	if strings.Contains(string(table), "no such connector") {
		t.Error("a row must name the connector that is missing")
	}
	if len(names) < 50 {
		t.Errorf("%d tests are named", len(names))
	}
}
