package dirlist

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
)

func TestNewAndChangedFiles(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "b.csv", "22", 2)
	put(t, dir, "a.csv", "1", 3)
	put(t, dir, "note.txt", "", 1)
	if err := os.Mkdir(filepath.Join(dir, "c.csv"), 0o777); err != nil {
		t.Fatal(err)
	}
	offsets := offsets{}
	src := start(t, dir, offsets)
	want(t, src, offsets, "b.csv 2", "a.csv 1")
	want(t, src, offsets)

	put(t, dir, "a.csv", "333", 4)
	put(t, dir, "old.csv", "4444", 0) // older than all that was told
	want(t, src, offsets, "old.csv 4", "a.csv 3")

	again := start(t, dir, offsets)
	want(t, again, offsets)
	put(t, dir, "b.csv", "55555", 5)
	want(t, again, offsets, "b.csv 5")
}

func TestManyFilesComeInBatches(t *testing.T) {
	dir := t.TempDir()
	const files = maxBatch + 1
	for i := range files {
		put(t, dir, fmt.Sprintf("%d.csv", i), "", i)
	}
	src := start(t, dir, offsets{})
	var b connect.Batch
	for _, n := range []int{maxBatch, 1, 0} {
		b.Reset()
		src.next = time.Time{}
		if err := src.Poll(t.Context(), &b); err != nil || len(b.Records) != n {
			t.Fatalf("%d records, %v; want %d", len(b.Records), err, n)
		}
	}
}

func TestBadConfig(t *testing.T) {
	for _, s := range []Source{{Pattern: "[", Interval: time.Second}, {Pattern: "*"}} {
		if _, err := s.Tasks(t.Context(), 1); err == nil {
			t.Errorf("%+v is taken", s)
		}
	}
	task := &task{cfg: Source{Directory: filepath.Join(t.TempDir(), "gone")}}
	if err := task.Open(t.Context(), connect.SourceContext{}); !errors.Is(err, connect.ErrRetry) {
		t.Errorf("a directory that is not there: %v; want one to be tried again", err)
	}
}

// offsets holds what was marked, as Kafka would.
type offsets map[string]connect.SourceOffset

func key(p *connect.SourcePartition) string {
	return p.Pairs[0].Value.(string) + "|" + p.Pairs[1].Value.(string)
}

func (o offsets) Offset(p *connect.SourcePartition) connect.SourceOffset { return o[key(p)] }

func start(t *testing.T, dir string, o offsets) *task {
	t.Helper()
	src := Source{Directory: dir, Topic: "files", Pattern: "*.csv", Interval: time.Hour}
	tasks, err := src.Tasks(context.Background(), 3)
	if err != nil || len(tasks) != 1 {
		t.Fatalf("%d tasks, %v", len(tasks), err)
	}
	if err := tasks[0].Open(t.Context(), connect.SourceContext{Name: "inventory", Offsets: o}); err != nil {
		t.Fatal(err)
	}
	return tasks[0].(*task)
}

// want polls as if the interval were over.
func want(t *testing.T, src *task, o offsets, files ...string) {
	t.Helper()
	src.next = time.Time{}
	var b connect.Batch
	if err := src.Poll(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range b.Records {
		v := r.Value.Value.Struct()
		if err := connect.Validate(fileSchema, r.Value.Value); err != nil {
			t.Error(err)
		}
		if name := r.Key.Value.Str(); name != v.Get("name").Str() || r.Topic != "files" {
			t.Errorf("key %q, topic %q", name, r.Topic)
		}
		got = append(got, fmt.Sprintf("%s %d", v.Get("name").Str(), v.Get("size").Int()))
	}
	if !slices.Equal(got, files) {
		t.Errorf("got %q, want %q", got, files)
	}
	for _, m := range b.Marks() {
		o[key(m.Partition)] = m.Offset
	}
}

func put(t testing.TB, dir, name, text string, n int) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	at := second(n)
	if err := os.Chtimes(file, at, at); err != nil {
		t.Fatal(err)
	}
}

// second is the time of the nth change.
func second(n int) time.Time { return time.Unix(1_700_000_000+int64(n), 0) }
