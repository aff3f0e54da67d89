package cdc

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"time"

	"kcgen.dev/runtime/connect"
)

// contextHeaders tell where a record comes from (extended.headers.enabled).
func contextHeaders(server string, c Connector) []connect.Header {
	const prefix = "__debezium.context."
	text := func(key, value string) connect.Header {
		return connect.Header{Key: prefix + key, Datum: connect.Datum{Schema: connect.StringSchema, Value: connect.String(value)}}
	}
	return []connect.Header{
		text("connectorLogicalName", server),
		text("taskId", c.Task),
		text("connectorName", c.Name),
		text("runId", runID(time.Now())),
	}
}

// AddContext adds the headers that tell where a record comes from to one that the
// connector makes itself. Change does it for its own.
func (e *Emitter) AddContext(r *connect.Record) { r.Headers = append(r.Headers, e.headers...) }

// runID is a UUID of version 7: of the time, and of chance.
func runID(now time.Time) string {
	var b [16]byte
	_, _ = rand.Read(b[6:]) // never fails
	binary.BigEndian.PutUint16(b[:], uint16(now.UnixMilli()>>32))
	binary.BigEndian.PutUint32(b[2:], uint32(now.UnixMilli()))
	b[6], b[8] = b[6]&0x0f|0x70, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
