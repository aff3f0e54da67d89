package postgres

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

// stream is the log being read.
type stream struct {
	*session
	versions map[uint32]*version // nil: the table is not captured
	replay   replay
	open     bool // within a transaction
	tx       begin
	txText   string // its id, where records tell it
	origin   origin

	inc      cdc.IncrementalSnapshot
	chunks   *chunks
	pending  cdc.Waiting // not heeded yet
	blocking cdc.Waiting // the stream waits for them
	unseen   unseen
	topic    cdc.SignalTopic
	signals  <-chan cdc.TopicSignal // nil: there is no topic

	change        change
	before, after []connect.Value
}

// stream reads the log until ctx ends or the connection does.
func (s *session) stream(ctx context.Context) error {
	if s.link == nil {
		var err error
		if s.link, err = openLink(ctx, s.config); err != nil {
			return err
		}
	}
	if err := s.open(ctx); err != nil {
		return err
	}
	st := &stream{session: s, versions: map[uint32]*version{}, replay: newReplay(s.pos)}
	if s.pos.commit != 0 {
		s.flushed.Store(uint64(s.pos.commit)) // Kafka has it, or it would be no offset
	}
	l := s.link
	l.silence = s.silence
	defer context.AfterFunc(ctx, l.close)()
	live, end := context.WithCancel(ctx)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		s.answer(live, l)
	}()
	defer func() {
		end()
		l.close()
		<-answered
	}()
	if err := st.newIncremental(live); err != nil {
		return err
	}
	if st.inc.Running() {
		if err := st.goOn(ctx); err != nil {
			return err
		}
	}
	for {
		f, err := l.next()
		if err == nil {
			err = st.frame(ctx, f)
		}
		if err == nil {
			err = st.heed(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// goOn reads the next chunk of an incremental snapshot that was broken off.
func (s *stream) goOn(ctx context.Context) error {
	if err := s.chunks.refresh(ctx); err != nil {
		return err
	}
	if err := s.inc.Resume(ctx); err != nil {
		return err
	}
	s.keepState()
	return s.reach(ctx)
}

// answer tells the server that we live, and what it may let go of, in time and
// whenever there is news. It is apart from the reading, which waits for Kafka.
func (s *session) answer(ctx context.Context, l *link) {
	tick := time.NewTicker(s.cfg.StatusUpdateInterval)
	defer tick.Stop()
	for {
		had, flushed := lsn(s.had.Load()), lsn(s.flushed.Load())
		asking := s.asking.Load()
		if err := l.confirm(max(had, flushed), flushed, asking || s.cfg.signalsFrom("kafka")); err != nil {
			return // the reading finds out too
		}
		var soon <-chan time.Time
		if asking {
			soon = time.After(askEvery)
		}
		select {
		case <-soon:
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.confirm:
		}
	}
}

// frame takes a part of the stream.
func (s *stream) frame(ctx context.Context, f frame) error {
	s.capture.logEnds(f.end)
	if f.alive {
		return s.alive(ctx, f)
	}
	if len(f.data) == 0 {
		return errShort
	}
	kind, body := f.data[0], f.data[1:]
	if kind == msgRelation {
		return s.describe(ctx, body)
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.done()
	n := len(s.batch.Records)
	err := s.message(ctx, kind, f.at, body)
	if len(s.batch.Records) > n {
		s.size += int64(len(f.data))
		s.tagTransactions(n)
	}
	if f.at != 0 {
		s.had.Store(uint64(f.at))
	}
	return err
}

// alive is a sign of life: all of the log up to there has come to us.
func (s *stream) alive(ctx context.Context, f frame) error {
	if f.reply {
		signal(s.confirm)
	}
	if s.open || s.replay.active {
		return nil
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.done()
	s.had.Store(uint64(f.end))
	s.age.none()
	if f.end > s.idle {
		s.idle = f.end
		// The server waits to shut down, or wants to let go of its log.
		s.due = s.due || f.reply
	}
	return nil
}

// describe takes a new version of a table.
func (s *stream) describe(ctx context.Context, body []byte) error {
	r, err := readRelation(body)
	if err != nil {
		return err
	}
	if !s.sieve.table(r.schema, r.name) {
		s.versions[r.id] = nil
		return nil
	}
	v, err := s.tables.version(ctx, s.conn, r)
	if err != nil {
		return err
	}
	s.versions[r.id] = v
	if s.inc.Running() {
		return s.inc.Altered(ctx, v.layout.Table.ID)
	}
	return nil
}

func (s *stream) message(ctx context.Context, kind byte, at lsn, body []byte) error {
	switch kind {
	case msgBegin:
		return s.beginTransaction(at, body)
	case msgCommit:
		return s.endTransaction(at, body)
	case msgOrigin:
		o, err := readOrigin(body)
		s.origin = o
		return err
	case msgInsert, msgUpdate, msgDelete:
		return s.row(ctx, kind, at, body)
	case msgTruncate:
		return s.truncate(at, body)
	case msgMessage:
		return s.logical(at, body)
	}
	return nil // types are looked up by their numbers
}

func (s *stream) beginTransaction(at lsn, body []byte) error {
	b, err := readBegin(body)
	if err != nil {
		return err
	}
	s.tx, s.open, s.origin = b, true, origin{}
	s.idle = 0 // its changes may have places before
	s.age.begin(b.at)
	if s.cfg.ProvideTransactionMetadata {
		s.txText = strconv.FormatUint(uint64(b.xid), 10)
	}
	if s.replay.active {
		return nil
	}
	s.moved(at, kindBegin)
	if s.cfg.ProvideTransactionMetadata {
		s.emit.Begin(&s.batch, s.txText, time.UnixMicro(b.at))
	}
	return nil
}

// moved is the position's way to a message of the open transaction.
func (s *stream) moved(at lsn, kind string) {
	s.pos.at, s.pos.processed, s.pos.message = at, at, kind
	s.pos.txID, s.pos.time = int64(s.tx.xid), s.tx.at
	s.pos.streams()
}

func (s *stream) endTransaction(at lsn, body []byte) error {
	c, err := readCommit(body)
	if err != nil {
		return err
	}
	s.moved(at, kindCommit)
	s.pos.commit, s.pos.ended, s.pos.events, s.pos.time = at, at, 0, c.at
	s.emit.End(&s.batch, time.UnixMicro(c.at))
	s.open, s.txText = false, ""
	s.age.end()
	s.replay.end()
	s.idle = max(s.idle, c.end)
	s.unseen.add(s.tx.xid)
	return nil
}

// changed is the position's way to a change of a row.
func (s *stream) changed(at lsn, kind string) {
	if s.pos.place != at {
		s.pos.events, s.pos.place = 0, at
	}
	s.moved(at, kind)
	s.pos.events++
}

var changeKinds = map[byte]string{msgInsert: kindInsert, msgUpdate: kindUpdate, msgDelete: kindDelete}

// row takes a change of a row.
func (s *stream) row(ctx context.Context, kind byte, at lsn, body []byte) error {
	if s.replay.had(at, false) {
		return nil
	}
	s.changed(at, changeKinds[kind])
	if err := s.change.read(body); err != nil {
		return err
	}
	v, ok := s.versions[s.change.relation]
	if !ok {
		return fmt.Errorf("a change of the table %d, which the server has not described", s.change.relation)
	}
	if v == nil {
		return nil
	}
	if s.stale(v) {
		var err error
		s.tables.types.forget()
		if v, err = s.tables.version(ctx, s.conn, v.relation); err != nil {
			return err
		}
		s.versions[s.change.relation] = v
	}
	return s.emitRow(kind, v)
}

// stale says whether a value is of an enum as it was not when its labels were
// looked up.
func (s *stream) stale(v *version) bool {
	for i := range s.change.new {
		if c := &s.change.new[i]; c.kind == cellText && i < len(v.enums) && v.enums[i] != nil && !v.enums[i].has(c.data) {
			return true
		}
	}
	return false
}

func (s *stream) emitRow(kind byte, v *version) (err error) {
	c := cdc.Change{Op: cdc.Create, Layout: v.layout, Now: time.Now(), Transaction: s.txText, At: time.UnixMicro(s.tx.at)}
	switch kind {
	case msgUpdate:
		c.Op = cdc.Update
	case msgDelete:
		c.Op = cdc.Delete
	}
	if s.emit.Skips(c.Op) && !v.signal && !s.inc.Running() {
		return nil
	}
	if s.change.oldKind != 0 {
		if s.before, err = s.values(s.before[:0], v, s.change.old, nil); err != nil {
			return err
		}
		c.Before = s.before
	}
	if s.change.hasNew {
		if s.after, err = s.values(s.after[:0], v, s.change.new, c.Before); err != nil {
			return err
		}
		c.After = s.after
	}
	if v.signal {
		s.signalled(&c)
	}
	s.inc.Changed(&c)
	if kind == msgDelete && c.Before == nil || s.emit.Skips(c.Op) {
		return nil // a change of a key too is an update
	}
	c.Source = s.block(v.schema, v.name, cdc.Streamed)
	s.fillOrigin(c.Source)
	s.emit.Change(&s.batch, &c)
	return nil
}

func (s *stream) fillOrigin(b *connect.Struct) {
	if s.origin.name != "" {
		b.Slots[blockOrigin] = connect.String(s.origin.name)
		b.Slots[blockOriginLSN] = connect.Int64(int64(s.origin.at))
	}
}

// values decodes the cells of a row. For one that did not change and was not sent
// the row from before has it, or what stands for it.
func (s *stream) values(dst []connect.Value, v *version, cells []cell, before []connect.Value) ([]connect.Value, error) {
	if len(cells) != len(v.decode) {
		return dst, fmt.Errorf("a row of table %s.%s has %d columns, which the server has described with %d", v.schema, v.name, len(cells), len(v.decode))
	}
	for i := range cells {
		value := connect.Null
		switch c := &cells[i]; {
		case v.decode[i] == nil || c.kind == cellNull:
		case c.kind == cellToast:
			if before != nil {
				value = before[i]
			}
			if value.IsNull() {
				value = v.absent[i]
			}
		default:
			var err error
			if value, err = s.value(v, i, c.data); err != nil {
				return dst, err
			}
		}
		dst = append(dst, value)
	}
	return dst, nil
}

// value decodes a value. One that no value of the column's schema can say is null
// where that is allowed.
func (s *session) value(v *version, i int, data []byte) (connect.Value, error) {
	value, err := v.decode[i](&s.current, data)
	if err == nil {
		return value, nil
	}
	column := &v.layout.Table.Columns[i]
	err = fmt.Errorf("table %s.%s: column %s (%s): %w", v.schema, v.name, connect.Word(column.Name), column.TypeName, err)
	if !column.Schema.IsOptional() {
		return connect.Null, err
	}
	if name := v.schema + "." + v.name + "." + column.Name; !s.badValues[name] {
		s.badValues[name] = true
		s.log.Warn("a value cannot be told, and is null", "error", err)
	}
	return connect.Null, nil
}

// truncate tells that tables were emptied.
func (s *stream) truncate(at lsn, body []byte) error {
	t, err := readTruncate(body)
	if err != nil {
		return err
	}
	for i, id := range t.relations {
		v := s.versions[id]
		if s.emit.Skips(cdc.Truncate) && !s.inc.Running() || s.replay.had(at, false) {
			continue
		}
		processed := s.pos.processed
		s.changed(at, kindTruncate)
		if i < len(t.relations)-1 {
			s.pos.processed = processed
		}
		if v == nil {
			continue
		}
		c := cdc.Change{Op: cdc.Truncate, Layout: v.layout, Now: time.Now(), Transaction: s.txText, At: time.UnixMicro(s.tx.at)}
		s.inc.Changed(&c)
		c.Source = s.block(v.schema, v.name, cdc.Streamed)
		s.fillOrigin(c.Source)
		s.emit.Change(&s.batch, &c)
	}
	return nil
}
