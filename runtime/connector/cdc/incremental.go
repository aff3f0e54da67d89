package cdc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

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
	Log    *slog.Logger
	// Progress is told how far a table is: see Progress. It may be nil.
	Progress *Progress

	tables []Collection
	last   []any // key of the last row that was sent
	end    []any // key of the last row that was read
	max    []any
	layout *Layout
	key    []int

	chunk  string // the id of its watermarks
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
// begun.
func (s *IncrementalSnapshot) Resume(ctx context.Context) error { return s.read(ctx) }

// Signal does what a signal says. emit takes the rows of a chunk that is
// complete, in order; what is marked behind the last is to be stored by Store.
func (s *IncrementalSnapshot) Signal(ctx context.Context, g Signal, emit func(l *Layout, row []connect.Value) error) error {
	switch g.Type {
	case ExecuteSnapshot:
		return s.execute(ctx, g)
	case StopSnapshot:
		s.requestStop(g.Collections)
	case PauseSnapshot:
		s.paused = s.Running()
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
	s.tables = append(s.tables, g.collections(s.Server.Tables())...)
	s.Log.Info("incremental snapshot requested", "signal", g.ID, "tables", len(s.tables))
	if was {
		return nil
	}
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
	for _, row := range [][]connect.Value{c.Before, c.After} {
		if len(row) == len(s.layout.Table.Columns) {
			s.buf = appendKey(s.buf[:0], row, s.key)
			s.window.remove(s.buf)
		}
	}
}

// Altered says that a table has another schema. Its chunk is read again.
func (s *IncrementalSnapshot) Altered(ctx context.Context, id TableID) error {
	if s.layout == nil || s.layout.name != id.String() || s.chunk == "" {
		return nil
	}
	s.window.clear()
	s.end, s.open, s.layout = s.last, false, nil
	return s.read(ctx)
}

// close sends the rows that are left, and reads the next chunk.
func (s *IncrementalSnapshot) close(ctx context.Context, emit func(l *Layout, row []connect.Value) error) error {
	s.open, s.chunk = false, ""
	for i := range s.window.rows {
		r := &s.window.rows[i]
		s.last = r.key
		if r.values == nil {
			continue
		}
		if err := emit(s.layout, r.values); err != nil {
			return err
		}
	}
	s.window.clear()
	return s.read(ctx)
}

// read reads the next chunk that has rows into the window, between watermarks.
func (s *IncrementalSnapshot) read(ctx context.Context) error {
	s.halt()
	if !s.Running() || s.paused {
		return nil
	}
	s.chunk = runID(time.Now())
	if err := s.Server.Mark(ctx, s.chunk+"-open", WindowOpen, s.metadata("")); err != nil {
		return fmt.Errorf("cdc: incremental snapshot: open the window: %w", err)
	}
	opened := time.Now()
	for s.Running() && s.window.empty() {
		if err := s.fill(ctx); err != nil {
			return err
		}
	}
	if s.Delete {
		return wrap("close the window", s.Server.Unmark(ctx, s.chunk+"-open"))
	}
	return wrap("close the window", s.Server.Mark(ctx, s.chunk+"-close", WindowClose, s.metadata(opened.UTC().Format(time.RFC3339Nano))))
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cdc: incremental snapshot: %s: %w", what, err)
}

// metadata is what a watermark says of itself.
func (s *IncrementalSnapshot) metadata(opened string) string {
	now := time.Now().UTC().Format(time.RFC3339Nano)
	m := map[string]string{"openWindowTimestamp": now}
	if opened != "" {
		m["openWindowTimestamp"], m["closeWindowTimestamp"] = opened, now
	}
	if s.Running() {
		m["dataCollectionId"] = s.tables[0].Table
		if c := s.tables[0].Correlation; c != "" {
			m["correlationId"] = c
		}
	}
	text, _ := json.Marshal(m) // texts alone: it cannot fail
	return string(text)
}

// ErrSkipTable is wrapped by errors of Chunks that are the table's alone, as a
// condition that is no SQL: the snapshot goes on with the next table. With any
// other error the stream is to be read again, from its offset.
var ErrSkipTable = errors.New("the table is left out")

// fill reads a chunk of the first table; one that has no more rows is done.
func (s *IncrementalSnapshot) fill(ctx context.Context) error {
	c := s.tables[0]
	switch err := s.prepare(ctx, c); {
	case errors.Is(err, ErrSkipTable):
		return s.skip(c, err)
	case err != nil:
		return err
	case s.max == nil:
		s.done(c)
		return nil
	}
	return s.chunkOf(ctx, c)
}

// chunkOf reads the next rows of a table.
func (s *IncrementalSnapshot) chunkOf(ctx context.Context, c Collection) error {
	rows := 0
	err := s.Server.Chunk(ctx, c, s.key, s.end, s.max, max(s.Limit, 1), func(values []connect.Value, key []any) {
		rows++
		s.buf = appendKey(s.buf[:0], values, s.key)
		s.window.put(s.buf, values, key)
		s.end = key
	})
	if errors.Is(err, ErrSkipTable) {
		return s.skip(c, err)
	} else if err != nil {
		s.window.clear()
		s.end = s.last
		return fmt.Errorf("cdc: incremental snapshot: read table %s: %w", c.Table, err)
	}
	if n := len(s.window.rows); n > 0 {
		s.end = s.window.rows[n-1].key
	}
	s.rows += int64(rows)
	s.Progress.read(c.Table, s.rows)
	if rows == 0 {
		s.done(c)
	}
	return nil
}

// prepare finds the layout, the key and the last row of a table.
func (s *IncrementalSnapshot) prepare(ctx context.Context, c Collection) (err error) {
	if s.layout == nil {
		if s.layout, err = s.Server.Layout(ctx, c.Table); err != nil {
			return fmt.Errorf("cdc: incremental snapshot: look at table %s: %w", c.Table, err)
		}
	}
	if s.layout == nil {
		return fmt.Errorf("it is not captured: %w", ErrSkipTable)
	}
	if s.key, err = chunkKey(s.layout.Table, c.SurrogateKey); err != nil {
		return err
	}
	if s.max == nil {
		s.Progress.begin(c.Table)
		if s.max, err = s.Server.Last(ctx, c, s.key); err != nil {
			return fmt.Errorf("cdc: incremental snapshot: find the last row of table %s: %w", c.Table, err)
		}
	}
	return nil
}

// chunkKey are the columns by which chunks go.
func chunkKey(t *Table, surrogate string) ([]int, error) {
	if surrogate != "" {
		i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == surrogate })
		if i < 0 {
			return nil, fmt.Errorf("it has no column %q, the surrogate key: %w", surrogate, ErrSkipTable)
		}
		return []int{i}, nil
	}
	if len(t.Key) == 0 {
		return nil, fmt.Errorf("it has no primary key, and the signal names no surrogate-key: %w", ErrSkipTable)
	}
	return t.Key, nil
}

