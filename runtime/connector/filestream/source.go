package filestream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"kcgen.dev/runtime/connect"
)

// What a Source is given where its fields are zero, as in filestream.cue.
const (
	defaultBatchSize    = 2000
	defaultMaxLineBytes = 16 << 20
	defaultRotateWait   = 5 * time.Second
)

// How long a Poll without lines lasts, and the pauses between its looks.
const (
	pollWait = 500 * time.Millisecond
	minPause = time.Millisecond
	maxPause = 100 * time.Millisecond
)

var _ connect.Source = Source{}

// Tasks gives the one task: a file is read in order. The configuration is
// checked here.
func (s Source) Tasks(_ context.Context, _ int) ([]connect.SourceTask, error) {
	if s.Topic == "" {
		return nil, errors.New("filestream: topic is empty")
	}
	if s.BatchSize < 0 || s.MaxLineBytes < 0 || s.RotateWait < 0 {
		return nil, errors.New("filestream: batchSize, maxLineBytes and rotateWait must not be negative")
	}
	if s.BatchSize == 0 {
		s.BatchSize = defaultBatchSize
	}
	if s.MaxLineBytes == 0 {
		s.MaxLineBytes = defaultMaxLineBytes
	}
	if s.RotateWait == 0 {
		s.RotateWait = defaultRotateWait
	}
	return []connect.SourceTask{&sourceTask{cfg: s, stdin: os.Stdin, pollWait: pollWait}}, nil
}

var _ connect.ExactlyOnce = Source{}

// ExactlyOnce says that a file can be read again from a position. (A FIFO is
// found out when it is opened.)
func (s Source) ExactlyOnce() error {
	if s.File == "" {
		return errors.New("the standard input cannot be read again: give file, or leave exactlyOnce out")
	}
	return nil
}

var _ connect.Emits = Source{}

// Emits says what each line's record is: text, and no key.
func (s Source) Emits() connect.Shape {
	return connect.Shape{
		Topic: s.Topic,
		Key:   connect.Form{Known: true, Nulls: connect.NullsAlways},
		Value: connect.Of(connect.StringSchema),
	}
}

// input is where the lines come from.
type input interface {
	// read fills p with what is there, without waiting for long. Nothing read
	// and no error means: not now. errAnew means that what comes next stands
	// at position 0, io.EOF that nothing will ever come.
	read(p []byte) (int, error)
	// position is that of the byte that read gives next; false where the
	// input has no positions that outlive the process.
	position() (int64, bool)
	close() error
}

// errAnew is an input that begins again: its file was truncated or replaced.
var errAnew = errors.New("the input begins anew")

type sourceTask struct {
	cfg      Source
	stdin    *os.File
	pollWait time.Duration
	log      *slog.Logger
	part     *connect.SourcePartition
	in       input
	lines    lines
	pause    time.Duration // before the next look
	anew     bool          // position 0 is to be marked
	ended    bool          // nothing will ever come
	at       atomic.Int64  // of the first byte not handed out, plus one; 0: not known
}

// Open finds the position and opens the file. A file that is not there is no
// error.
func (t *sourceTask) Open(_ context.Context, tc connect.SourceContext) error {
	t.log, t.pause = tc.Log, minPause
	t.lines = lines{max: int(min(t.cfg.MaxLineBytes, 1<<40))}
	if t.cfg.File == "" {
		t.in = &stdinInput{f: t.stdin}
		return nil
	}
	t.part = connect.Partition("filename", t.cfg.File)
	pos, err := position(tc.Offsets.Offset(t.part))
	if err != nil {
		return fmt.Errorf("filestream: the offset of %s: %w", t.cfg.File, err)
	}
	in := &fileInput{path: t.cfg.File, log: tc.Log, rotateWait: t.cfg.RotateWait, exactly: tc.ExactlyOnce, next: pos}
	if err := in.open(); errors.Is(err, errAnew) {
		t.anew = true
	} else if err != nil {
		return err
	}
	t.in = in
	t.at.Store(pos + 1)
	return nil
}

var _ connect.Lagger = (*sourceTask)(nil)

// Lag is the bytes of the file that were not handed out yet.
func (t *sourceTask) Lag() (int64, string, bool) {
	at := t.at.Load() - 1
	info, err := os.Stat(t.cfg.File)
	if at < 0 || err != nil {
		return 0, "", false
	}
	return max(info.Size()-at, 0), "bytes", true
}

