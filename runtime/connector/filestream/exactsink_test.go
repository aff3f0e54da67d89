package filestream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

func openExactly(path string, task int) (*exactTask, error) {
	t, err := Sink{File: path, ExactlyOnce: true}.Open(context.Background(), connect.SinkContext{Task: task, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	return t.(*exactTask), nil
}

func mustOpenExactly(t *testing.T, path string) *exactTask {
	t.Helper()
	task, err := openExactly(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { task.Close() })
	return task
}

func tp(topic string, partition int32) connect.TopicPartition {
	return connect.TopicPartition{Topic: topic, Partition: partition}
}

func (t *exactTask) must(test *testing.T, put []string, at ...connect.Position) {
	test.Helper()
	if err := t.Put(context.Background(), texts(put...)); err != nil {
		test.Fatal(err)
	}
	if at != nil {
		if err := t.FlushAt(context.Background(), at); err != nil {
			test.Fatal(err)
		}
	}
}

func (t *exactTask) stands(test *testing.T, want ...connect.Position) {
	test.Helper()
	got, err := t.Positions(context.Background(), []connect.TopicPartition{tp("a", 0), tp("a", 1), tp("b", 0)})
	if err != nil || !reflect.DeepEqual(got, want) {
		test.Errorf("positions %v (%v), want %v", got, err, want)
	}
}

// What was put and not flushed is gone after a crash, and the positions are
// those of what is there.
func TestExactSink(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "before\n")
	s := mustOpenExactly(t, path)
	s.stands(t)
	s.must(t, []string{"a0", "a1"}, connect.Position{TopicPartition: tp("a", 0), Offset: 2})
	s.must(t, []string{"b0"}, connect.Position{TopicPartition: tp("b", 0), Offset: 7})
	s.must(t, nil, connect.Position{TopicPartition: tp("a", 1), Offset: 3}) // all were filtered
	s.must(t, []string{"lost", "lost too"})
	s.Close() // as a crash does: nothing is flushed
	holds(t, path, "before\na0\na1\nb0\nlost\nlost too\n")

	write(t, path, "torn")
	s = mustOpenExactly(t, path)
	holds(t, path, "before\na0\na1\nb0\n")
	want := []connect.Position{{TopicPartition: tp("a", 0), Offset: 2}, {TopicPartition: tp("a", 1), Offset: 3}, {TopicPartition: tp("b", 0), Offset: 7}}
	s.stands(t, want...)
	s.must(t, []string{"a2"}, connect.Position{TopicPartition: tp("a", 0), Offset: 3})
	holds(t, path, "before\na0\na1\nb0\na2\n")
	want[0].Offset = 3
	s.Close()

	// Left behind by one that died while it wrote the positions.
	write(t, positionsPath(path)+".tmp", `{"version":1,"len`)
	s = mustOpenExactly(t, path)
	s.stands(t, want...)
	s.must(t, []string{"a3"}, connect.Position{TopicPartition: tp("a", 0), Offset: 4})
	holds(t, path, "before\na0\na1\nb0\na2\na3\n")
}

// A batch that cannot be written whole leaves nothing, and a failed sync is
// final.
func TestExactSinkFailures(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	s := mustOpenExactly(t, path)
	s.must(t, []string{"a0"}, connect.Position{TopicPartition: tp("a", 0), Offset: 1})
	good := s.file.f
	s.file.f, _ = os.Open(path) // cannot be written, nor synced
	if err := s.Put(context.Background(), texts("a1")); err == nil {
		t.Error("a Put to a file that cannot be written is a success")
	}
	s.file.f.Close()
	s.file.f, s.file.end = good, s.file.end+1 // something to flush
	bad, _ := os.Open(path)
	bad.Close()
	s.file.f = bad
	first := s.FlushAt(context.Background(), nil)
	s.file.f = good
	if first == nil || s.FlushAt(context.Background(), nil) == nil {
		t.Error("a task goes on after a failed sync")
	}
	holds(t, path, "a0\n")
}

// Files that do not belong together are refused, and what to do is said.
func TestExactSinkRefusals(t *testing.T) {
	for _, c := range []struct {
		name, says string
		harm       func(path string)
	}{
		{"truncated", "it was truncated or replaced", func(p string) { os.Truncate(p, 3) }},
		{"replaced", "remove both to begin anew", func(p string) { os.WriteFile(p, []byte("x0\nx1\nx2\n"), 0o644) }},
		{"gone", "it was truncated or replaced", func(p string) { os.Remove(p) }},
		{"torn positions", "is damaged, or not the positions of", func(p string) { os.Truncate(positionsPath(p), 10) }},
		{"empty positions", "restore it, or remove both files", func(p string) { os.Truncate(positionsPath(p), 0) }},
		{"foreign positions", "unknown field", func(p string) { os.WriteFile(positionsPath(p), []byte(`{"a":1}`), 0o644) }},
		{"newer positions", "its version is 2", func(p string) {
			os.WriteFile(positionsPath(p), []byte(`{"version":2,"length":0,"tail":null,"next":{}}`), 0o644)
		}},
		{"a directory of positions", "is a directory, not the positions", func(p string) {
			os.Remove(positionsPath(p))
			os.Mkdir(positionsPath(p), 0o755)
		}},
		{"no positions and half a line", "end the line, or move the file away", func(p string) {
			os.Remove(positionsPath(p))
			os.WriteFile(p, []byte("a0\na"), 0o644)
		}},
	} {
		path := filepath.Join(t.TempDir(), "f")
		s := mustOpenExactly(t, path)
		s.must(t, []string{"a0", "a1", "a2"}, connect.Position{TopicPartition: tp("a", 0), Offset: 3})
		s.Close()
		c.harm(path)
		if again, err := openExactly(path, 0); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want an error with %q", c.name, err, c.says)
			if err == nil {
				again.Close()
			}
		}
	}
}

func TestExactSinkAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	s := mustOpenExactly(t, path)
	if _, err := openExactly(path, 0); !errors.Is(err, connect.ErrRetry) {
		t.Errorf("a second one opens the file: %v", err)
	}
	if _, err := openExactly(path, 1); err == nil || !strings.Contains(err.Error(), "tasksMax: 1") {
		t.Errorf("a second task: %v", err)
	}
	if _, err := openExactly("", 0); err == nil {
		t.Error("the standard output is taken")
	}
	rename(t, path, path+".1")
	if err := s.Put(context.Background(), texts("a")); err == nil || !strings.Contains(err.Error(), "was moved away") {
		t.Errorf("a file that was moved away: %v", err)
	}
	s.Close()
	rename(t, path+".1", path)
	mustOpenExactly(t, path)
}

func FuzzPositions(f *testing.F) {
	f.Add([]byte(`{"version":1,"length":3,"tail":"YTAK","next":{"a":{"0":1}}}`))
	f.Add([]byte(`{"version":1,"length":0,"tail":null,"next":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parsePositions(b)
		if err != nil {
			return
		}
		path := filepath.Join(t.TempDir(), "f")
		if err := p.write(path); err != nil {
			t.Fatal(err)
		}
		if q, err := readPositions(path); err != nil || !p.equal(q) {
			t.Errorf("%s is read as %+v, written, and read as %+v (%v)", b, p, q, err)
		}
	})
}

// exactEnv makes the test binary a program that appends the numbers that are
// missing to the file it names until it is killed.
const exactEnv = "FILESTREAM_TEST_APPEND_EXACTLY_TO"

func appendExactly(path string) error {
	s, err := openExactly(path, 0)
	if err != nil {
		return err
	}
	at, _ := s.Positions(context.Background(), []connect.TopicPartition{tp("a", 0)})
	var next int64
	if len(at) > 0 {
		next = at[0].Offset
	}
	for {
		var lines []string
		for range 1 + next%700 {
			lines = append(lines, exactLine(next))
			next++
		}
		if err := s.Put(context.Background(), texts(lines...)); err != nil {
			return err
		}
		if next%3 == 0 {
			continue
		}
		if err := s.FlushAt(context.Background(), []connect.Position{{TopicPartition: tp("a", 0), Offset: next}}); err != nil {
			return err
		}
	}
}

func exactLine(n int64) string { return fmt.Sprint(n, " ", strings.Repeat("x", int(n%900))) }
