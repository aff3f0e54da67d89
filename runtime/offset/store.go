// Package offset keeps the positions of sources, in Kafka Connect's own topic
// and format, and knows which of them may be committed.
//
//	tracker.go  Tracker: which offsets may be committed
//	store.go    Store: the offsets of all connectors, read and written on
//	format.go   keys and values as Kafka Connect writes them
//	admin.go    what is listed, altered and reset   sink.go  of consumer groups
package offset

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"

	"kcgen.dev/runtime/connect"
)

// Appender writes records to the offsets topic. done is called once; the
// records say by then where they are, as far as the appender knows. A later
// record of one key comes after an earlier one.
type Appender interface {
	Append(ctx context.Context, records []Record, done func(error))
}

// Piecemeal is an Appender that may have written some records of a call when it
// is killed, and not the others.
type Piecemeal interface {
	Appender
	Piecemeal()
}

// Record is a record of the offsets topic.
type Record struct {
	Topic      string // "" is the offsets topic; else the one that is kept beside it
	Key, Value []byte // a nil Value is a tombstone
	Timestamp  int64  // milliseconds; of records that were read or appended
	Partition  int32  // where it is, likewise
	Offset     int64
}

// after reports whether r is to be taken for newer than o. Records of one key
// are in order by their offsets; of two spellings of a key, which are in
// different partitions, the times must tell.
func (r *Record) after(o *Record) bool {
	if r.Partition == o.Partition && string(r.Key) == string(o.Key) {
		return r.Offset >= o.Offset
	}
	return r.Timestamp >= o.Timestamp
}

// Store holds the offsets of all connectors.
type Store struct {
	log *slog.Logger

	catchUp func(context.Context) error
	beside  string // the topic that is kept beside; "" is none

	mu      sync.Mutex
	entries table
	theirs  table // of the topic beside
	bad     int
	badWhy  error
	told    bool // of the bad ones
}

// stored is one offset. The key of its record stays as it was first found:
// Kafka Connect writes a partition's fields in an order of its own, and two
// keys of one meaning would be two truths after compaction.
type stored struct {
	record Record               // without its value
	offset connect.SourceOffset // nil: deleted
}

// table is the offsets in one topic, by the meanings of their keys.
type table map[string]*stored

// NewStore makes an empty store. Fill it with Load, and call Loaded.
func NewStore(log *slog.Logger) *Store {
	return &Store{log: log, entries: table{}, theirs: table{}}
}

// Beside keeps offsets in a second topic too, whose records carry its name: that
// of a Kafka Connect cluster whose connectors are continued here, and which may
// continue them. What it holds of a partition comes first, since Kafka Connect
// may have gone on there: everything written here is written there as well.
func (s *Store) Beside(topic string) { s.beside = topic }

func (s *Store) of(topic string) table {
	if topic == "" {
		return s.entries
	}
	return s.theirs
}

// find is what holds of a partition.
func (s *Store) find(meaning string) *stored {
	if e := s.theirs[meaning]; e != nil && e.offset != nil {
		return e
	}
	return s.entries[meaning]
}

// From says how the topic is read to its end: by a function that calls Load
// with every record that it has not read before.
func (s *Store) From(readToEnd func(context.Context) error) { s.catchUp = readToEnd }

// CatchUp brings the store to where the topic ends now: what other instances
// have committed. A task that starts does so first, after it has fenced whoever
// ran before it.
func (s *Store) CatchUp(ctx context.Context) error {
	if s.catchUp == nil {
		return nil
	}
	if err := s.catchUp(ctx); err != nil {
		return fmt.Errorf("offset: read the offsets topic to its end: %w", err)
	}
	s.Loaded()
	return nil
}

// Load takes one record of the topic. A record that is none of Kafka Connect's
// is skipped, and one that is older than what is known already.
func (s *Store) Load(r Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	meaning, err := meaningOf(r.Key)
	var offset connect.SourceOffset
	if err == nil {
		offset, err = decodeOffset(r.Value)
	}
	if err != nil {
		if s.bad++; s.badWhy == nil {
			s.badWhy = err
		}
		return
	}
	of := s.of(r.Topic)
	if old := of[meaning]; old != nil && !r.after(&old.record) {
		return
	}
	r.Value = nil
	of[meaning] = &stored{record: r, offset: offset}
}

