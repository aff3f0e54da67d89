package postgres

import (
	"fmt"
	"strconv"

	"kcgen.dev/runtime/connect"
)

// The names of a position's parts in an offset: Debezium's, and some of our own,
// which it leaves alone.
const (
	keyTime      = "ts_usec"
	keyTxID      = "txId"
	keyLSN       = "lsn"
	keyXmin      = "xmin"
	keyProcessed = "lsn_proc"
	keyCommit    = "lsn_commit"
	keyEvents    = "lsn_events_processed"
	keyMessage   = "messageType"
	keySnapshot  = "snapshot"
	keyLast      = "last_snapshot_record"
	keyCompleted = "snapshot_completed"

	keyEnded  = "kcgen_lsn_ended"       // the end of the last transaction, where lsn_commit is behind it
	keySlot   = "kcgen_slot"            // whose the position is
	keySystem = "kcgen_system"          // that server's identifier
	keyTable  = "kcgen_snapshot_table"  // that a snapshot was reading
	keyAhead  = "kcgen_snapshot_tables" // behind it, by their names
	keyRow    = "kcgen_snapshot_key"    // of the last row that it had
)

// Kinds of messages, as offsets name them.
const (
	kindBegin    = "BEGIN"
	kindCommit   = "COMMIT"
	kindInsert   = "INSERT"
	kindUpdate   = "UPDATE"
	kindDelete   = "DELETE"
	kindTruncate = "TRUNCATE"
	kindMessage  = "MESSAGE"
)

// The kinds of a snapshot, as offsets name them.
const (
	snapshotInitial  = "INITIAL"
	snapshotBlocking = "BLOCKING"
)

// position is how far a capture is: the last message of the log that it has, and
// the end of the last transaction that it has whole. A zero lsn is none.
type position struct {
	at        lsn    // of the last message
	processed lsn    // the same, unless more messages of that place follow
	commit    lsn    // the end of the last whole transaction, or behind it: there was nothing more
	ended     lsn    // that end, as source.sequence tells it
	txID      int64  // 0: none
	time      int64  // of the last message's commit, in microseconds since 1970
	events    int64  // how many changes of one place were had, since several may share it
	place     lsn    // that place
	message   string // the kind of the last message

	snapshot  string // the kind of the snapshot that is being read, or was read last
	last      bool   // it gave its last record
	completed bool

	table string // that the snapshot reads, and has read those before it
	row   []byte // the key of its last row, as JSON
	// ahead are tables behind it that are read at the same time: the keys of their
	// last rows; nil: it was read.
	ahead map[string][]byte
}

// known says whether it is a position at all.
func (p *position) known() bool { return p.at != 0 }

// inSnapshot says whether a snapshot was begun and not ended.
func (p *position) inSnapshot() bool { return p.snapshot != "" && !p.completed }

// streams says that the log is read, and no snapshot any more.
func (p *position) streams() {
	p.snapshot, p.last, p.completed, p.table, p.row, p.ahead = "", false, false, "", nil, nil
}

// start is from where the log must be read so that nothing is missed: from the
// end of the last whole transaction on, all is sent again.
func (p *position) start() lsn {
	switch {
	case p.commit != 0:
		return p.commit
	case p.processed != 0:
		return p.processed
	}
	return p.at
}

// store adds the position to an offset.
func (p *position) store(o connect.SourceOffset) {
	put := func(key string, l lsn) {
		if l != 0 {
			o[key] = int64(l)
		}
	}
	put(keyLSN, p.at)
	put(keyProcessed, p.processed)
	put(keyCommit, p.commit)
	if p.ended != p.commit {
		o[keyEnded] = int64(p.ended)
	}
	if p.time != 0 {
		o[keyTime] = p.time
	}
	if p.txID != 0 {
		o[keyTxID] = p.txID
	}
	if p.message != "" {
		o[keyMessage] = p.message
	}
	if p.events > 0 {
		o[keyEvents] = p.events
	}
	if p.snapshot != "" {
		o[keySnapshot], o[keyLast], o[keyCompleted] = p.snapshot, p.last, p.completed
	}
	if p.table != "" {
		o[keyTable] = p.table
	}
	if len(p.row) > 0 {
		o[keyRow] = string(p.row)
	}
	if len(p.ahead) > 0 {
		o[keyAhead] = storeAhead(p.ahead)
	}
}

