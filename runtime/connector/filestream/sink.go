package filestream

import (
	"context"
	"fmt"
	"os"
	"slices"

	"kcgen.dev/runtime/connect"
)

// writeSize is what is collected for one write.
const writeSize = 256 << 10

// pageSize is that of the system's cache of files. A write of whole pages takes it
// a third less time than one as long that begins and ends within pages.
const pageSize = 4096

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

var _ connect.Reads = Sink{}

// Reads is the value alone: a line is made of it.
func (Sink) Reads(role connect.Role) connect.Reading {
	if role == connect.RoleValue {
		return connect.Reading{}
	}
	return connect.Reading{Only: []string{}}
}

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
	// place is where in the file the next write goes; -1: it is no file.
	place() int64
	// end ends what begin began; err is what write returned, and is returned.
	end(err error) error
	// sync returns when all that was written is durable.
	sync() error
	close() error
}

type sinkTask struct {
	out   output
	buf   []byte
	print printer
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

// write writes the lines of a batch. In a file they may be parted, at the ends of
// its pages: nobody else writes there until the batch ends.
func (t *sinkTask) write(batch []connect.Record) error {
	page, from := 1, 0
	if at := t.out.place(); at >= 0 {
		page, from = pageSize, int(at%pageSize) // buf[0] is where a page of the file begins
	}
	buf := slices.Grow(t.buf[:0], from)[:from] // what stands there is not written
	for i := range batch {
		buf = append(t.print.append(buf, batch[i].Value.Value), '\n')
		end := len(buf)
		if i < len(batch)-1 {
			if end < writeSize {
				continue
			}
			end -= end % page
		}
		if err := t.out.write(buf[from:end]); err != nil {
			return mark(fmt.Errorf("filestream: %w", err))
		}
		buf, from = buf[:copy(buf, buf[end:])], 0
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
