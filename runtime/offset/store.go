// Package offset keeps the positions of sources, in Kafka Connect's own topic
// and format, and knows which of them may be committed.
//
//	tracker.go  Tracker: which offsets may be committed
//	store.go    Store: the offsets of all connectors, read once and written on
//	format.go   keys and values as Kafka Connect writes them
package offset

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"

	"kcgen.dev/runtime/connect"
)

// Appender writes records to the offsets topic. done is called once. A later
// record of one key comes after an earlier one.
type Appender interface {
	Append(ctx context.Context, records []Record, done func(error))
}

// Record is a record of the offsets topic.
type Record struct {
	Key, Value []byte // a nil Value is a tombstone
	Timestamp  int64  // milliseconds; of records that were read
}

// Store holds the offsets of all connectors.
type Store struct {
	log *slog.Logger

	mu      sync.Mutex
	entries map[string]*stored
	bad     int
	badWhy  error
}

// stored is one offset. Its key stays as it was first found: Kafka Connect
// writes a partition's fields in an order of its own, and two keys of one
// meaning would be two truths after compaction.
type stored struct {
	key       []byte
	offset    connect.SourceOffset // nil: deleted
	timestamp int64
}

// NewStore makes an empty store. Fill it with Load, and call Loaded once.
func NewStore(log *slog.Logger) *Store {
	return &Store{log: log, entries: map[string]*stored{}}
}

// Load takes one record of the topic. A record that is none of Kafka Connect's
// is skipped.
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
	if old := s.entries[meaning]; old != nil && string(old.key) != string(r.Key) && old.timestamp > r.Timestamp {
		return // another spelling of the key, and a later one
	}
	s.entries[meaning] = &stored{key: r.Key, offset: offset, timestamp: r.Timestamp}
}

// Loaded ends the loading: it warns once of the records that were skipped.
func (s *Store) Loaded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bad > 0 {
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
	if e := s.entries[meaning]; e != nil {
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

// Commit writes entries of one connector and calls done once. Either every
// entry can be encoded or none is written. One commit of a partition at a time.
func (s *Store) Commit(ctx context.Context, a Appender, connector string, entries []Entry, done func(error)) {
	records := make([]Record, len(entries))
	for i, e := range entries {
		value, err := encodeOffset(e.Offset)
		if err != nil {
			done(fmt.Errorf("offset: connector %s, partition %s: %w", connector, Describe(e.Partition), err))
			return
		}
		records[i] = Record{Key: s.key(connector, e.Partition), Value: value}
	}
	a.Append(ctx, records, func(err error) {
		if err == nil {
			s.remember(connector, entries)
		}
		done(err)
	})
}

// key is the key under which the partition's offset was found, or a new one in
// the order of the partition's own fields.
func (s *Store) key(connector string, p *connect.SourcePartition) []byte {
	key := encodeKey(connector, p)
	meaning, err := meaningOf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.entries[meaning]; err == nil && e != nil {
		return e.key
	}
	return key
}

func (s *Store) remember(connector string, entries []Entry) {
	for _, e := range entries {
		key := encodeKey(connector, e.Partition)
		meaning, err := meaningOf(key)
		if err != nil {
			continue
		}
		s.mu.Lock()
		if old := s.entries[meaning]; old != nil {
			key = old.key
		}
		s.entries[meaning] = &stored{key: key, offset: e.Offset}
		s.mu.Unlock()
	}
}
