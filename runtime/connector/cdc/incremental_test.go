package cdc

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand"
	"slices"
	"testing"

	"kcgen.dev/runtime/connect"
)

// fakeServer is a database of one table and the table of signals, with a log of
// what was committed. Others write at any moment.
type fakeServer struct {
	t      *testing.T
	rng    *rand.Rand
	layout *Layout
	signal *Layout
	rows   map[int64]int64 // id to version
	log    []Change
	clock  int64
	quiet  bool
	keys   int64 // ids are below
	fail   int   // calls until one fails; 0 is never
}

func newFakeServer(t *testing.T, seed int64) (*fakeServer, *Emitter) {
	e, err := NewEmitter(Options{TopicPrefix: "p", SignalDataCollection: "s.signals"}, Connector{Name: "fake"}, NewSourceSchema("fake").MustBuild())
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string, s *connect.Schema) Column {
		return Column{Name: name, Schema: s, Length: Unset, Scale: Unset}
	}
	rows, err := e.Layout(&Table{ID: TableID{Schema: "s", Table: "t"}, Key: []int{0}, Columns: []Column{
		column("id", connect.Int64Schema), column("version", connect.OptionalInt64Schema)}})
	if err != nil {
		t.Fatal(err)
	}
	signals, err := e.Layout(&Table{ID: TableID{Schema: "s", Table: "signals"}, Key: []int{0}, Columns: []Column{
		column("id", connect.StringSchema), column("type", connect.StringSchema), column("data", connect.OptionalStringSchema)}})
	if err != nil {
		t.Fatal(err)
	}
	s := &fakeServer{t: t, rng: rand.New(rand.NewSource(seed)), layout: rows, signal: signals, rows: map[int64]int64{}, keys: 40}
	for id := range s.keys {
		if s.rng.Intn(3) > 0 {
			s.clock++
			s.rows[id] = s.clock
		}
	}
	return s, e
}

// write commits changes of others, some or none.
func (s *fakeServer) write() {
	for !s.quiet && s.rng.Intn(3) == 0 {
		id := s.rng.Int63n(s.keys)
		old, there := s.rows[id]
		s.clock++
		switch {
		case !there:
			s.put(Create, -1, 0, id)
		case s.rng.Intn(3) == 0:
			delete(s.rows, id)
			s.log = append(s.log, Change{Op: Delete, Layout: s.layout, Before: row(id, old)})
		case s.rng.Intn(4) == 0:
			s.move(id, old)
		default:
			s.put(Update, id, old, id)
		}
	}
}

// move gives a row another key, if that is free.
func (s *fakeServer) move(id, old int64) {
	to := s.rng.Int63n(s.keys)
	if _, taken := s.rows[to]; taken {
		return
	}
	delete(s.rows, id)
	s.put(Update, id, old, to)
}

func (s *fakeServer) put(op Op, from, old, id int64) {
	c := Change{Op: op, Layout: s.layout, After: row(id, s.clock)}
	if from >= 0 && (from != id || s.rng.Intn(2) == 0) {
		c.Before = row(from, old)
	}
	s.rows[id] = s.clock
	s.log = append(s.log, c)
}

func row(id, version int64) []connect.Value {
	return []connect.Value{connect.Int64(id), connect.Int64(version)}
}

func (s *fakeServer) Tables() []string { return []string{"s.t", "s.signals"} }

func (s *fakeServer) Layout(_ context.Context, table string) (*Layout, error) {
	s.write()
	if table != s.layout.Name() {
		return nil, nil
	}
	return s.layout, nil
}

func (s *fakeServer) Mark(_ context.Context, id, kind, data string) error {
	s.write()
	s.log = append(s.log, Change{Op: Create, Layout: s.signal, After: []connect.Value{connect.String(id), connect.String(kind), connect.String(data)}})
	s.write()
	return nil
}

func (s *fakeServer) Unmark(_ context.Context, id string) error {
	s.write()
	s.log = append(s.log, Change{Op: Delete, Layout: s.signal, Before: []connect.Value{connect.String(id), connect.Null, connect.Null}})
	s.write()
	return nil
}

func (s *fakeServer) Last(context.Context, Collection, []int) ([]any, error) {
	s.write()
	if len(s.rows) == 0 {
		return nil, nil
	}
	return []any{slices.Max(s.ids())}, nil
}

