package mysql

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
	"kcgen.dev/runtime/connector/database"
)

// How much a portion of rows holds at the most, but for its last row.
const (
	portionRows  = 512
	portionBytes = 1 << 20
)

// scan reads tables by goroutines, of which each has a connection whose transaction
// sees one moment.
type scan struct {
	life     context.Context
	end      context.CancelFunc
	threads  int
	conns    []*sql.Conn
	tables   []*table // that nobody reads yet
	busy     int      // connections that read
	portions chan *portion
	free     chan *portion // to be used again
	work     sync.WaitGroup
}

func newScan(threads int) scan {
	life, end := context.WithCancel(context.Background())
	threads = max(threads, 1)
	return scan{life: life, end: end, threads: threads, portions: make(chan *portion, threads), free: make(chan *portion, 2*threads)}
}

// connect begins the transactions.
func (s *scan) connect(db *sql.DB) error {
	for range s.threads {
		c, err := db.Conn(s.life)
		if err != nil {
			return err
		}
		s.conns = append(s.conns, c)
		for _, q := range []string{"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT"} {
			if _, err := c.ExecContext(s.life, q); err != nil {
				return err
			}
		}
	}
	return nil
}

// stop ends all reading.
func (s *scan) stop() {
	s.end()
	s.work.Wait()
	for _, c := range s.conns {
		discard(c)
	}
	s.conns = nil
}

// portion is some rows of a table, in their order.
type portion struct {
	conn  int
	plan  *plan
	rows  []connect.Value // one behind the other
	n     int
	size  int
	keys  []byte // of the rows, part by part
	ends  []int  // of the parts
	parts int    // of a key; 0: the scan cannot go on behind a row
	first bool   // the table is the snapshot's first
	fresh bool   // the first row is the table's
	end   bool   // the last one is
	err   error
	total int64 // rows of the table, at its end
	next  int   // row to tell
}

func (p *portion) row(i int) []connect.Value {
	c := len(p.plan.columns)
	return p.rows[i*c : (i+1)*c]
}

// key is that of a row, as texts.
func (p *portion) key(i int) (key []string) {
	for n := i * p.parts; n < (i+1)*p.parts; n++ {
		from := 0
		if n > 0 {
			from = p.ends[n-1]
		}
		key = append(key, string(p.keys[from:p.ends[n]]))
	}
	return key
}

func (p *portion) full() bool { return p.n >= portionRows || p.size >= portionBytes }

// reuse lets a portion's memory be used again.
func (s *scan) reuse(p *portion) {
	select {
	case s.free <- p:
	default:
	}
}

// portion is an empty one.
func (r *tableScan) portion() *portion {
	out := &portion{}
	select {
	case out = <-r.free:
	default:
	}
	*out = portion{conn: r.conn, plan: r.plan, parts: len(r.key), first: r.first, rows: out.rows[:0], keys: out.keys[:0], ends: out.ends[:0]}
	return out
}

// send gives a portion to the task. It fails where nobody wants it any more.
func (s *scan) send(p *portion) bool {
	select {
	case s.portions <- p:
		return true
	case <-s.life.Done():
		return false
	}
}

// nextPortion has the portion at hand be one with rows, or an end. There is none yet
// where more is false.
func (t *captureTask) nextPortion(ctx context.Context, wait bool) (more bool, err error) {
	s := t.snapshot
	if s.now != nil {
		return true, nil
	}
	patience := pollWait
	if !wait {
		patience = 0
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case s.now = <-s.portions:
	case <-timer.C:
		return false, nil
	case <-ctx.Done():
		return false, nil
	}
	p := s.now
	if p.err != nil {
		return false, t.fault("read table "+p.plan.table.id.String(), p.err)
	}
	if p.end {
		s.busy--
		return true, t.readNext(p.conn)
	}
	return true, nil
}

// readNext has a connection read the next table.
func (t *captureTask) readNext(conn int) error {
	s := t.snapshot
	if len(s.tables) == 0 {
		return nil
	}
	tab := s.tables[0]
	s.tables = s.tables[1:]
	t.notifySnapshot(cdc.InProgress, tab.id.String())
	p, err := t.plan(tab)
	if err != nil {
		return err
	}
	r := &tableScan{scan: &s.scan, task: t, conn: conn, plan: p, first: tab.id.String() == s.at.order[0]}
	text, args := r.query(t.cfg.SnapshotSelectStatementOverrides[tab.id.String()], s.at.keys[tab.id.String()])
	s.busy++
	s.work.Go(func() {
		if last := r.read(text, args); last != nil {
			r.send(last)
		}
	})
	return nil
}

// expect says how many rows the tables have, as the server thinks.
func (t *captureTask) expect(ctx context.Context) {
	expected := map[string]int64{}
	_ = database.Strings(ctx, t.db, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_ROWS FROM information_schema.TABLES", nil, func(row []string) error {
		id := t.catalog.id(row[0], row[1])
		expected[id.String()], _ = strconv.ParseInt(row[2], 10, 64)
		return nil
	})
	for _, tab := range t.snapshot.tables {
		t.progressed.Expect(tab.id.String(), expected[tab.id.String()])
	}
}

