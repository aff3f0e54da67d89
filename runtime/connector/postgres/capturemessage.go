package postgres

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// lsn is a place in the write-ahead log.
type lsn uint64

// String is the place as PostgreSQL writes it.
func (l lsn) String() string { return fmt.Sprintf("%X/%X", uint32(l>>32), uint32(l)) }

// parseLSN reads what String writes.
func parseLSN(text string) (lsn, error) {
	high, low, ok := strings.Cut(text, "/")
	h, err1 := strconv.ParseUint(high, 16, 32)
	l, err2 := strconv.ParseUint(low, 16, 32)
	if !ok || err1 != nil || err2 != nil {
		return 0, fmt.Errorf("%q is no place in the log", text)
	}
	return lsn(h<<32 | l), nil
}

// The messages of pgoutput, by their first byte.
const (
	msgBegin    = 'B'
	msgCommit   = 'C'
	msgRelation = 'R'
	msgType     = 'Y'
	msgOrigin   = 'O'
	msgInsert   = 'I'
	msgUpdate   = 'U'
	msgDelete   = 'D'
	msgTruncate = 'T'
	msgMessage  = 'M'
)

var errShort = errors.New("a message of the log is shorter than it says")

// wire reads the parts of a message. What is read behind its end is zero, and
// bad says so.
type wire struct {
	b   []byte
	bad bool
}

func (w *wire) take(n int) []byte {
	if n < 0 || n > len(w.b) {
		w.bad, w.b = true, nil
		return nil
	}
	part := w.b[:n:n]
	w.b = w.b[n:]
	return part
}

func (w *wire) byte() byte {
	if part := w.take(1); part != nil {
		return part[0]
	}
	return 0
}

func (w *wire) uint16() uint16 {
	if part := w.take(2); part != nil {
		return binary.BigEndian.Uint16(part)
	}
	return 0
}

func (w *wire) uint32() uint32 {
	if part := w.take(4); part != nil {
		return binary.BigEndian.Uint32(part)
	}
	return 0
}

func (w *wire) uint64() uint64 {
	if part := w.take(8); part != nil {
		return binary.BigEndian.Uint64(part)
	}
	return 0
}

// text reads up to a zero. It is a copy.
func (w *wire) text() string {
	for i, c := range w.b {
		if c == 0 {
			s := string(w.b[:i])
			w.b = w.b[i+1:]
			return s
		}
	}
	w.bad, w.b = true, nil
	return ""
}

func (w *wire) err() error {
	if w.bad {
		return errShort
	}
	return nil
}

// begin says which transaction follows.
type begin struct {
	final lsn   // of its commit
	at    int64 // when it was committed, in microseconds since 1970
	xid   uint32
}

const epochMicros = epochSeconds * 1000000

func readBegin(b []byte) (begin, error) {
	w := wire{b: b}
	m := begin{final: lsn(w.uint64()), at: int64(w.uint64()) + epochMicros, xid: w.uint32()}
	return m, w.err()
}

// commit ends a transaction.
type commit struct {
	end lsn // behind it
	at  int64
}

func readCommit(b []byte) (commit, error) {
	w := wire{b: b}
	w.byte() // flags
	w.uint64()
	m := commit{end: lsn(w.uint64()), at: int64(w.uint64()) + epochMicros}
	return m, w.err()
}

// origin says where a transaction was first made.
type origin struct {
	at   lsn
	name string
}

func readOrigin(b []byte) (origin, error) {
	w := wire{b: b}
	m := origin{at: lsn(w.uint64()), name: w.text()}
	return m, w.err()
}

// relation describes a table before its first change, and when it was altered.
type relation struct {
	id           uint32
	schema, name string
	identity     byte // replica identity: d, n, f, i
	columns      []relationColumn
}

type relationColumn struct {
	name string
	key  bool // part of the replica identity
	oid  uint32
	mod  int32
}

func readRelation(b []byte) (relation, error) {
	w := wire{b: b}
	m := relation{id: w.uint32(), schema: w.text(), name: w.text(), identity: w.byte()}
	if m.schema == "" {
		m.schema = "pg_catalog"
	}
	n := int(w.uint16())
	for range n {
		c := relationColumn{key: w.byte()&1 != 0, name: w.text(), oid: w.uint32(), mod: int32(w.uint32())}
		if w.bad {
			break
		}
		m.columns = append(m.columns, c)
	}
	return m, w.err()
}

// The kinds of a cell of a row.
const (
	cellNull   = 'n'
	cellToast  = 'u' // unchanged, and stored apart: it is not sent
	cellText   = 't'
	cellBinary = 'b'
	rowKey     = 'K'
	rowOld     = 'O'
	rowNew     = 'N'
)

// cell is a column of a row as it came.
type cell struct {
	kind byte
	data []byte // of the message, and gone with it
}

// row reads the cells of a row into dst.
func (w *wire) row(dst []cell) []cell {
	n := int(w.uint16())
	dst = dst[:0]
	for range n {
		c := cell{kind: w.byte()}
		switch c.kind {
		case cellNull, cellToast:
		case cellText, cellBinary:
			c.data = w.take(int(int32(w.uint32())))
			if c.data == nil {
				c.data = []byte{}
			}
		default:
			w.bad = true
		}
		if w.bad {
			return dst[:0]
		}
		dst = append(dst, c)
	}
	return dst
}

// change is an insert, an update or a delete.
type change struct {
	relation uint32
	oldKind  byte // rowKey, rowOld; 0: no old row came
	old      []cell
	new      []cell
	hasNew   bool
}

// read reads a change into c, whose memory is used again.
func (c *change) read(b []byte) error {
	w := wire{b: b}
	c.relation, c.oldKind, c.hasNew = w.uint32(), 0, false
	c.old, c.new = c.old[:0], c.new[:0]
	for len(w.b) > 0 && !c.hasNew {
		switch kind := w.byte(); kind {
		case rowKey, rowOld:
			c.oldKind, c.old = kind, w.row(c.old)
		case rowNew:
			c.hasNew, c.new = true, w.row(c.new)
		default:
			return fmt.Errorf("a row of the unknown kind %q", kind)
		}
	}
	return w.err()
}

// truncate empties tables.
type truncate struct{ relations []uint32 }

func readTruncate(b []byte) (truncate, error) {
	w := wire{b: b}
	n := int(w.uint32())
	w.byte() // CASCADE, RESTART IDENTITY
	var m truncate
	for range n {
		id := w.uint32()
		if w.bad {
			break
		}
		m.relations = append(m.relations, id)
	}
	return m, w.err()
}

// logical is a message that a program wrote into the log (pg_logical_emit_message).
type logical struct {
	transactional bool
	at            lsn
	prefix        string
	content       []byte // of the message, and gone with it
}

func readLogical(b []byte) (logical, error) {
	w := wire{b: b}
	m := logical{transactional: w.byte()&1 != 0, at: lsn(w.uint64()), prefix: w.text()}
	m.content = w.take(int(int32(w.uint32())))
	return m, w.err()
}
