package connect

// Gauges is a source task that has figures of its own, for metrics: the size of
// a replication slot, how far a snapshot is. Gauges is called from any
// goroutine, at any time after Open, and does not wait long.
type Gauges interface {
	Gauges() []Gauge
}

// Gauge is one figure.
type Gauge struct {
	// Name is what it is, in lower case with '_' between words and the unit at the
	// end: "slot_bytes". Figures of one name have one Help and the same labels.
	Name   string
	Help   string
	Value  float64
	Labels []string // names and values, in turn: "table", "public.orders"
}

// Snapshots is a source task that first reads what there is, for whoever waits.
// It is called as Gauges is.
type Snapshots interface {
	// Snapshot is how many rows were read and how many there are, roughly. It is
	// not ok where no snapshot runs; all is 0 where nobody knows.
	Snapshot() (read, all int64, ok bool)
}
