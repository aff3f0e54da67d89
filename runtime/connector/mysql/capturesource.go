package mysql

import (
	"sync/atomic"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

// The slots of a source block that are MySQL's own.
const (
	slotTable = cdc.SourceOwn + iota
	slotServerID
	slotGTID
	slotFile
	slotPos
	slotRow
	slotThread
	slotQuery
)

func sourceSchema(connector string) *connect.Schema {
	return cdc.NewSourceSchema("io.debezium.connector."+connector+".Source").
		Field("table", connect.OptionalStringSchema).
		Field("server_id", connect.Int64Schema).
		Field("gtid", connect.OptionalStringSchema).
		Field("file", connect.StringSchema).
		Field("pos", connect.Int64Schema).
		Field("row", connect.Int32Schema).
		Field("thread", connect.OptionalInt64Schema).
		Field("query", connect.OptionalStringSchema).
		MustBuild()
}

// block is the source block of the change at hand.
func (t *captureTask) block(id tableID, at time.Time, m cdc.Mark) *connect.Struct {
	p := t.pos
	s := t.emit.Source(at, id.db, m)
	if id.name != "" {
		s.Slots[slotTable] = connect.String(id.name)
	}
	s.Slots[slotServerID] = connect.Int64(int64(p.serverID))
	if p.gtid != "" {
		s.Slots[slotGTID] = connect.String(p.gtid)
	}
	s.Slots[slotFile] = connect.String(p.file)
	s.Slots[slotPos] = connect.Int64(p.at)
	s.Slots[slotRow] = connect.Int32(int32(p.rowNow))
	if p.thread >= 0 {
		s.Slots[slotThread] = connect.Int64(p.thread)
	}
	if p.query != "" {
		s.Slots[slotQuery] = connect.String(p.query)
	}
	return s
}

// lag is how old the last change was when it was read.
type lag struct {
	millis atomic.Int64
	known  atomic.Bool
}

var _ connect.Lagger = (*captureTask)(nil)

// Lag is by how many milliseconds the last event of the log is old; none where there
// was no news for a while.
func (t *captureTask) Lag() (int64, string, bool) {
	return t.behind.millis.Load(), "milliseconds", t.behind.known.Load()
}

func (l *lag) note(at time.Time) {
	l.millis.Store(max(time.Since(at).Milliseconds(), 0))
	l.known.Store(true)
}

func (l *lag) none() {
	l.millis.Store(0)
	l.known.Store(true)
}
