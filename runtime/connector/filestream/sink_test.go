package filestream

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
)

// writer is a sink task under test.
type writer struct {
	t    *testing.T
	path string
	task connect.SinkTask
	log  *bytes.Buffer
}

func openWriter(t *testing.T, path string) *writer {
	t.Helper()
	w := &writer{t: t, path: path, log: &bytes.Buffer{}}
	var err error
	w.task, err = Sink{File: path}.Open(context.Background(), connect.SinkContext{Log: slog.New(slog.NewTextHandler(w.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.task.Close() })
	return w
}

func texts(lines ...string) []connect.Record {
	rs := make([]connect.Record, len(lines))
	for i, l := range lines {
		rs[i].Value.Value = connect.String(l)
	}
	return rs
}

func (w *writer) put(lines ...string) {
	w.t.Helper()
	if err := w.task.Put(context.Background(), texts(lines...)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *writer) flush() {
	w.t.Helper()
	if err := w.task.Flush(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *writer) holds(want string) {
	w.t.Helper()
	holds(w.t, w.path, want)
}

func holds(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s holds %.200q (%v), want %.200q", filepath.Base(path), got, err, want)
	}
}

func TestAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "before\n")
	w := openWriter(t, path)
	w.put("a", "", "b\xff\x00")
	w.put("c")
	w.flush()
	w.holds("before\na\n\nb\xff\x00\nc\n")
}

// Records come in order, whatever their sizes and the number of writes.
func TestLargeBatches(t *testing.T) {
	w := openWriter(t, filepath.Join(t.TempDir(), "f"))
	var want strings.Builder
	for _, size := range []int{1, writeSize - 1, writeSize, 5 * writeSize, 7} {
		var lines []string
		for i := range 9 {
			lines = append(lines, strings.Repeat(string(rune('a'+i)), size))
		}
		w.put(lines...)
		want.WriteString(strings.Join(lines, "\n") + "\n")
	}
	w.flush()
	w.holds(want.String())
}

func TestText(t *testing.T) {
	st := connect.NewSchema(connect.KindStruct).Field("a", connect.OptionalInt32Schema).Field("b\"", connect.StringSchema).MustBuild()
	at := time.Date(2024, 2, 29, 12, 34, 56, 789e6, time.UTC)
	m := func(e ...connect.Entry) connect.Value { return connect.MapOf(e...).Value() }
	shared := func(e ...connect.Entry) connect.Value {
		m := connect.MapOf(e...)
		m.Shared = connect.NewKeySet(m.Keys)
		return m.Value()
	}
	list := func(e ...connect.Value) connect.Value { return (&connect.Array{Elems: e}).Value() }
	var p printer
	for _, c := range []struct {
		v    connect.Value
		want string
	}{
		{connect.Null, "null"},
		{connect.Bool(true), "true"},
		{connect.Int8(-128), "-128"},
		{connect.Int64(math.MaxInt64), "9223372036854775807"},
		{connect.Float64(1e7), "1.0E7"},
		{connect.Float32(0.1), "0.1"},
		{connect.Float64(math.NaN()), "NaN"},
		{connect.String("a\"\\b"), "a\"\\b"},
		{connect.Bytes([]byte("raw\x00")), "raw\x00"},
		{(&connect.Decimal{Unscaled: big.NewInt(-12345), Scale: 2}).Value(), "-123.45"},
		{connect.Instant(at), "Thu Feb 29 12:34:56 UTC 2024"},
		{list(), "[]"},
		{list(connect.Null, connect.Bytes([]byte("raw")), connect.Float64(1.5), connect.Float64(math.Inf(-1)), connect.Instant(at)),
			`[null,"cmF3",1.5,"-Infinity","2024-02-29T12:34:56.789Z"]`},
		{m(), "{}"},
		{m(connect.Entry{Key: connect.String("k\n"), Value: connect.Int8(1)}, connect.Entry{Key: connect.String("ä"), Value: connect.String("\x01\xff€\"")}),
			"{\"k\\n\":1,\"ä\":\"\\u0001\ufffd€\\\"\"}"},
		{m(connect.Entry{Key: connect.Int8(1), Value: connect.Null}), "[[1,null]]"},
		{shared(), "{}"},
		{shared(connect.Entry{Key: connect.String("k\n"), Value: connect.PlainText([]byte("x"))}, connect.Entry{Key: connect.String("ä"), Value: connect.String("\"")},
			connect.Entry{Key: connect.String("c"), Value: list()}), "{\"k\\n\":\"x\",\"ä\":\"\\\"\",\"c\":[]}"},
		{shared(connect.Entry{Key: connect.String("a"), Value: connect.Null}, connect.Entry{Key: connect.Int8(1), Value: connect.Null}), `[["a",null],[1,null]]`},
		{(&connect.Struct{Schema: st, Slots: []connect.Value{connect.Null, list(connect.String("x"))}}).Value(), `{"a":null,"b\"":["x"]}`},
		{(&connect.Struct{}).Value(), "{}"},
	} {
		for range 2 { // the second time its names are known
			if got := string(p.append(nil, c.v)); got != c.want {
				t.Errorf("%v is written %q, want %q", c.v, got, c.want)
			}
		}
	}
}

// A line that a dead writer did not finish is cut, and only that.
func TestTornLine(t *testing.T) {
	for _, c := range []struct{ before, kept string }{
		{"", ""},
		{"whole\n", "whole\n"},
		{"whole\ntorn", "whole\n"},
		{"torn", ""},
		{"\n\n", "\n\n"},
		{"whole\n" + strings.Repeat("t", 1<<20), "whole\n"},
		{strings.Repeat("w", 100<<10) + "\n" + strings.Repeat("t", 64<<10), strings.Repeat("w", 100<<10) + "\n"},
	} {
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, c.before)
		w := openWriter(t, path)
		w.put("a")
		w.holds(c.kept + "a\n")
		if cut := len(c.before) - len(c.kept); (cut > 0) != strings.Contains(w.log.String(), "level=WARN") {
			t.Errorf("%d bytes were cut, and the log says %q", cut, w.log)
		}
	}
}

