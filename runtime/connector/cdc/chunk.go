package cdc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
)

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
	if s.ReadOnly {
		return s.readPlaced(ctx)
	}
	of, opened := s.tables[0], time.Now()
	if err := s.Server.Mark(ctx, s.chunk+"-open", WindowOpen, s.metadata(of, opened)); err != nil {
		return fmt.Errorf("cdc: incremental snapshot: open the window: %w", err)
	}
	if err := s.fillAny(ctx); err != nil {
		return err
	}
	if s.Delete {
		return wrap("close the window", s.Server.Unmark(ctx, s.chunk+"-open"))
	}
	return wrap("close the window", s.Server.Mark(ctx, s.chunk+"-close", WindowClose, s.metadata(of, opened, time.Now())))
}

// fillAny reads the next chunk that has rows.
func (s *IncrementalSnapshot) fillAny(ctx context.Context) error {
	for s.Running() && s.window.empty() {
		if err := s.fill(ctx); err != nil {
			return err
		}
	}
	s.notifyChunk()
	return nil
}

// readPlaced reads the next chunk that has rows. What the stream tells from now
// on takes rows out, even where it is older than the chunk: what is newer comes
// behind it, in the stream.
func (s *IncrementalSnapshot) readPlaced(ctx context.Context) (err error) {
	s.open = true
	if err := s.fillAny(ctx); err != nil || s.window.empty() {
		s.chunk = ""
		return err
	}
	s.open = true // the tables before, which were empty, have closed it
	server, ok := s.Server.(Places)
	if !ok {
		return errors.New("cdc: incremental snapshot: the server cannot say where its log is")
	}
	s.place, err = server.Place(ctx)
	return wrap("find the place in the log", err)
}

// Reached is called where a transaction of the stream ends, and while there is
// none: passed says whether all of the log up to a place was read. It sends the
// chunk that waits for that, and reads the next one, which may be Due at once:
// the caller keeps what Store gives, and looks at the stream, in between.
func (s *IncrementalSnapshot) Reached(ctx context.Context, passed func(place any) bool, emit func(l *Layout, row []connect.Value) error) error {
	if !s.Due(passed) {
		return nil
	}
	s.place = nil
	return s.close(ctx, emit)
}

// Due reports whether Reached has a chunk to send. It costs nothing while none
// waits.
func (s *IncrementalSnapshot) Due(passed func(place any) bool) bool {
	return s.place != nil && passed(s.place)
}

// Waits reports whether a chunk waits for the stream to have passed its place.
func (s *IncrementalSnapshot) Waits() bool { return s.place != nil }

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cdc: incremental snapshot: %s: %w", what, err)
}

// metadata is what a watermark says of itself, as Debezium writes it: when it was
// opened, when closed, which signal it is for and which table.
func (s *IncrementalSnapshot) metadata(c Collection, times ...time.Time) string {
	var b strings.Builder
	add := func(name, value string) {
		if value == "" {
			return
		}
		text, _ := json.Marshal(value) // a text: it cannot fail
		b.WriteString([2]string{"{", ", "}[min(b.Len(), 1)] + `"` + name + `": ` + string(text))
	}
	for i, t := range times {
		add([2]string{"openWindowTimestamp", "closeWindowTimestamp"}[i], t.UTC().Format(time.RFC3339Nano))
	}
	add("correlationId", c.Correlation)
	add("dataCollectionId", c.Table)
	return b.String() + "}"
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
	if s.key, err = chunkKey(s.layout, c.SurrogateKey); err != nil {
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
func chunkKey(l *Layout, surrogate string) ([]int, error) {
	t := l.Table
	if surrogate != "" {
		i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == surrogate })
		if i < 0 || !l.Uses(i) {
			return nil, fmt.Errorf("it has no column %q that is captured, the surrogate key: %w", surrogate, ErrSkipTable)
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
	s.notifyScanned(c, scanSkipped)
	s.next()
	return nil
}

// done goes on to the next table.
func (s *IncrementalSnapshot) done(c Collection) {
	s.Log.Info("incremental snapshot: table complete", "table", c.Table, "rows", s.rows)
	s.Progress.done(c.Table)
	status := scanSucceeded
	if s.max == nil {
		status = scanEmpty
	}
	s.notifyScanned(c, status)
	s.next()
}

func (s *IncrementalSnapshot) next() {
	id := s.tables[0].Correlation
	s.tables = s.tables[1:]
	s.reset()
	if !s.Running() {
		s.notify(Completed, id, nil)
		s.Log.Info("incremental snapshot complete")
	}
}

func (s *IncrementalSnapshot) reset() {
	s.last, s.end, s.max, s.layout, s.key, s.rows = nil, nil, nil, nil, nil, 0
	s.other, s.otherKey = nil, nil
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
	stopped := expand(patterns, s.names())
	s.tables = slices.DeleteFunc(s.tables, func(c Collection) bool { return slices.Contains(stopped, c.Table) })
	if !s.Running() || s.tables[0] != first {
		s.reset()
	}
	s.Log.Info("incremental snapshot: tables stopped", "tables", stopped)
	s.notify(Aborted, first.Correlation, map[string]string{DataCollections: strings.Join(stopped, ",")})
}
