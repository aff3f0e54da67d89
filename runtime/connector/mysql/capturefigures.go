package mysql

import "kcgen.dev/runtime/connect"

var (
	_ connect.Gauges    = (*captureTask)(nil)
	_ connect.Snapshots = (*captureTask)(nil)
)

// Gauges are how far snapshots are.
func (t *captureTask) Gauges() []connect.Gauge { return t.progressed.Gauges() }

// Snapshot is how many rows snapshots have read of how many.
func (t *captureTask) Snapshot() (read, all int64, ok bool) { return t.progressed.Snapshot() }
