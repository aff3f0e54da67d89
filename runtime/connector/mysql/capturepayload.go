package mysql

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-mysql-org/go-mysql/replication"
	"github.com/klauspost/compress/zstd"
)

// logParser makes events of what the log has. Those of a transaction that the server
// has compressed come one by one, so that a large one needs little memory.
type logParser struct {
	outer, inner *replication.BinlogParser
	unpack       *zstd.Decoder // nil: not made yet
}

func newLogParser(mariadb bool) *logParser {
	p := &logParser{outer: replication.NewBinlogParser(), inner: replication.NewBinlogParser()}
	for _, one := range []*replication.BinlogParser{p.outer, p.inner} {
		one.SetFlavor(flavor(mariadb))
		one.SetRowsEventDecodeFunc(keepRows)
	}
	return p
}

// keepRows leaves the rows of an event as they are: they are read when it is known
// whether they are wanted.
func keepRows(e *replication.RowsEvent, data []byte) error {
	n, err := e.DecodeHeader(data)
	if err == nil {
		e.NdbData = data[n:]
	}
	return err
}

// parse gives the events that raw holds: one, but for a compressed transaction.
func (p *logParser) parse(raw *replication.BinlogEvent, each func(*replication.BinlogEvent) error) error {
	if raw.Header.EventType == replication.TRANSACTION_PAYLOAD_EVENT {
		body, ok := raw.Event.(*replication.GenericEvent)
		if !ok {
			return errPayload
		}
		return p.payload(raw.Header, body.Data, each)
	}
	e, err := p.outer.Parse(raw.RawData)
	if err != nil {
		return err
	}
	e.Header.LogPos = raw.Header.LogPos // which older servers leave to the reader
	if raw.Header.EventType == replication.FORMAT_DESCRIPTION_EVENT {
		if _, err := p.inner.Parse(withoutChecksum(raw.RawData)); err != nil {
			return err
		}
	}
	return each(e)
}

// withoutChecksum is a description of the log's format that says that events have no
// checksums, as those within a compressed transaction have none.
func withoutChecksum(format []byte) []byte {
	format = slices.Clone(format)
	if at := len(format) - 5; at >= 0 {
		format[at] = byte(replication.BINLOG_CHECKSUM_ALG_OFF)
	}
	return format
}

// The fields of a compressed transaction, and its ways of compression.
const (
	payloadEnd         = 0
	payloadCompression = 2

	payloadZstd  = 0
	payloadPlain = 255
)

// maxEvent is how long an event may be: the server's packets are no longer.
const maxEvent = 1 << 30

var errPayload = errors.New("a compressed transaction is not of the form that is known")

// payload gives the events of a compressed transaction, each with the place of the
// whole.
func (p *logParser) payload(h *replication.EventHeader, b []byte, each func(*replication.BinlogEvent) error) error {
	compression, b, err := payloadOf(b)
	if err != nil {
		return err
	}
	var in io.Reader = bytes.NewReader(b)
	switch compression {
	case payloadPlain:
	case payloadZstd:
		if p.unpack == nil {
			if p.unpack, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1)); err != nil {
				return err
			}
		}
		if err := p.unpack.Reset(in); err != nil {
			return err
		}
		in = p.unpack
	default:
		return fmt.Errorf("a transaction is compressed in the way %d, which is not known", compression)
	}
	for {
		e, err := p.next(in)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("uncompress a transaction: %w", err)
		}
		e.Header.LogPos, e.Header.EventSize = h.LogPos, h.EventSize
		if err := each(e); err != nil {
			return err
		}
	}
}

// next is the next event of a compressed transaction.
func (p *logParser) next(in io.Reader) (*replication.BinlogEvent, error) {
	header := make([]byte, replication.EventHeaderSize)
	if _, err := io.ReadFull(in, header); err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint32(header[9:])
	if size < replication.EventHeaderSize || size > maxEvent {
		return nil, errPayload
	}
	data := bytes.NewBuffer(header)
	n, err := io.CopyN(data, in, int64(size)-replication.EventHeaderSize) // grows with what is there
	if err != nil {
		return nil, fmt.Errorf("%w: an event of %d bytes ends after %d", errPayload, size, n)
	}
	return p.inner.Parse(data.Bytes())
}

// payloadOf reads the fields before a compressed transaction's bytes.
func payloadOf(b []byte) (compression uint64, rest []byte, err error) {
	for {
		field, b1, ok := packedInt(b)
		if !ok {
			return 0, nil, errPayload
		}
		if field == payloadEnd {
			return compression, b1, nil
		}
		length, b2, ok := packedInt(b1)
		if !ok || length > uint64(len(b2)) {
			return 0, nil, errPayload
		}
		if field == payloadCompression {
			if compression, _, ok = packedInt(b2[:length]); !ok {
				return 0, nil, errPayload
			}
		}
		b = b2[length:]
	}
}

// packedInt reads a number of one to nine bytes.
func packedInt(b []byte) (n uint64, rest []byte, ok bool) {
	if len(b) == 0 {
		return 0, nil, false
	}
	size := 0
	switch first := b[0]; first {
	case 0xfb, 0xff: // null, and nothing that is a number
		return 0, nil, false
	case 0xfc:
		size = 2
	case 0xfd:
		size = 3
	case 0xfe:
		size = 8
	default:
		return uint64(first), b[1:], true
	}
	if len(b) < 1+size {
		return 0, nil, false
	}
	return littleEndian(b[1 : 1+size]), b[1+size:], true
}
