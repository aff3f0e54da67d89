package cdc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"kcgen.dev/runtime/connect"
)

// Chunks is what a server does for incremental snapshots. It is called from the
// goroutine that reads the stream, and what it commits comes in that stream.
type Chunks interface {
	// Tables are the names of the tables that are captured.
	Tables() []string
	// Layout is that of a table as it is now; nil where it is not captured.
	Layout(ctx context.Context, table string) (*Layout, error)
	// Mark adds a row to the table of signals and commits.
	Mark(ctx context.Context, id, kind, data string) error
	// Unmark takes a row out of the table of signals and commits.
	Unmark(ctx context.Context, id string) error
	// Last is the greatest key that a table has; nil where it has no rows.
	Last(ctx context.Context, c Collection, key []int) ([]any, error)
	// Chunk reads rows in the order of their keys: those behind from (nil: from the
	// first), to the key to at the most, and no more than limit.
	Chunk(ctx context.Context, c Collection, key []int, from, to []any, limit int, row func(values []connect.Value, key []any)) error
}

// Places is what a server does for incremental snapshots that write nothing.
type Places interface {
	Chunks
	// Place is where the log is now: all that a query sees that was made before is
	// in the log up to there.
	Place(ctx context.Context) (any, error)
}

// IncrementalSnapshot is an incremental snapshot, by Netflix's DBLog as Debezium does it:
// tables are read in chunks while the stream goes on, each chunk between two
// watermarks that stand in the stream. What the stream tells between them is newer
// than the chunk, so it takes those rows out; the others come at the second
// watermark. It is for one goroutine. The zero one, with Server set, runs
// none.
type IncrementalSnapshot struct {
	Server Chunks
	Limit  int  // rows of a chunk (incremental.snapshot.chunk.size)
	Delete bool // the first watermark is taken away, instead of adding a second (insert_delete)
	// ReadOnly says that nothing is written: the window is open from the start, and
	// closes where the log was when the chunk was read (read.only). Server is of
	// Places then, and Reached is called.
	ReadOnly bool
	Log      *slog.Logger
	// Notify is told what happens to it: see Notifier. It may be nil.
	Notify func(Notification)
	// Progress is told how far a table is: see Progress. It may be nil.
	Progress *Progress

	tables []Collection
	last   []any // key of the last row that was sent
	end    []any // key of the last row that was read
	max    []any
	layout *Layout
	key    []int

	other    *Layout // the stream's, where it has other columns
	otherKey []int

	chunk  string // the id of its watermarks
	place  any    // where the log was, if ReadOnly
	open   bool   // the first watermark has come
	window Window
	paused bool
	stop   []string
	rows   int64
	buf    []byte
}

// The keys of offsets that hold an incremental snapshot.
const (
	snapshotCollections = "incremental_snapshot_collections"
	snapshotLast        = "incremental_snapshot_primary_key"
	snapshotMax         = "incremental_snapshot_maximum_key"
	snapshotCorrelation = "incremental_snapshot_correlation_id"
)

// Running reports whether there are tables to read.
func (s *IncrementalSnapshot) Running() bool { return len(s.tables) > 0 }

// Store adds the snapshot to an offset, as Debezium does. Nothing of it is in the
// offset where none runs.
func (s *IncrementalSnapshot) Store(o connect.SourceOffset) {
	if !s.Running() {
		return
	}
	o[snapshotCollections] = storeCollections(s.tables)
	o[snapshotLast] = storeKey(s.last)
	o[snapshotMax] = storeKey(s.max)
	o[snapshotCorrelation] = nil
	if c := s.tables[0].Correlation; c != "" {
		o[snapshotCorrelation] = c
	}
}

// Load takes the snapshot from an offset. Resume goes on with it.
func (s *IncrementalSnapshot) Load(o connect.SourceOffset) (err error) {
	s.tables = nil
	s.reset()
	text, ok := o[snapshotCollections].(string)
	if !ok {
		return nil
	}
	if s.tables, err = loadCollections(text); err != nil || !s.Running() {
		return err
	}
	last, err1 := loadKey(o, snapshotLast)
	most, err2 := loadKey(o, snapshotMax)
	if err := errors.Join(err1, err2); err != nil {
		// From its first row on, which repeats some and loses none.
		s.Log.Warn("incremental snapshot: the first table begins anew", "table", s.tables[0].Table, "cause", err)
		return nil
	}
	s.last, s.end, s.max = last, last, most
	return nil
}

