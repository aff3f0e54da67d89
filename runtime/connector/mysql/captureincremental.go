package mysql

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

// How long a question for an incremental snapshot may take, and how long until one
// that has failed is tried again.
const (
	chunkPatience = time.Minute
	chunkPause    = 2 * time.Second
)

// incremental is what a capture does by signals: incremental snapshots above all.
type incremental struct {
	cdc.IncrementalSnapshot
	chunks  *chunks
	pending []cdc.Signal // of the event at hand
	topic   cdc.SignalTopic
	signals <-chan cdc.TopicSignal // nil: there is no topic
	end     context.CancelFunc     // of the reading of the topic
	again   time.Time              // when to go on with what has failed; zero: nothing has
}

// listen goes on with what an offset says of signals, and begins to read their topic.
func (t *captureTask) listen(tc connect.SourceContext, o connect.SourceOffset) error {
	i := &t.inc
	i.chunks = &chunks{t: t}
	i.IncrementalSnapshot = cdc.IncrementalSnapshot{
		Server: i.chunks, Limit: t.cfg.IncrementalSnapshotChunkSize, Log: t.log, Progress: &t.progressed, Notify: t.notify,
		Delete: t.cfg.IncrementalSnapshotWatermarkingStrategy == "insert_delete", ReadOnly: t.cfg.ReadOnly,
	}
	if err := i.Load(o); err != nil {
		return err
	}
	i.again, i.pending, i.signals = time.Time{}, nil, nil
	if i.Running() {
		i.again = time.Now()
	}
	if !slices.Contains(t.cfg.SignalEnabledChannels, "kafka") {
		return nil
	}
	journal, err := tc.Journals.Journal(t.cfg.signalTopic())
	if err != nil {
		return err
	}
	i.topic = cdc.SignalTopic{Journal: journal, Prefix: t.cfg.TopicPrefix, Log: t.log}
	i.topic.Load(o)
	life, end := context.WithCancel(context.Background())
	i.end, i.signals = end, i.topic.Watch(life)
	return nil
}

func (s Source) signalTopic() string { return or(s.SignalKafkaTopic, s.TopicPrefix+"-signal") }

// close lets go of the topic.
func (i *incremental) close() {
	if i.end != nil {
		i.end()
		i.end = nil
	}
}

// store adds what signals have asked for to an offset.
func (i *incremental) store(o connect.SourceOffset) {
	i.Store(o)
	i.topic.Store(o)
}

// wants is whether changes are to be decoded that no record is made of.
func (t *captureTask) wants(id tableID) bool {
	return t.inc.Running() || t.places.tables.Signals(cdc.TableID{Catalog: id.db, Table: id.name})
}

// hear takes a change of the log, before its records are made.
func (t *captureTask) hear(c *cdc.Change) {
	t.inc.Changed(c)
	if !t.places.tables.Signals(c.Layout.Table.ID) || t.cfg.SignalEnabledChannels != nil && !slices.Contains(t.cfg.SignalEnabledChannels, "source") {
		return
	}
	g, ok, err := cdc.SignalOf(c, t.inc.Delete)
	switch {
	case err != nil:
		t.log.Warn("a signal is passed over", "error", err)
	case ok:
		t.inc.pending = append(t.inc.pending, g)
	}
}

// attend does what signals say, behind an event of the log.
func (t *captureTask) attend(ctx context.Context, b *connect.Batch) {
	i := &t.inc
	emit := func(l *cdc.Layout, row []connect.Value) error { return t.chunkRow(b, l, row) }
	for len(i.pending) > 0 {
		g := i.pending[0]
		i.pending = i.pending[1:]
		t.obey(ctx, g, emit)
	}
	if t.pos.open {
		return // the rest waits for the transaction's end
	}
	select {
	case g, ok := <-i.signals:
		if ok {
			i.topic.Handled(g)
			t.moved = true
			t.obey(ctx, g.Signal, emit)
		}
	default:
	}
	t.ask(ctx, func(ctx context.Context) error { return i.Reached(ctx, t.pos.passed, emit) })
	if !i.again.IsZero() && time.Now().After(i.again) {
		i.again = time.Time{}
		t.ask(ctx, i.Resume)
	}
}

func (t *captureTask) obey(ctx context.Context, g cdc.Signal, emit func(*cdc.Layout, []connect.Value) error) {
	switch {
	case !g.Known():
		t.log.Warn("a signal of a type that is not known is passed over", "signal", g.ID, "type", g.Type)
	case g.Type == cdc.ExecuteSnapshot && g.Blocking:
		t.log.Warn("blocking snapshots are not had: send the signal with type incremental", "signal", g.ID)
	case g.Type == cdc.ExecuteSnapshot && t.cfg.SignalDataCollection == "" && !t.cfg.ReadOnly:
		t.log.Warn("an incremental snapshot needs signalDataCollection, in which it writes its marks, or readOnly", "signal", g.ID)
	default:
		t.moved = true
		t.ask(ctx, func(ctx context.Context) error { return t.inc.Signal(ctx, g, emit) })
	}
}

// ask does what asks the server. What fails is tried again: the log is read
// meanwhile, and it may be what is missing.
func (t *captureTask) ask(ctx context.Context, do func(context.Context) error) {
	ctx, end := context.WithTimeout(context.WithoutCancel(ctx), chunkPatience)
	defer end()
	if err := do(ctx); err != nil {
		t.log.Warn("the incremental snapshot is tried again", "error", err)
		t.inc.again = time.Now().Add(chunkPause)
	}
}

// altered says that tables have other columns now.
func (t *captureTask) altered(ctx context.Context, changes []schemaChange) {
	for i := range changes {
		id := changes[i].id
		t.ask(ctx, func(ctx context.Context) error {
			return t.inc.Altered(ctx, cdc.TableID{Catalog: id.db, Table: id.name})
		})
	}
}

// chunkRow adds the record of a row of a chunk.
func (t *captureTask) chunkRow(b *connect.Batch, l *cdc.Layout, row []connect.Value) error {
	now := time.Now()
	id := tableID{db: l.Table.ID.Catalog, name: l.Table.ID.Table}
	t.emit.Change(b, &cdc.Change{Op: cdc.Read, Layout: l, After: row, Now: now, Source: t.block(id, now, cdc.Incremental)})
	t.moved = true
	return nil
}

// passed is whether all of the log up to a place was read.
func (p *position) passed(place any) bool {
	to, ok := place.(*position)
	if !ok || p.open {
		return false
	}
	if p.file == to.file {
		return p.pos >= to.pos
	}
	return len(p.file) > len(to.file) || len(p.file) == len(to.file) && strings.Compare(p.file, to.file) > 0
}

var errNoSignals = errors.New("signalDataCollection is missing: an incremental snapshot writes its marks there")