func (s *fakeServer) Chunk(_ context.Context, _ Collection, _ []int, from, to []any, limit int, row func([]connect.Value, []any)) error {
	s.write()
	if s.fail > 0 {
		if s.fail--; s.fail == 0 {
			return errFake
		}
	}
	n := 0
	for _, id := range s.ids() {
		if n == limit || from != nil && id <= from[0].(int64) || id > to[0].(int64) {
			continue
		}
		n++
		row([]connect.Value{connect.Int64(id), connect.Int64(s.rows[id])}, []any{id})
	}
	s.write()
	return nil
}

func (s *fakeServer) Place(context.Context) (any, error) {
	s.write()
	return len(s.log), nil
}

var errFake = fmt.Errorf("the connection is gone")

func (s *fakeServer) ids() (ids []int64) {
	for id := range s.rows {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// consumer is who reads the topic: what it knows of each row.
type consumer struct {
	t    *testing.T
	rows map[int64]int64
	seen map[int64]int64 // the newest version of each row, deleted ones too
}

func (c *consumer) set(r []connect.Value, what string) {
	id, version := r[0].Int(), r[1].Int()
	if version < c.seen[id] {
		c.t.Errorf("%s: row %d goes back from version %d to %d", what, id, c.seen[id], version)
	}
	c.seen[id], c.rows[id] = version, version
}

func (c *consumer) take(ch *Change) {
	if ch.Before != nil {
		delete(c.rows, ch.Before[0].Int())
		// What is deleted is never to come back with the same version.
		c.seen[ch.Before[0].Int()] = max(c.seen[ch.Before[0].Int()], ch.Before[1].Int()+1)
	}
	if ch.After != nil {
		c.set(ch.After, "stream")
	}
}

// row takes a row of a snapshot.
func (c *consumer) row(_ *Layout, r []connect.Value) error {
	c.set(r, "snapshot")
	return nil
}

// run reads the log from a place on, for some steps or until the server fails. It
// gives the next place, and the offset there; cut is whether it is to be opened
// again.
func run(t *testing.T, s *fakeServer, e *Emitter, snap *IncrementalSnapshot, c *consumer, at, steps int) (next int, offset connect.SourceOffset, cut bool) {
	offset = connect.SourceOffset{}
	snap.Store(offset)
	for ; at < len(s.log); at++ {
		if steps--; steps == 0 {
			return at, offset, true
		}
		ch := s.log[at]
		if e.Filter.Signals(ch.Layout.Table.ID) {
			if err := signal(t, snap, c, &ch); err != nil {
				return at + 1, offset, true
			}
		} else {
			snap.Changed(&ch)
			c.take(&ch)
		}
		read := func(place any) bool { return at+1 >= place.(int) }
		if err := snap.Reached(context.Background(), read, c.row); err != nil {
			return at + 1, offset, true
		}
		offset = connect.SourceOffset{}
		snap.Store(offset)
		s.write()
	}
	if !snap.ReadOnly {
		return at, offset, false
	}
	read := func(place any) bool { return at >= place.(int) }
	for snap.Due(read) {
		if err := snap.Reached(context.Background(), read, c.row); err != nil {
			return at, offset, true
		}
		offset = connect.SourceOffset{}
		snap.Store(offset)
	}
	return at, offset, false
}

func signal(t *testing.T, snap *IncrementalSnapshot, c *consumer, ch *Change) error {
	g, ok, err := SignalOf(ch, snap.Delete)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return nil
	}
	return snap.Signal(context.Background(), g, c.row)
}

// TestIncremental lets others write at every moment of a snapshot, and lets it be
// cut off: the topic has each row's last state at the end, and never an older one
// after a newer.
func TestIncremental(t *testing.T) {
	for seed := range int64(400) {
		s, e := newFakeServer(t, seed)
		c := &consumer{t: t, rows: map[int64]int64{}, seen: map[int64]int64{}}
		snap := newSnapshot(s, seed)
		if err := snap.Signal(context.Background(), Signal{ID: "1", Type: ExecuteSnapshot, Collections: []string{"s\\.t"}}, nil); err != nil {
			t.Fatal(err)
		}
		at, cuts := 0, 3
		for snap.Running() || at < len(s.log) {
			steps := -1
			if cuts--; cuts >= 0 {
				steps, s.fail = 1+s.rng.Intn(60), s.rng.Intn(8)
			}
			s.quiet = len(s.log) > 2000
			next, offset, cut := run(t, s, e, snap, c, at, steps)
			if at = next; cut {
				s.fail = 0
				snap = newSnapshot(s, seed)
				reopen(t, snap, offset)
			}
		}
		check(t, seed, s, c)
	}
}

func reopen(t *testing.T, snap *IncrementalSnapshot, offset connect.SourceOffset) {
	t.Helper()
	if err := snap.Load(offset); err != nil {
		t.Fatal(err)
	}
	if err := snap.Resume(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func newSnapshot(s *fakeServer, seed int64) *IncrementalSnapshot {
	return &IncrementalSnapshot{Server: s, Limit: 1 + s.rng.Intn(9), Delete: seed%2 == 0, ReadOnly: seed%3 == 0, Log: slog.New(slog.DiscardHandler), Progress: &Progress{}}
}

func check(t *testing.T, seed int64, s *fakeServer, c *consumer) {
	t.Helper()
	for id, version := range s.rows {
		if c.rows[id] != version {
			t.Errorf("seed %d: row %d is at version %d, the topic has %d", seed, id, version, c.rows[id])
		}
	}
	for id := range c.rows {
		if _, ok := s.rows[id]; !ok {
			t.Errorf("seed %d: row %d is deleted, the topic has it", seed, id)
		}
	}
}

func TestIncrementalStops(t *testing.T) {
	s, _ := newFakeServer(t, 1)
	s.quiet = true
	snap := newSnapshot(s, 1)
	ctx := context.Background()
	for _, g := range []Signal{{ID: "a", Type: ExecuteSnapshot, Collections: []string{"s.t"}}, {Type: PauseSnapshot}, {Type: ResumeSnapshot}} {
		if err := snap.Signal(ctx, g, nil); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.log) != 2 {
		t.Errorf("a chunk that is not complete is read again: %d watermarks", len(s.log))
	}
	o := connect.SourceOffset{}
	snap.Store(o)
	want := `[{"incremental_snapshot_collections_id":"s.t","incremental_snapshot_collections_additional_condition":null,"incremental_snapshot_collections_surrogate_key":null,"incremental_snapshot_collections_correlation_id":"a"}]`
	if o[snapshotCollections] != want || o[snapshotLast] != "aced000570" || o[snapshotCorrelation] != "a" {
		t.Errorf("offset %v", o)
	}
	_ = snap.Signal(ctx, Signal{Type: StopSnapshot}, nil)
	rows := 0
	for _, id := range []string{"-open", "-close"} {
		g := Signal{ID: snap.chunk + id, Type: map[string]string{"-open": WindowOpen, "-close": WindowClose}[id]}
		if err := snap.Signal(ctx, g, func(*Layout, []connect.Value) error { rows++; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if snap.Running() || rows == 0 {
		t.Errorf("stopped: running %v, %d rows of the chunk", snap.Running(), rows)
	}
}

func TestProgress(t *testing.T) {
	var p Progress
	var none *Progress
	none.Rows("a", 1)
	p.Expect("a", 100)
	p.Rows("a", 60)
	if read, all, ok := p.Snapshot(); read != 60 || all != 100 || !ok {
		t.Error(read, all, ok)
	}
	p.Rows("b", 5)
	if _, all, _ := p.Snapshot(); all != 0 {
		t.Error("it is said how many rows there are, and nobody knows")
	}
	p.Rows("a", 90)
	p.Done("a")
	p.Done("b")
	if read, all, ok := p.Snapshot(); read != 95 || all != 95 || ok {
		t.Error(read, all, ok)
	}
	if g := p.Gauges(); len(g) != 6 || g[0].Value != 90 || g[1].Value != 100 || g[2].Value != 1 {
		t.Error(g)
	}
}

// TestOtherColumns has a stream that tells other columns than the chunk.
func TestOtherColumns(t *testing.T) {
	s, e := newFakeServer(t, 1)
	s.quiet = true
	of := func(columns ...string) *Layout {
		table := &Table{ID: s.layout.Table.ID}
		for _, c := range columns {
			table.Columns = append(table.Columns, Column{Name: c, Schema: connect.Int64Schema, Length: Unset, Scale: Unset})
		}
		l, err := e.Layout(table)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	snap := newSnapshot(s, 2)
	snap.ReadOnly = true
	if err := snap.Signal(context.Background(), Signal{Type: ExecuteSnapshot, Collections: []string{"s.t"}}, nil); err != nil {
		t.Fatal(err)
	}
	held := len(snap.window.places)
	id := snap.window.rows[0].values[0]
	snap.Changed(&Change{Op: Update, Layout: of("version", "id"), After: []connect.Value{connect.Int64(9), id}})
	if len(snap.window.places) != held-1 {
		t.Error("the row is still there")
	}
	snap.Changed(&Change{Op: Update, Layout: of("version"), After: []connect.Value{connect.Int64(9)}})
	if !snap.window.empty() || snap.end != nil {
		t.Error("the chunk is not to be read again")
	}
}
