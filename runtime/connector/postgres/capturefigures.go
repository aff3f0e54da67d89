package postgres

import (
	"sync/atomic"
	"time"

	"kcgen.dev/runtime/connect"
)

var (
	_ connect.Gauges    = (*capture)(nil)
	_ connect.Snapshots = (*capture)(nil)
)

// Gauges are how far snapshots are, how much of the log the slot holds back, and
// how old is what is read. How much is not read yet is Lag's.
func (c *capture) Gauges() []connect.Gauge {
	all := c.progress.Gauges()
	if c.heldKnown.Load() {
		all = append(all, connect.Gauge{Name: "slot_bytes", Help: "Bytes of the server's log that the replication slot holds back.", Value: float64(c.held.Load())},
			connect.Gauge{Name: "slot_bytes_bound", Help: "Bytes of the server's log that the slot may hold back before the capture warns (slotBytesBound).", Value: float64(c.cfg.SlotBytesBound)})
		if room := c.heldLeft.Load(); room >= 0 {
			all = append(all, connect.Gauge{Name: "slot_bytes_left", Help: "Bytes that the server may write until it lets go of what the slot holds back (max_slot_wal_keep_size).", Value: float64(room)})
		}
	}
	if age, ok := c.age.now(); ok {
		all = append(all, connect.Gauge{Name: "lag_seconds", Help: "How old the last transaction was when it was read, in seconds; 0 where all of the log was.", Value: age.Seconds()})
	}
	return all
}

// Snapshot is how many rows snapshots have read of how many.
func (c *capture) Snapshot() (read, all int64, ok bool) { return c.progress.Snapshot() }

// age is how old the transactions are that are read.
type age struct {
	open  atomic.Int64 // when the one that is being read was committed, in microseconds since 1970; 0: none is
	last  atomic.Int64 // how old the one before was when it was read, in microseconds
	known atomic.Bool
}

// forget is for a run that begins.
func (a *age) forget() {
	a.open.Store(0)
	a.known.Store(false)
}

// begin is that of a transaction.
func (a *age) begin(committed int64) {
	a.open.Store(committed)
	a.known.Store(true)
}

// end is that of the transaction.
func (a *age) end() {
	a.last.Store(since(a.open.Swap(0)))
}

// none is that there is nothing to read.
func (a *age) none() {
	a.last.Store(0)
	a.known.Store(true)
}

// now is how old what is read is.
func (a *age) now() (time.Duration, bool) {
	micros := a.last.Load()
	if open := a.open.Load(); open != 0 {
		micros = since(open)
	}
	return time.Duration(micros) * time.Microsecond, a.known.Load()
}

// since is how many microseconds ago a moment was; the server's clock may be ahead.
func since(micros int64) int64 {
	return max(microsOf(time.Now())-micros, 0)
}
