package filestream

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
)

// reader is a source task under test.
type reader struct {
	t      *testing.T
	task   *sourceTask
	log    *bytes.Buffer
	batch  connect.Batch
	offset string // the last mark, as JSON
}

// committed is an offsets topic that holds one offset.
type committed connect.SourceOffset

func (c committed) Offset(*connect.SourcePartition) connect.SourceOffset {
	return connect.SourceOffset(c)
}

func newReader(t *testing.T, s Source, o committed) (*reader, error) {
	t.Helper()
	if s.Topic == "" {
		s.Topic = "t"
	}
	if s.RotateWait == 0 {
		s.RotateWait = time.Nanosecond
	}
	tasks, err := s.Tasks(context.Background(), 1)
	if err != nil {
		return nil, err
	}
	r := &reader{t: t, task: tasks[0].(*sourceTask), log: &bytes.Buffer{}}
	r.task.pollWait = 10 * time.Millisecond // two looks, however busy the machine
	return r, r.task.Open(context.Background(), connect.SourceContext{
		Name: "c", Offsets: o, Log: slog.New(slog.NewTextHandler(r.log, nil))})
}

func open(t *testing.T, s Source, o committed) *reader {
	t.Helper()
	r, err := newReader(t, s, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.task.Close() })
	return r
}

// lines polls until an empty batch, and gives the lines that came.
func (r *reader) lines() []string {
	r.t.Helper()
	var got []string
	for {
		r.batch.Reset()
		if err := r.task.Poll(context.Background(), &r.batch); err != nil {
			r.t.Fatal(err)
		}
		for _, rec := range r.batch.Records {
			got = append(got, rec.Value.Value.Str())
		}
		for _, m := range r.batch.Marks() {
			data, _ := json.Marshal(m.Offset)
			r.offset = string(data)
		}
		if len(r.batch.Records)+len(r.batch.Marks()) == 0 {
			return got
		}
	}
}

// want polls until an empty batch and fails unless these lines came and the
// position is this one.
func (r *reader) want(position int, lines ...string) {
	r.t.Helper()
	if got := r.lines(); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", lines) {
		r.t.Errorf("lines %q, want %q", got, lines)
	}
	if want := fmt.Sprintf(`{"position":%d}`, position); r.offset != want {
		r.t.Errorf("offset %s, want %s", r.offset, want)
	}
}

func (r *reader) logged(words string, times int) {
	r.t.Helper()
	if n := strings.Count(r.log.String(), words); n != times {
		r.t.Errorf("%q was logged %d times, want %d:\n%s", words, n, times, r.log)
	}
}

func TestLineEnds(t *testing.T) {
	for _, c := range []struct {
		what, content string
		position      int
		lines         []string
	}{
		{"LF", "a\nb\n", 4, []string{"a", "b"}},
		{"CRLF", "a\r\nb\r\n", 6, []string{"a", "b"}},
		{"mixed", "a\r\nb\nc\r\n", 8, []string{"a", "b", "c"}},
		{"empty lines", "\n\r\n\n", 4, []string{"", "", ""}},
		{"no line end at the end", "a\nb", 2, []string{"a"}},
		{"half a CRLF at the end", "a\r\nb\r", 3, []string{"a"}},
		{"a lone CR is content", "a\rb\nc\r\r\n", 8, []string{"a\rb", "c\r"}},
		{"NUL", "a\x00b\n\x00\n", 6, []string{"a\x00b", "\x00"}},
		{"BOM", "\ufeffa\n", 5, []string{"\ufeffa"}},
		{"damaged UTF-8", "\xff\xfe\n\xc3(\n", 6, []string{"\xff\xfe", "\xc3("}},
		{"positions are bytes", "äöü\n€\n", 11, []string{"äöü", "€"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f")
			write(t, path, c.content)
			open(t, Source{File: path}, nil).want(c.position, c.lines...)
		})
	}
}

// Lines that cross blocks, in blocks of all shapes, come out as they went in.
func TestBlocks(t *testing.T) {
	for _, width := range []int{1, 100, minRoom - 1, minRoom, blockSize/2 - 1, blockSize - 1, blockSize, blockSize + 1, 3 * blockSize} {
		path := filepath.Join(t.TempDir(), "f")
		var want []string
		for i := 0; i*(width+1) < 3*blockSize+1; i++ {
			want = append(want, strings.Repeat(string(rune('a'+i%26)), width))
		}
		content := strings.Join(want, "\n") + "\n"
		write(t, path, content)
		r := open(t, Source{File: path, BatchSize: 777}, nil)
		r.want(len(content), want...)
	}
}