// positionOf reads what store writes, and what Debezium writes.
func positionOf(o connect.SourceOffset) (p position, err error) {
	r := offsetReader{o: o}
	p = position{
		at: lsn(r.number(keyLSN)), processed: lsn(r.number(keyProcessed)), commit: lsn(r.number(keyCommit)),
		txID: r.number(keyTxID), time: r.number(keyTime), events: r.number(keyEvents), message: r.text(keyMessage),
		last: r.flag(keyLast), completed: r.flag(keyCompleted),
		table: r.text(keyTable), row: []byte(r.text(keyRow)),
	}
	// Before 3.0 it was a flag.
	if began, ok := o[keySnapshot].(bool); ok {
		if began {
			p.snapshot = snapshotInitial
		}
	} else {
		p.snapshot = r.text(keySnapshot)
	}
	p.completed = p.completed || p.last
	if p.snapshot == snapshotBlocking {
		// One of Debezium's, which does not go on with it either; ours are told
		// elsewhere.
		p.completed = true
	}
	p.ahead = loadAhead(r.text(keyAhead))
	p.place = p.at
	if p.commit == 0 {
		p.commit = p.processed
		if p.message != kindCommit && p.message != kindMessage {
			p.commit = 0
		}
	}
	p.ended = p.commit
	if _, ok := o[keyEnded]; ok {
		p.ended = lsn(r.number(keyEnded))
	}
	return p, r.err
}

// offsetReader reads the parts of an offset; the first that is of another kind is
// the error.
type offsetReader struct {
	o   connect.SourceOffset
	err error
}

func (r *offsetReader) bad(key string, v any) {
	if r.err == nil {
		r.err = fmt.Errorf("offset: %s is %T: it is no offset of a PostgreSQL capture", key, v)
	}
}

func (r *offsetReader) number(key string) int64 {
	switch v := r.o[key].(type) {
	case nil:
		return 0
	case int64:
		return v
	case float64:
		return int64(v)
	case string: // as a person may have written it
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n
		}
		r.bad(key, v)
	default:
		r.bad(key, v)
	}
	return 0
}

func (r *offsetReader) text(key string) string {
	switch v := r.o[key].(type) {
	case nil:
	case string:
		return v
	default:
		r.bad(key, v)
	}
	return ""
}

func (r *offsetReader) flag(key string) bool {
	switch v := r.o[key].(type) {
	case nil:
	case bool:
		return v
	default:
		r.bad(key, v)
	}
	return false
}

// replay tells which messages of the log were had before. The log is sent again
// from the end of the last whole transaction on, so only the first transaction
// that comes may hold such: those before the position, in the order of the log.
type replay struct {
	from   position
	active bool
	seen   int64 // messages at the position's place
}

func newReplay(p position) replay {
	r := replay{from: p, active: p.known()}
	switch {
	case p.message == kindCommit, p.message == "", p.message == kindBegin:
		r.active = false // nothing of the transaction that comes was had
	case p.message == kindMessage && p.commit == p.at:
		r.active = false // it stood outside of any transaction
	}
	return r
}

// had says whether a message of the first transaction was had before: a change of
// a row, or what a program wrote. The latter has the place of what follows it.
func (r *replay) had(at lsn, logical bool) bool {
	switch {
	case !r.active || at > r.from.at:
		r.active = false
		return false
	case at < r.from.at:
		return true
	case r.from.message == kindMessage:
		r.active = false
		return logical
	case logical:
		return true // a change of its place was had, and came behind it
	}
	r.seen++
	if r.seen <= max(r.from.events, 1) {
		return true
	}
	r.active = false
	return false
}

// alone says whether a message that stands outside of transactions was had.
func (r *replay) alone(at lsn) bool {
	return r.from.message == kindMessage && at <= r.from.commit
}

// end is called at a transaction's end.
func (r *replay) end() { r.active = false }
