package cdc

import (
	"sync"
	"time"
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

// Percent is how much of all tables was read, as far as it is known how much
// there is.
func (p *Progress) Percent() (percent float64, ok bool) {
	var read, all float64
	for _, t := range p.Tables() {
		n := float64(max(t.Expected, t.Rows))
		if t.Expected == 0 && !t.Done {
			return 0, false
		}
		if t.Done {
			n = float64(t.Rows)
		}
		all += n
		read += float64(t.Rows)
	}
	if all == 0 {
		return 0, false
	}
	return 100 * read / all, true
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