func TestPartition(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "x", "a\n")
	r := open(t, Source{File: "./x"}, nil)
	if err := r.task.Poll(context.Background(), &r.batch); err != nil {
		t.Fatal(err)
	}
	m := r.batch.Marks()
	if len(m) != 1 || len(m[0].Partition.Pairs) != 1 || m[0].Partition.Pairs[0] != (connect.Pair{Key: "filename", Value: "./x"}) {
		t.Errorf("marks %+v, want one of the file as the spec names it", m)
	}
}

func TestBatchSize(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, strings.Repeat("x\n", 25))
	r := open(t, Source{File: path, BatchSize: 10}, nil)
	for _, want := range []int{10, 10, 5} {
		r.batch.Reset()
		if err := r.task.Poll(context.Background(), &r.batch); err != nil {
			t.Fatal(err)
		}
		if len(r.batch.Records) != want || len(r.batch.Marks()) != 1 {
			t.Errorf("%d records and %d marks, want %d and one", len(r.batch.Records), len(r.batch.Marks()), want)
		}
	}
}

func TestFollow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	r := open(t, Source{File: path}, nil)
	if got := r.lines(); got != nil {
		t.Errorf("a file that is not there gave %q", got)
	}
	r.lines()
	r.logged("the file is not there", 1)
	write(t, path, "a\nb")
	r.want(2, "a")
	write(t, path, "c")
	r.want(2)
	write(t, path, "\nd\n")
	r.want(7, "bc", "d")
}

func TestRename(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "a\nb\n")
	r := open(t, Source{File: path}, nil)
	r.want(4, "a", "b")
	rename(t, path, path+".1")
	write(t, path+".1", "late\n")
	r.want(9, "late") // the name is gone; the file is followed
	write(t, path, "new\n")
	write(t, path+".1", "last\nhalf")
	r.want(4, "last", "new")
	r.logged("the file was replaced", 1)
	r.logged("had no line end", 1)
	write(t, path, "more\n")
	r.want(9, "more")
}

// A file is not left while its writer still writes.
func TestRotateWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "a\n")
	r := open(t, Source{File: path, RotateWait: time.Hour}, nil)
	r.want(2, "a")
	rename(t, path, path+".1")
	write(t, path, "new\n")
	r.want(2)
	write(t, path+".1", "late\n")
	r.want(7, "late")
}

// The position 0 is marked at once, so that no restart takes the old one for a
// position in the new file.
func TestRenameMarksZero(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "a\n")
	r := open(t, Source{File: path}, nil)
	r.want(2, "a")
	rename(t, path, path+".1")
	write(t, path, "")
	r.want(0)
}

func TestTruncate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "aaa\nbbb\nhalf")
	r := open(t, Source{File: path}, nil)
	r.want(8, "aaa", "bbb")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	r.want(0)
	r.logged("the file was truncated", 1)
	r.logged("bytes=4", 1)
	write(t, path, "c\n")
	r.want(2, "c")
}

// What an offset says of a file that it cannot be of.
func TestStalePosition(t *testing.T) {
	for _, c := range []struct {
		content string
		from    int64
		end     int
		lines   []string
		stale   bool
	}{
		{"a\nb\n", 0, 4, []string{"a", "b"}, false},
		{"a\nb\n", 2, 4, []string{"b"}, false},
		{"a\rb\n", 2, 4, []string{"b"}, false}, // Connect ends a line there
		{"a\nb\n", 5, 4, []string{"a", "b"}, true},
		{"abc\nd\n", 2, 6, []string{"abc", "d"}, true},
		{"", 9, 0, nil, true},
	} {
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, c.content)
		r := open(t, Source{File: path}, committed{"position": c.from})
		r.want(c.end, c.lines...)
		r.logged("not one of this file", map[bool]int{true: 1}[c.stale])
	}
}

func TestBadOffset(t *testing.T) {
	for _, v := range []any{"12", 1.5, int64(-1), true} {
		if _, err := newReader(t, Source{File: "x"}, committed{"position": v}); err == nil || !strings.Contains(err.Error(), "the offset of x") {
			t.Errorf("position %v: error %v", v, err)
		}
	}
	r := open(t, Source{File: filepath.Join(t.TempDir(), "x")}, committed{"position": nil, "more": "ignored"})
	r.lines()
}

func TestMaxLineBytes(t *testing.T) {
	for _, c := range []struct {
		content string
		lines   int // that come before the error
		fails   string
	}{
		{"aaaaa\nbbbbb\r\n", 2, ""},
		{"ok\naaaaaa\nok\n", 1, "position 3"},
		{"ok\r\naaaaaa\r\nok\n", 1, "position 4"},
		{"aaaaaaa", 0, "position 0"},
		{"ok\n" + strings.Repeat("x", 1<<20), 1, "position 3"},
	} {
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, c.content)
		r := open(t, Source{File: path, MaxLineBytes: 5}, nil)
		lines, err := 0, error(nil)
		for range 3 {
			r.batch.Reset()
			if err = r.task.Poll(context.Background(), &r.batch); err != nil {
				break
			}
			lines += len(r.batch.Records)
		}
		if lines != c.lines || (err == nil) != (c.fails == "") || err != nil && !(strings.Contains(err.Error(), c.fails) && strings.Contains(err.Error(), path)) {
			t.Errorf("%.20q: %d lines and %v, want %d and an error with %q", c.content, lines, err, c.lines, c.fails)
		}
	}
}

