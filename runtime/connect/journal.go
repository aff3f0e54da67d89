package connect

import "context"

// Journals are topics of the pipeline's own cluster that a source works with
// beside those of its records: one in which it keeps a history that is too long
// for an offset (a database's DDL), or one by which it is told what to do
// (signals).
type Journals interface {
	// Journal is the topic of that name. No broker is asked before it is used.
	Journal(topic string) (Journal, error)
}

// Journal is a topic of one partition. Its methods are called from one goroutine
// at a time, and wait for brokers that are away until ctx ends.
type Journal interface {
	// Read calls each with what the topic holds from an offset on (0, or what is
	// kept from there) to where it ends at the time of the call, and says where
	// that is. What each is given may be kept; an error of its ends the reading
	// and is returned as it is. A topic that is not there is empty.
	Read(ctx context.Context, from int64, each func(JournalEntry) error) (next int64, err error)
	// Append writes entries, in their order, and returns when Kafka holds all of
	// them. A topic that is not there is made, to be kept for ever. After an
	// error some may have been written: a reader must bear entries that come
	// twice.
	Append(ctx context.Context, entries ...JournalEntry) error
}

// JournalEntry is a record of a journal; nil is null. Offset and Millis (since
// the epoch) are of those that were read.
type JournalEntry struct {
	Key, Value     []byte
	Offset, Millis int64
}

// Keeps is a source connector with journals: for kcgen grants and ./pipeline
// check.
type Keeps interface {
	Source
	Journals() []JournalUse
}

// JournalUse is a journal, why there is one ("its schema history"), and whether
// it is written to.
type JournalUse struct {
	Topic   string
	Why     string
	Written bool
}