// tableScan reads one table.
type tableScan struct {
	*scan
	task   *captureTask
	conn   int
	plan   *plan
	key    []int    // columns by which the rows come; none: as the server likes
	first  bool     // the table is the snapshot's first
	within bool     // it does not begin at the first row
	parts  [][]byte // of the key of the row at hand
	size   int      // of the row at hand, roughly
}

// query is that of the rows behind a key.
func (r *tableScan) query(override string, after []string) (text string, args []any) {
	tab := r.plan.table
	var names []string
	for i := range tab.columns {
		names = append(names, quoteID(tableID{name: tab.columns[i].name}))
	}
	all := "SELECT " + strings.Join(names, ", ")
	if override != "" {
		return all + " FROM (" + strings.TrimRight(override, "; \t\r\n") + ") AS t", nil
	}
	r.key = tab.orderedKey()
	q := &chunkQuery{table: tab, key: r.key}
	var from []any
	if len(after) == len(r.key) {
		for n, i := range r.key {
			from = append(from, tab.columns[i].keyArgument(after[n]))
		}
	}
	r.within = from != nil
	text = all + q.from(from, nil)
	if len(r.key) > 0 {
		text += " ORDER BY " + strings.Join(q.names(""), ", ")
	}
	return text, q.args
}

// read sends all portions but the last, which it gives when the connection is free
// again.
func (r *tableScan) read(text string, args []any) *portion {
	failed := func(err error) *portion { return &portion{conn: r.conn, plan: r.plan, err: err} }
	n := -1
	r.parts = make([][]byte, len(r.key))
	rows, err := database.Query(r.life, r.conns[r.conn], text, args, func(*sql.ColumnType) (database.Column, database.Decode) {
		n++
		return r.column(n)
	})
	if err != nil {
		return failed(err)
	}
	defer rows.Close()
	p := r.portion()
	p.fresh = !r.within
	row := make([]connect.Value, len(r.plan.columns))
	count := int64(0)
	for {
		r.size = 0
		more, err := rows.Next(row)
		if err != nil {
			return failed(err)
		}
		if p.full() || !more {
			count += int64(p.n)
			r.task.progressed.Rows(r.plan.table.id.String(), count)
		}
		if !more {
			p.end, p.total = true, count
			return p
		}
		if p.full() {
			if !r.send(p) {
				return nil
			}
			p = r.portion()
		}
		r.add(p, row)
	}
}

// add puts the row at hand behind a portion's.
func (r *tableScan) add(p *portion, row []connect.Value) {
	p.rows = append(p.rows, row...)
	for _, part := range r.parts {
		p.keys = append(p.keys, part...)
		p.ends = append(p.ends, len(p.keys))
	}
	p.n++
	p.size += r.size
}

// column is how a column of the query is read: it is counted, and what is of the key is
// kept as the server sends it.
func (r *tableScan) column(i int) (database.Column, database.Decode) {
	of, decode := r.task.snapshotColumn(r.plan, i)
	at := slices.Index(r.key, i)
	if decode == nil && at < 0 {
		return of, nil
	}
	c := &r.plan.table.columns[i]
	return of, func(buf *connect.Buffer, src any) (connect.Value, error) {
		if b, ok := src.([]byte); ok {
			r.size += len(b)
		}
		if at >= 0 {
			r.parts[at] = c.appendKey(r.parts[at][:0], src)
		}
		if decode == nil {
			return connect.Null, nil
		}
		return decode(buf, src)
	}
}

// snapshotColumn is how a query's column becomes a value.
func (t *captureTask) snapshotColumn(p *plan, i int) (database.Column, database.Decode) {
	c, convert := &p.table.columns[i], p.columns[i].convert
	f := c.family(t.modes)
	schema := p.layout.Table.Columns[i].Schema
	if convert == nil || schema == nil {
		return database.Column{Name: c.name}, nil
	}
	return database.Column{Name: c.name, Schema: schema, Nullable: true}, func(_ *connect.Buffer, src any) (connect.Value, error) {
		in, err := c.cellOf(f, src)
		if err == nil && in.kind == nullCell {
			return connect.Null, nil
		}
		out := connect.Null
		if err == nil {
			out, err = convert(in)
		}
		if err != nil {
			return connect.Null, p.refused(c.name, err)
		}
		return out, nil
	}
}

// cellOf reads what the driver gives. Its bytes are used again for the next row.
func (c *columnDef) cellOf(f family, src any) (cell, error) {
	switch v := src.(type) {
	case nil:
		return cell{}, nil
	case int64:
		if f == yearFamily {
			return cell{kind: yearCell, i: v}, nil
		}
		return cell{kind: intCell, i: v}, nil
	case uint64:
		return cell{kind: unsignedCell, i: int64(v)}, nil
	case float32:
		return cell{kind: floatCell, f: float64(v)}, nil
	case float64:
		return cell{kind: floatCell, f: v}, nil
	case []byte:
		if f == textFamily || f == binaryFamily || f == jsonFamily || f == decimalFamily || f >= bitsFamily {
			v = slices.Clone(v)
		}
		out, err := c.parse(f, v)
		out.rolls = true
		return out, err
	}
	return cell{}, errKind
}