// Loaded ends a loading: it warns once of records that were skipped.
func (s *Store) Loaded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bad > 0 && !s.told {
		s.told = true
		s.log.Warn("records of the offsets topic are not in Kafka Connect's format and were skipped", "records", s.bad, "first", s.badWhy.Error())
	}
}

// Offset is the offset of a connector's partition; nil where there is none.
func (s *Store) Offset(connector string, p *connect.SourcePartition) connect.SourceOffset {
	meaning, err := meaningOf(encodeKey(connector, p))
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.find(meaning); e != nil {
		return maps.Clone(e.offset)
	}
	return nil
}

// Reader looks up one connector's offsets.
func (s *Store) Reader(connector string) connect.OffsetReader { return reader{s, connector} }

type reader struct {
	store     *Store
	connector string
}

func (r reader) Offset(p *connect.SourcePartition) connect.SourceOffset {
	return r.store.Offset(r.connector, p)
}

// Partitions are those of which the connector has an offset, in the order of
// their names.
func (r reader) Partitions() (all []*connect.SourcePartition) {
	for _, p := range r.store.List(r.connector) {
		if of, err := partitionOf(p.Partition); err == nil {
			all = append(all, of)
		}
	}
	return all
}

// Commit writes entries of one connector and calls done once. Either every
// entry can be encoded or none is written. One commit of a partition at a time.
func (s *Store) Commit(ctx context.Context, a Appender, connector string, entries []Entry, done func(error)) {
	w := writing{store: s}
	for _, e := range entries {
		if err := w.add(encodeKey(connector, e.Partition), e.Offset); err != nil {
			done(fmt.Errorf("offset: connector %s, partition %s: %w", connector, Describe(e.Partition), err))
			return
		}
	}
	w.append(ctx, a, done)
}

// writing is offsets that are about to be written.
type writing struct {
	store   *Store
	records []Record
	deletes bool
}

// add adds an offset under a key, or under the spelling of it that was found.
func (w *writing) add(key []byte, o connect.SourceOffset) error {
	value, err := encodeOffset(o)
	if err != nil {
		return err
	}
	topics := []string{""}
	if w.store.beside != "" {
		topics = append(topics, w.store.beside)
	}
	for _, t := range topics {
		w.records = append(w.records, Record{Topic: t, Key: w.store.key(t, key), Value: value})
	}
	w.deletes = w.deletes || o == nil
	return nil
}

// append writes. What is deleted in two topics piecemeal is deleted here first:
// as long as it is there, it is what holds.
func (w *writing) append(ctx context.Context, a Appender, done func(error)) {
	write := func(records []Record, done func(error)) {
		a.Append(ctx, records, func(err error) {
			if err == nil {
				w.store.remember(records)
			}
			done(err)
		})
	}
	if _, parts := a.(Piecemeal); !parts || w.store.beside == "" || !w.deletes {
		write(w.records, done)
		return
	}
	var first, then []Record
	for _, r := range w.records {
		if r.Value == nil && r.Topic == "" {
			first = append(first, r)
		} else {
			then = append(then, r)
		}
	}
	write(first, func(err error) {
		if err != nil {
			done(err)
			return
		}
		go write(then, done) // not in the appender's own call
	})
}

// key is the key under which the partition's offset was found in a topic, or
// else in the other one, or a new one in the order of the partition's own
// fields.
func (s *Store) key(topic string, key []byte) []byte {
	meaning, err := meaningOf(key)
	if err != nil {
		return key
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range []table{s.of(topic), s.theirs, s.entries} {
		if e := t[meaning]; e != nil {
			return e.record.Key
		}
	}
	return key
}

// remember takes what was written, as it will be read back: numbers become what
// they are in JSON, and a map stays its connector's.
func (s *Store) remember(records []Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range records {
		meaning, err := meaningOf(r.Key)
		if err != nil {
			continue
		}
		offset, err := decodeOffset(r.Value)
		if err != nil {
			continue // what was encoded can be decoded
		}
		of := s.of(r.Topic)
		if old := of[meaning]; old != nil && r.Offset > 0 && !r.after(&old.record) {
			continue // another instance's, read in the meantime
		}
		r.Value = nil
		of[meaning] = &stored{record: r, offset: offset}
	}
}