// position reads an offset of the form {"position":N}. None is 0.
func position(o connect.SourceOffset) (int64, error) {
	v, ok := o["position"]
	if !ok || v == nil {
		return 0, nil
	}
	n, ok := v.(int64)
	if !ok || n < 0 {
		return 0, fmt.Errorf("position is %v, not a number of bytes; set or reset the offset", v)
	}
	return n, nil
}

// Poll hands out the lines that are there, and waits a little for some where
// there are none.
func (t *sourceTask) Poll(ctx context.Context, b *connect.Batch) error {
	var until time.Time
	for {
		if t.anew {
			// Marked at once, so that no restart takes the old position for one
			// in the new content.
			t.anew = false
			t.at.Store(1)
			b.Mark(t.part, connect.SourceOffset{"position": int64(0)})
			return nil
		}
		if n, err := t.emit(b); n > 0 || err != nil {
			t.pause = minPause
			return err
		}
		if more, err := t.fill(); err != nil {
			return err
		} else if more {
			continue
		}
		if until.IsZero() {
			until = time.Now().Add(t.pollWait)
		}
		if !t.wait(ctx, until) {
			return nil
		}
	}
}

// emit adds the lines that have been read, a batch of them at the most, and
// one mark behind them.
func (t *sourceTask) emit(b *connect.Batch) (int, error) {
	// The time is Connect's: System.currentTimeMillis() for each record.
	now := time.Now().UnixMilli()
	n := 0
	pos, ok := t.position()
	for n < t.cfg.BatchSize {
		line, whole := t.lines.cut(t.ended)
		if !whole {
			if pos, ok = t.position(); ok && n > 0 && t.readOn() {
				continue
			}
			break
		}
		r := b.Add()
		r.Topic = t.cfg.Topic
		r.Timestamp = now
		r.Value = connect.Datum{Schema: connect.StringSchema, Value: connect.Text(line)}
		n++
	}
	if n == 0 && t.lines.long {
		return 0, t.tooLong()
	}
	if n == t.cfg.BatchSize {
		pos, ok = t.position()
	}
	if ok && n > 0 {
		t.at.Store(pos + 1)
		b.Mark(t.part, connect.SourceOffset{"position": pos})
	}
	return n, nil
}

// readOn reads what comes next in the same file, so that a batch does not end
// where a block does. An error comes again at the next Poll.
func (t *sourceTask) readOn() bool {
	if t.lines.long {
		return false
	}
	more, err := t.fill()
	return more && err == nil && !t.anew
}

// position is that of the first byte not handed out.
func (t *sourceTask) position() (int64, bool) {
	pos, ok := t.in.position()
	return pos - int64(t.lines.rest()), ok
}

func (t *sourceTask) tooLong() error {
	if t.cfg.File == "" {
		return fmt.Errorf("filestream: a line of the standard input is longer than maxLineBytes (%d); is it a file of lines? If so, raise the limit", t.cfg.MaxLineBytes)
	}
	pos, _ := t.position()
	return fmt.Errorf("filestream: the line at position %d of %s is longer than maxLineBytes (%d); is it a file of lines? If so, raise the limit", pos, t.cfg.File, t.cfg.MaxLineBytes)
}

// fill reads what is there; more says whether that changed anything.
func (t *sourceTask) fill() (more bool, err error) {
	if t.ended {
		return false, nil
	}
	n, err := t.in.read(t.lines.room())
	t.lines.grow(n)
	switch {
	case errors.Is(err, errAnew):
		if lost := t.lines.drop(); lost > 0 {
			t.log.Warn("the end of the file had no line end and is left out", "file", t.cfg.File, "bytes", lost)
		}
		t.anew = true
		return true, nil
	case errors.Is(err, io.EOF):
		t.ended = true
		return true, nil
	}
	return n > 0, err
}

// wait pauses, longer each time that nothing came. It returns false when Poll
// has waited enough.
func (t *sourceTask) wait(ctx context.Context, until time.Time) bool {
	left := time.Until(until)
	if left <= 0 || ctx.Err() != nil {
		return false
	}
	timer := time.NewTimer(min(t.pause, left))
	defer timer.Stop()
	t.pause = min(t.pause*2, maxPause)
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Close lets go of the file; the standard input stays open.
func (t *sourceTask) Close() error {
	if t.in == nil {
		return nil
	}
	return t.in.close()
}
