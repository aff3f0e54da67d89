package filestream

import (
	"context"
	"fmt"
	"os"

	"kcgen.dev/runtime/connect"
)

// writeSize is what is collected for one write.
const writeSize = 256 << 10

var _ connect.Sink = Sink{}

// Open opens the file, which is made when it is not there. All tasks append to
// the one file.
func (s Sink) Open(_ context.Context, sc connect.SinkContext) (connect.SinkTask, error) {
	if s.ExactlyOnce {
		return s.openExactly(sc)
	}
	out, err := s.output(sc)
	if err != nil {
		return nil, err
	}
	return &sinkTask{out: out}, nil
}

var _ connect.Accepts = Sink{}

// Accepts takes every record: a line is the text of whatever the value is.
func (Sink) Accepts(connect.Shape) error { return nil }

func (s Sink) output(sc connect.SinkContext) (output, error) {
	if s.File == "" {
		return newStream(os.Stdout, false), nil
	}
	if fi, err := os.Stat(s.File); err == nil && !fi.Mode().IsRegular() && !fi.IsDir() {
		return openStream(s.File)
	}
	f := &appendFile{path: s.File, log: sc.Log}
	if err := f.open(); err != nil {
		return nil, err
	}
	return f, nil
}

// output is where lines go. What is written between begin and end is one Put:
// all of it is there afterwards, or, where the output can take it back, none.
type output interface {
	begin(ctx context.Context) error
	write(p []byte) error
	// end ends what begin began; err is what write returned, and is returned.
	end(err error) error
	// sync returns when all that was written is durable.
	sync() error
	close() error
}

type sinkTask struct {
	out output
	buf []byte
}

// Put appends a line for each record.
func (t *sinkTask) Put(ctx context.Context, batch []connect.Record) error {
	if len(batch) == 0 {
		return nil
	}
	if err := t.out.begin(ctx); err != nil {
		return err
	}
	return t.out.end(t.write(batch))
}

// write writes whole lines at a time, so that those of two tasks never mix.
func (t *sinkTask) write(batch []connect.Record) error {
	buf := t.buf[:0]
	for i := range batch {
		buf = append(appendText(buf, batch[i].Value.Value), '\n')
		if len(buf) < writeSize && i < len(batch)-1 {
			continue
		}
		if err := t.out.write(buf); err != nil {
			return mark(fmt.Errorf("filestream: %w", err))
		}
		buf = buf[:0]
	}
	if t.buf = buf; cap(buf) > 4*writeSize {
		t.buf = nil // made for one giant; not kept
	}
	return nil
}

// Flush makes what was put durable.
func (t *sinkTask) Flush(context.Context) error { return t.out.sync() }

// Close closes the file; the standard output stays open.
func (t *sinkTask) Close() error { return t.out.close() }