// skip goes on to the next table, and says why.
func (s *IncrementalSnapshot) skip(c Collection, why error) error {
	s.Log.Warn("incremental snapshot: table left out", "table", c.Table, "cause", why)
	s.next()
	return nil
}

// done goes on to the next table.
func (s *IncrementalSnapshot) done(c Collection) {
	s.Log.Info("incremental snapshot: table complete", "table", c.Table, "rows", s.rows)
	s.Progress.done(c.Table)
	s.next()
}

func (s *IncrementalSnapshot) next() {
	s.tables = s.tables[1:]
	s.reset()
	if !s.Running() {
		s.Log.Info("incremental snapshot complete")
	}
}

func (s *IncrementalSnapshot) reset() {
	s.last, s.end, s.max, s.layout, s.key, s.rows = nil, nil, nil, nil, nil, 0
	s.open = false
	s.window.clear()
}

// halt takes out the tables that are to be stopped.
func (s *IncrementalSnapshot) halt() {
	patterns := s.stop
	s.stop = nil
	if len(patterns) == 0 || !s.Running() {
		return
	}
	first := s.tables[0]
	var names []string
	for _, c := range s.tables {
		names = append(names, c.Table)
	}
	stopped := expand(patterns, names)
	s.tables = slices.DeleteFunc(s.tables, func(c Collection) bool { return slices.Contains(stopped, c.Table) })
	if !s.Running() || s.tables[0] != first {
		s.reset()
	}
	s.Log.Info("incremental snapshot: tables stopped", "tables", stopped)
}
