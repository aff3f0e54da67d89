package mysql

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/go-mysql-org/go-mysql/replication"
	"github.com/klauspost/compress/zstd"
)

// logEvent is an event as it stands in the log.
func logEvent(typ replication.EventType, body []byte) *replication.BinlogEvent {
	data := make([]byte, replication.EventHeaderSize, replication.EventHeaderSize+len(body))
	data[4] = byte(typ)
	binary.LittleEndian.PutUint32(data[9:], uint32(len(data)+len(body)))
	binary.LittleEndian.PutUint32(data[13:], 4711)
	data = append(data, body...)
	h := &replication.EventHeader{EventType: typ, EventSize: uint32(len(data)), LogPos: 4711}
	return &replication.BinlogEvent{RawData: data, Header: h, Event: &replication.GenericEvent{Data: body}}
}

// formatEvent is the description of the log of a MySQL 8, without checksums.
func formatEvent() *replication.BinlogEvent {
	body := make([]byte, 57, 120)
	body[0] = 4
	copy(body[2:], "8.0.33")
	body[56] = replication.EventHeaderSize
	lengths := make([]byte, 42)
	lengths[replication.TABLE_MAP_EVENT-1] = 8
	return logEvent(replication.FORMAT_DESCRIPTION_EVENT, append(append(body, lengths...), 0, 0, 0, 0, 0))
}

// payloadEvent is a transaction that is compressed.
func payloadEvent(compression []byte, packed []byte) *replication.BinlogEvent {
	body := append([]byte{payloadCompression, byte(len(compression))}, compression...)
	body = append(body, 1, 1, 9, 3, 3, 0xfc, 9, 9, payloadEnd)
	return logEvent(replication.TRANSACTION_PAYLOAD_EVENT, append(body, packed...))
}

func xid(n byte) []byte {
	return logEvent(replication.XID_EVENT, []byte{n, 0, 0, 0, 0, 0, 0, 0}).RawData
}

func TestPayload(t *testing.T) {
	plain := append(xid(1), xid(2)...)
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	long := xid(3)
	binary.LittleEndian.PutUint32(long[9:], 1<<29) // of which there are a few bytes
	for _, c := range []struct {
		name  string
		event *replication.BinlogEvent
		want  string
		fails string
	}{
		{"packed", payloadEvent([]byte{payloadZstd}, enc.EncodeAll(plain, nil)), "[1 2]", ""},
		{"plain", payloadEvent([]byte{0xfc, payloadPlain, 0}, plain), "[1 2]", ""},
		{"none", payloadEvent([]byte{payloadZstd}, nil), "[]", ""},
		{"unknown", payloadEvent([]byte{7}, plain), "[]", "the way 7"},
		{"cut", payloadEvent([]byte{payloadZstd}, enc.EncodeAll(plain[:len(plain)-3], nil)), "[1]", "ends after"},
		{"long", payloadEvent([]byte{payloadZstd}, enc.EncodeAll(long, nil)), "[]", "ends after 8"},
		{"garbage", payloadEvent([]byte{payloadZstd}, []byte("garbage")), "[]", "uncompress"},
		{"fields", logEvent(replication.TRANSACTION_PAYLOAD_EVENT, []byte{2, 200, 1}), "[]", "form"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newLogParser(false)
			got := []uint64{}
			each := func(e *replication.BinlogEvent) error {
				if x, ok := e.Event.(*replication.XIDEvent); ok {
					got = append(got, x.XID)
					if e.Header.LogPos != 4711 || e.Header.EventSize != c.event.Header.EventSize {
						t.Errorf("the event has the place %d+%d, not that of the whole", e.Header.LogPos, e.Header.EventSize)
					}
				}
				return nil
			}
			if err := p.parse(formatEvent(), each); err != nil {
				t.Fatal(err)
			}
			err := p.parse(c.event, each)
			if fmt.Sprint(got) != c.want || (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Errorf("got %v and %v, want %s and %q", got, err, c.want, c.fails)
			}
		})
	}
}

func FuzzPayload(f *testing.F) {
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		f.Fatal(err)
	}
	for _, b := range [][]byte{xid(1), bytes.Repeat(xid(1), 3), nil} {
		f.Add(payloadEvent([]byte{payloadZstd}, enc.EncodeAll(b, nil)).Event.(*replication.GenericEvent).Data)
		f.Add(payloadEvent([]byte{0xfc, payloadPlain, 0}, b).Event.(*replication.GenericEvent).Data)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if compression, _, err := payloadOf(body); err != nil || compression == payloadPlain {
			return // what is within is go-mysql's to parse
		}
		p := newLogParser(false)
		each := func(*replication.BinlogEvent) error { return nil }
		if err := p.parse(formatEvent(), each); err != nil {
			t.Fatal(err)
		}
		_ = p.parse(logEvent(replication.TRANSACTION_PAYLOAD_EVENT, body), each)
	})
}
