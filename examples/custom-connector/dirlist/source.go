// Package dirlist keeps an inventory of a directory; see dirlist.cue.
package dirlist

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"kcgen.dev/runtime/connect"
)

// maxBatch is the most records of one Poll.
const maxBatch = 1000

// pollWait is how long a Poll with nothing to tell lasts.
const pollWait = 200 * time.Millisecond

// fileSchema is what a record's value looks like.
var fileSchema = connect.NewStruct().Name("example.com.inventory.File").
	Field("name", connect.StringSchema).
	Field("size", connect.Int64Schema).
	Field("modified", connect.NewTimestamp().MustBuild()).
	MustBuild()

var _ connect.Emits = Source{}

// Emits says what the records look like, so that a build can tell what a chain
// of transforms makes of them.
func (s Source) Emits() connect.Shape {
	return connect.Shape{Topic: s.Topic, Key: connect.Of(connect.StringSchema), Value: connect.Of(fileSchema)}
}

// Tasks gives the one task: one directory is one list.
func (s Source) Tasks(context.Context, int) ([]connect.SourceTask, error) {
	if _, err := filepath.Match(s.Pattern, ""); err != nil {
		return nil, fmt.Errorf("dirlist: pattern %q: %w", s.Pattern, err)
	}
	if s.Interval <= 0 {
		return nil, errors.New("dirlist: interval must be longer than nothing")
	}
	return []connect.SourceTask{&task{cfg: s}}, nil
}

type task struct {
	cfg     Source
	offsets connect.OffsetReader
	seen    map[string]*seen
	pending []change // found, not yet handed out
	next    time.Time
}

// seen is what was last told of a file: its partition is the file, so that
// files of any age may come in any order.
type seen struct {
	part           *connect.SourcePartition
	size, modified int64 // modified in nanoseconds since the epoch
}

type change struct {
	file *seen
	name string
	info fs.FileInfo
}

// Open begins with the first look. A directory that is not there yet is
// tried again.
func (t *task) Open(_ context.Context, tc connect.SourceContext) error {
	t.offsets, t.seen = tc.Offsets, map[string]*seen{}
	if _, err := os.ReadDir(t.cfg.Directory); err != nil {
		return connect.Retry(fmt.Errorf("dirlist: %w", err))
	}
	return nil
}

// Poll looks whenever it is time to, until there is something to tell, or for
// a while.
func (t *task) Poll(ctx context.Context, b *connect.Batch) error {
	end := time.Now().Add(pollWait)
	for len(t.pending) == 0 && ctx.Err() == nil && time.Now().Before(end) {
		if wait := time.Until(t.next); wait > 0 {
			sleep(ctx, min(wait, time.Until(end)))
			continue
		}
		t.next = time.Now().Add(t.cfg.Interval)
		if err := t.look(); err != nil {
			return connect.Retry(err)
		}
	}
	n := min(len(t.pending), maxBatch)
	for _, c := range t.pending[:n] {
		t.add(b, c)
	}
	t.pending = t.pending[n:]
	return nil
}

// Close has nothing to let go of.
func (t *task) Close() error { return nil }

// look finds what is new or has changed, the oldest change first.
func (t *task) look() error {
	entries, err := os.ReadDir(t.cfg.Directory)
	if err != nil {
		return fmt.Errorf("dirlist: %w", err)
	}
	for _, e := range entries {
		if match, _ := filepath.Match(t.cfg.Pattern, e.Name()); !match || !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // gone since
		}
		if err != nil {
			return fmt.Errorf("dirlist: %w", err)
		}
		f := t.known(e.Name())
		if f.size != info.Size() || f.modified != info.ModTime().UnixNano() {
			t.pending = append(t.pending, change{f, e.Name(), info})
		}
	}
	slices.SortFunc(t.pending, func(a, b change) int {
		return cmp.Or(a.info.ModTime().Compare(b.info.ModTime()), cmp.Compare(a.name, b.name))
	})
	return nil
}

// known is what was last told of a file, in this run or an earlier one.
func (t *task) known(name string) *seen {
	if f := t.seen[name]; f != nil {
		return f
	}
	f := &seen{part: connect.Partition("directory", t.cfg.Directory, "file", name), size: -1}
	if o := t.offsets.Offset(f.part); o != nil {
		f.size, _ = o["size"].(int64)
		f.modified, _ = o["modified"].(int64)
	}
	t.seen[name] = f
	return f
}

func (t *task) add(b *connect.Batch, c change) {
	c.file.size, c.file.modified = c.info.Size(), c.info.ModTime().UnixNano()
	value := &connect.Struct{Schema: fileSchema, Slots: []connect.Value{
		connect.String(c.name), connect.Int64(c.file.size), connect.Instant(c.info.ModTime()),
	}}
	r := b.Add()
	r.Topic = t.cfg.Topic
	r.Key = connect.Datum{Schema: connect.StringSchema, Value: connect.String(c.name)}
	r.Value = connect.Datum{Schema: fileSchema, Value: value.Value()}
	b.Mark(c.file.part, connect.SourceOffset{"size": c.file.size, "modified": c.file.modified})
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
