package cdc

import (
	"sync"
	"time"

	"kcgen.dev/runtime/connect"
)

// Progress is how far snapshots are, for whoever shows it. It may be looked at
// from any goroutine. A nil Progress takes note of nothing.
type Progress struct {
	mu     sync.Mutex
	tables []TableProgress
	places map[string]int
}

// TableProgress is how far the snapshot of a table is.
type TableProgress struct {
	Table    string
	Rows     int64 // that were read
	Expected int64 // that there are, roughly; 0 is not known
	Done     bool
	Begun    time.Time
	Ended    time.Time // if Done
}

// Expect says how many rows a table has, roughly, before it is read.
func (p *Progress) Expect(table string, rows int64) {
	p.change(table, func(t *TableProgress) { t.Expected = max(rows, 0) })
}

// Rows says how many rows of a table were read so far.
func (p *Progress) Rows(table string, rows int64) { p.read(table, rows) }

// Done says that all rows of a table were read.
func (p *Progress) Done(table string) { p.done(table) }

// Tables are the tables, in the order in which they were begun.
func (p *Progress) Tables() []TableProgress {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]TableProgress(nil), p.tables...)
}

// Snapshot is how many rows of all tables were read, and how many there are,
// roughly: connect.Snapshots. It is not ok where all tables are done.
func (p *Progress) Snapshot() (read, all int64, ok bool) {
	known := true
	for _, t := range p.Tables() {
		ok = ok || !t.Done
		known = known && (t.Done || t.Expected > 0)
		read += t.Rows
		if all += t.Rows; !t.Done && t.Expected > t.Rows {
			all += t.Expected - t.Rows
		}
	}
	if !known {
		all = 0
	}
	return read, all, ok
}

// Gauges are the figures of each table: connect.Gauges.
func (p *Progress) Gauges() (all []connect.Gauge) {
	for _, t := range p.Tables() {
		done := 0.0
		if t.Done {
			done = 1
		}
		label := []string{"table", t.Table}
		all = append(all,
			connect.Gauge{Name: "snapshot_rows", Help: "Rows of a table that the snapshot has read.", Value: float64(t.Rows), Labels: label},
			connect.Gauge{Name: "snapshot_rows_expected", Help: "Rows of a table that there are, roughly; 0 where nobody knows.", Value: float64(t.Expected), Labels: label},
			connect.Gauge{Name: "snapshot_done", Help: "1 where the snapshot has read all of a table.", Value: done, Labels: label})
	}
	return all
}

func (p *Progress) begin(table string) {
	p.change(table, func(t *TableProgress) { *t = TableProgress{Table: table, Expected: t.Expected, Begun: time.Now()} })
}

func (p *Progress) read(table string, rows int64) {
	p.change(table, func(t *TableProgress) { t.Rows = rows })
}

func (p *Progress) done(table string) {
	p.change(table, func(t *TableProgress) { t.Done, t.Ended = true, time.Now() })
}

func (p *Progress) change(table string, f func(*TableProgress)) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	i, ok := p.places[table]
	if !ok {
		if p.places == nil {
			p.places = map[string]int{}
		}
		i = len(p.tables)
		p.places[table] = i
		p.tables = append(p.tables, TableProgress{Table: table, Begun: time.Now()})
	}
	f(&p.tables[i])
}
