package postgres

import "kcgen.dev/runtime/connect"

var (
	_ connect.Gauges    = (*capture)(nil)
	_ connect.Snapshots = (*capture)(nil)
)

// Gauges are how far snapshots are.
func (c *capture) Gauges() []connect.Gauge { return c.progress.Gauges() }

// Snapshot is how many rows snapshots have read of how many.
func (c *capture) Snapshot() (read, all int64, ok bool) { return c.progress.Snapshot() }