// loadKey reads a key of an offset.
func loadKey(o connect.SourceOffset, name string) ([]any, error) {
	text, ok := o[name].(string)
	if !ok {
		return nil, nil
	}
	key, err := parseKey(text)
	if err != nil {
		return nil, fmt.Errorf("cdc: the offset's %s: %w", name, err)
	}
	return key, nil
}

// Resume reads the next chunk of a snapshot that was loaded, when the stream has
// begun, or of one of which a call has failed: from the last row that was sent.
func (s *IncrementalSnapshot) Resume(ctx context.Context) error {
	s.window.clear()
	s.end, s.open, s.place, s.layout = s.last, false, nil, nil
	return s.read(ctx)
}

// Signal does what a signal says. emit takes the rows of a chunk that is
// complete, in order; what is marked behind the last is to be stored by Store.
func (s *IncrementalSnapshot) Signal(ctx context.Context, g Signal, emit func(l *Layout, row []connect.Value) error) error {
	switch g.Type {
	case ExecuteSnapshot:
		return s.execute(ctx, g)
	case StopSnapshot:
		s.requestStop(g.Collections)
	case PauseSnapshot:
		if s.Running() && !s.paused {
			s.paused = true
			s.notifyTables(Paused)
		}
	case ResumeSnapshot:
		return s.resume(ctx)
	case WindowOpen:
		s.open = s.open || s.mine(g.ID)
	case WindowClose:
		if s.mine(g.ID) {
			return s.close(ctx, emit)
		}
	case LogSignal:
		s.Log.Info(g.Message, "signal", g.ID)
	}
	return nil
}

// resume goes on where the last chunk is complete; else its end does.
func (s *IncrementalSnapshot) resume(ctx context.Context) error {
	if !s.paused {
		return nil
	}
	s.paused = false
	s.notifyTables(Resumed)
	if s.chunk != "" {
		return nil
	}
	return s.read(ctx)
}

// mine reports whether a watermark is of the chunk that was read last.
func (s *IncrementalSnapshot) mine(id string) bool {
	return s.chunk != "" && len(id) >= len(s.chunk) && id[:len(s.chunk)] == s.chunk
}

func (s *IncrementalSnapshot) execute(ctx context.Context, g Signal) error {
	if g.Blocking {
		return fmt.Errorf("cdc: signal %q: a blocking snapshot is not for an incremental one", g.ID)
	}
	was := s.Running()
	s.tables = append(s.tables, g.Of(s.Server.Tables())...)
	s.Log.Info("incremental snapshot requested", "signal", g.ID, "tables", len(s.tables))
	if was {
		return nil
	}
	s.notifyTables(Started)
	return s.read(ctx)
}

func (s *IncrementalSnapshot) requestStop(patterns []string) {
	if !s.Running() {
		return
	}
	if len(patterns) == 0 {
		patterns = []string{".*"}
	}
	s.stop = append(s.stop, patterns...)
}

// Changed takes the rows of a change of the stream out of the window. It is
// called for each change before that is emitted, whether it is left out or not.
func (s *IncrementalSnapshot) Changed(c *Change) {
	if !s.open || s.window.empty() || s.layout == nil || c.Layout.name != s.layout.name {
		return
	}
	if c.Op == Truncate {
		s.window.clear()
		return
	}
	key := s.keyIn(c.Layout)
	if key == nil {
		// Nobody knows which rows it is about: the chunk is read again.
		s.window.clear()
		s.end = s.last
		return
	}
	for _, row := range [][]connect.Value{c.Before, c.After} {
		if row != nil {
			s.buf = appendKey(s.buf[:0], row, key)
			s.window.remove(s.buf)
		}
	}
}

// keyIn are the places of the key's columns in rows of the stream, whose layout may
// have other columns than the chunk's; nil: it lacks some of them.
func (s *IncrementalSnapshot) keyIn(l *Layout) []int {
	if l == s.layout {
		return s.key
	}
	if l == s.other {
		return s.otherKey
	}
	s.other, s.otherKey = l, nil
	var key []int
	for _, i := range s.key {
		name := s.layout.Table.Columns[i].Name
		at := slices.IndexFunc(l.Table.Columns, func(c Column) bool { return c.Name == name })
		if at < 0 {
			return nil
		}
		key = append(key, at)
	}
	s.otherKey = key
	return key
}

// Altered says that a table has another schema. Its chunk is read again.
func (s *IncrementalSnapshot) Altered(ctx context.Context, id TableID) error {
	if s.layout == nil || s.layout.name != id.String() || s.chunk == "" {
		return nil
	}
	s.window.clear()
	s.end, s.open, s.layout, s.place = s.last, false, nil, nil
	return s.read(ctx)
}