// One that dies beside us leaves its line unfinished at our end.
func TestTornByAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	w := openWriter(t, path)
	w.put("a")
	write(t, path, "of another\ntorn")
	w.put("b")
	w.holds("a\nof another\nb\n")
	if !strings.Contains(w.log.String(), "bytes=4") {
		t.Errorf("the log does not say how much was cut: %s", w.log)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	w.put("c")
	w.holds("c\n")
}

func TestMovedAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	w := openWriter(t, path)
	w.put("a")
	rename(t, path, path+".1")
	w.flush()
	w.put("b")
	w.flush()
	w.holds("b\n")
	holds(t, path+".1", "a\n")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	w.put("c")
	w.holds("c\n")
}

func TestDirectoryGone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	w := openWriter(t, filepath.Join(dir, "f"))
	w.put("a")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.task.Put(context.Background(), texts("b")); err == nil || !strings.Contains(err.Error(), "make its directory first") {
			t.Errorf("Put without the directory: %v", err)
		}
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ path, says string }{
		{dir, "is a directory"},
		{filepath.Join(dir, "no", "f"), "make its directory first"},
	} {
		_, err := Sink{File: c.path}.Open(context.Background(), connect.SinkContext{Log: slog.New(slog.DiscardHandler)})
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.path) {
			t.Errorf("%s: error %v, want one with %q", c.path, err, c.says)
		}
	}
}

// A sync that failed stays failed: the system may have dropped what it could
// not write.
func TestFailedSyncIsFinal(t *testing.T) {
	w := openWriter(t, filepath.Join(t.TempDir(), "f"))
	w.put("a")
	a := w.task.(*sinkTask).out.(*appendFile)
	good := a.f
	a.f, _ = os.Open(w.path)
	a.f.Close() // its Sync fails
	first := w.task.Flush(context.Background())
	a.f = good
	if first == nil || w.task.Flush(context.Background()) == nil || w.task.Put(context.Background(), texts("b")) == nil {
		t.Error("a task goes on after a failed sync")
	}
	if errors.Is(first, connect.ErrRetry) {
		t.Error("a failed sync is to be tried again")
	}
}

// BenchmarkSinkPut writes lines of 100 bytes in batches of 2,000: ns, MB/s and
// allocations are for one line.
func BenchmarkSinkPut(b *testing.B) {
	task, err := Sink{File: filepath.Join(b.TempDir(), "f")}.Open(context.Background(), connect.SinkContext{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer task.Close()
	batch := make([]connect.Record, 2000)
	for i := range batch {
		batch[i].Value.Value = connect.String(strings.Repeat("x", 99))
	}
	b.SetBytes(100)
	b.ReportAllocs()
	for n := 0; n < b.N; n += len(batch) {
		if n%5_000_000 == 0 { // keep the file small
			os.Truncate(task.(*sinkTask).out.(*appendFile).path, 0)
		}
		if err := task.Put(context.Background(), batch[:min(len(batch), b.N-n)]); err != nil {
			b.Fatal(err)
		}
	}
}