// A line without an end does not take more memory than its limit allows.
func TestMemoryIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "")
	if err := os.Truncate(path, 1<<30); err != nil { // a hole: NUL bytes
		t.Fatal(err)
	}
	const limit = 1 << 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := open(t, Source{File: path, MaxLineBytes: limit}, nil)
	err := r.task.Poll(context.Background(), &r.batch)
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "longer than maxLineBytes") {
		t.Errorf("error %v", err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 8*limit {
		t.Errorf("%d bytes were allocated for a line of at most %d", n, limit)
	}
}

func TestStdin(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	tasks, _ := Source{Topic: "t"}.Tasks(context.Background(), 1)
	r := &reader{t: t, task: tasks[0].(*sourceTask)}
	r.task.stdin, r.task.pollWait = in, 10*time.Millisecond
	if err := r.task.Open(context.Background(), connect.SourceContext{Offsets: committed(nil), Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	check := func(want ...string) {
		t.Helper()
		if got := r.lines(); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Errorf("lines %q, want %q", got, want)
		}
	}
	check()
	out.WriteString("a\nb")
	check("a")
	out.WriteString("c\nlast")
	check("bc")
	out.Close()
	check("last") // the end of the input ends its last line
	check()
	if r.offset != "" {
		t.Errorf("the standard input has the offset %s", r.offset)
	}
	if err := r.task.Close(); err != nil {
		t.Error(err)
	}
	if _, err := in.Stat(); err != nil {
		t.Error("Close closed the standard input")
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkSourcePoll reads lines of 100 bytes: ns, MB/s and allocations are
// for one line.
func BenchmarkSourcePoll(b *testing.B) {
	path := filepath.Join(b.TempDir(), "f")
	line := strings.Repeat("x", 99) + "\n"
	const lines = 200_000
	if err := os.WriteFile(path, []byte(strings.Repeat(line, lines)), 0o644); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	var batch connect.Batch
	for n := 0; n < b.N; {
		tasks, _ := Source{File: path, Topic: "t"}.Tasks(context.Background(), 1)
		if err := tasks[0].Open(context.Background(), connect.SourceContext{Offsets: committed(nil), Log: slog.New(slog.DiscardHandler)}); err != nil {
			b.Fatal(err)
		}
		for left := min(lines, b.N-n); left > 0; {
			batch.Reset()
			if err := tasks[0].Poll(context.Background(), &batch); err != nil {
				b.Fatal(err)
			}
			left -= len(batch.Records)
			n += len(batch.Records)
		}
		tasks[0].Close()
	}
}

// TestFullBatches: a batch ends neither where a block does, nor with lines that
// its mark does not cover.
func TestFullBatches(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	line := strings.Repeat("x", 99) + "\n"
	const lines = 3*blockSize/100 + 7
	if err := os.WriteFile(path, []byte(strings.Repeat(line, lines)), 0o600); err != nil {
		t.Fatal(err)
	}
	r := open(t, Source{File: path, BatchSize: 1000}, nil)
	total := 0
	for total < lines {
		r.batch.Reset()
		if err := r.task.Poll(context.Background(), &r.batch); err != nil {
			t.Fatal(err)
		}
		n := len(r.batch.Records)
		if want := min(1000, lines-total); n != want {
			t.Fatalf("a batch of %d lines behind %d; want %d", n, total, want)
		}
		total += n
		if marks := r.batch.Marks(); len(marks) != 1 || marks[0].End != n || marks[0].Offset["position"] != int64(total*100) {
			t.Fatalf("marks %v behind %d lines", marks, total)
		}
	}
}

// TestTruncatedWithinBatch: where the look for more lines of a batch finds
// another content, the lines before it have the old one's position.
func TestTruncatedWithinBatch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("one\ntwo\nhalf"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := open(t, Source{File: path, BatchSize: 100}, nil)
	if _, err := r.task.fill(); err != nil { // read, and not yet handed out
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("new\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.task.Poll(context.Background(), &r.batch); err != nil {
		t.Fatal(err)
	}
	if marks := r.batch.Marks(); len(r.batch.Records) != 2 || len(marks) != 1 || marks[0].Offset["position"] != int64(8) {
		t.Fatalf("%d records, marks %v", len(r.batch.Records), marks)
	}
	r.want(4, "new")
	r.logged("had no line end", 1)
}
