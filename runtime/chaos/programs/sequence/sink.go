package sequence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"kcgen.dev/runtime/connect"
)

// Sink writes down what it is given: PARTITION OFFSET LINE, in one file for
// each life of a task. It refuses every line whose number is divisible by
// Refuse, so that something goes to the dead letter queue.
type Sink struct {
	Folder  string
	Diaries string
	Refuse  int64
	// Flush is how long a flush takes, of a sink that writes nothing before;
	// 0: it writes at once.
	Flush time.Duration
}

var _ connect.Sink = Sink{}

// Open begins a file.
func (s Sink) Open(_ context.Context, sc connect.SinkContext) (connect.SinkTask, error) {
	d, err := openDiary(s.Diaries, sc.Name, sc.Task)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(s.Folder, fmt.Sprintf("sink-%s-%s", sc.Name, filepath.Base(d.file.Name())))
	out, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		_ = d.close()
		return nil, fmt.Errorf("sequence: open the sink's file: %w", err)
	}
	return &sinkTask{s: s, results: sc.Results, diary: d, out: out}, nil
}

type sinkTask struct {
	s       Sink
	results connect.Results
	diary   *diary
	out     *os.File
	buf     []byte
}

// errRefused is why a line is refused.
var errRefused = errors.New("sequence: the sink takes no such number")

func (t *sinkTask) Put(_ context.Context, batch []connect.Record) error {
	if err := t.diary.act(); err != nil || len(batch) == 0 {
		return err
	}
	for i := range batch {
		r := &batch[i]
		line := r.Value.Value.Str()
		if t.refuses(line) {
			t.results.Refuse(t.results.Ticket(i), errRefused)
			continue
		}
		t.buf = strconv.AppendInt(t.buf, int64(r.Partition), 10)
		t.buf = strconv.AppendInt(append(t.buf, ' '), r.Offset, 10)
		t.buf = append(append(append(t.buf, ' '), line...), '\n')
	}
	if t.s.Flush > 0 {
		return nil
	}
	return t.write()
}

func (t *sinkTask) write() error {
	if _, err := t.out.Write(t.buf); err != nil {
		return fmt.Errorf("sequence: write what was put: %w", err)
	}
	t.buf = t.buf[:0]
	return nil
}

// refuses reads a line's number, its second word.
func (t *sinkTask) refuses(line string) bool {
	_, rest, _ := bytes.Cut([]byte(line), []byte{' '})
	number, _, _ := bytes.Cut(rest, []byte{' '})
	n, err := strconv.ParseInt(string(number), 10, 64)
	return err == nil && t.s.Refuse > 0 && n%t.s.Refuse == 0
}

// Flush has little to do: what was written outlives the process, which is all
// that is ever killed here.
func (t *sinkTask) Flush(ctx context.Context) error {
	if err := t.diary.act(); err != nil || len(t.buf) == 0 {
		return err
	}
	select {
	case <-time.After(t.s.Flush):
		return t.write()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *sinkTask) Close() error { return errors.Join(t.out.Close(), t.diary.close()) }
