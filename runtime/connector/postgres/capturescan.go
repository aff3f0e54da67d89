package postgres

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"kcgen.dev/runtime/connector/cdc"
)

// scanning is a snapshot being read, by one goroutine or by several.
type scanning struct {
	todo    []cdc.TableID
	queries map[string]string // by which tables are read that are not read whole
	// aside says that the stream waits for the snapshot, and goes on where it was:
	// the position stays.
	aside bool

	names []string          // of the tables
	order []string          // the same, as statements have them
	from  map[string][]byte // the keys of rows that were had before
	next  atomic.Int64      // of the tables
	rows  atomic.Int64

	ending sync.Mutex // whose last row is the last of all?
	left   int        // goroutines that read
}

// scan reads tables, several at once where that is asked for: all see the rows as
// the first connection does.
func (s *session) scan(ctx context.Context, all *scanning) error {
	begun := time.Now()
	s.goOnWith(all)
	sessions, err := s.readers(ctx, len(all.todo))
	defer hangUp(sessions)
	if err != nil {
		return err
	}
	s.notify(ctx, cdc.Notification{About: cdc.InitialSnapshot, Type: cdc.Started})
	if err := all.run(ctx, append(sessions, s)); err != nil {
		s.notify(ctx, cdc.Notification{About: cdc.InitialSnapshot, Type: cdc.Aborted})
		return err
	}
	s.notify(ctx, cdc.Notification{About: cdc.InitialSnapshot, Type: cdc.Completed})
	s.log.Info("the snapshot has ended", "rows", all.rows.Load(), "took", time.Since(begun).Round(time.Millisecond).String())
	return nil
}

// goOnWith has a snapshot begin behind the rows that were had, if it moves the
// position.
func (s *session) goOnWith(all *scanning) {
	for _, t := range all.todo {
		all.order, all.names = append(all.order, quoteTable(t)), append(all.names, t.String())
	}
	if all.aside {
		return
	}
	all.from = map[string][]byte{s.pos.table: slices.Clone(s.pos.row)}
	for table, row := range s.pos.ahead {
		all.from[table] = slices.Clone(row)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pos.begin(all.order, all.from)
}

// readers are sessions that see what s sees, beside it.
func (s *session) readers(ctx context.Context, tables int) (all []*session, err error) {
	n := min(s.cfg.SnapshotMaxThreads, tables)
	if n <= 1 {
		return nil, nil
	}
	var name string
	if err := s.conn.QueryRow(ctx, "SELECT pg_export_snapshot()").Scan(&name); err != nil {
		return nil, fmt.Errorf("snapshotMaxThreads: export the snapshot: %w", err)
	}
	for range n - 1 {
		r := &session{capture: s.capture, server: s.server, tables: s.newTables(), badValues: map[string]bool{}}
		if r.conn, err = pgx.ConnectConfig(ctx, s.config); err != nil {
			return all, fmt.Errorf("snapshotMaxThreads: %w", err)
		}
		all = append(all, r)
		if err := r.see(ctx, name); err != nil {
			return all, fmt.Errorf("snapshotMaxThreads: %w", err)
		}
	}
	return all, nil
}

func hangUp(all []*session) {
	for _, s := range all {
		s.close()
	}
}

// run has each session read tables until there are none left. The first that
// fails ends all.
func (a *scanning) run(ctx context.Context, sessions []*session) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	a.left = len(sessions)
	sessions[0].setSeveral(a.left > 1)
	defer sessions[0].setSeveral(false)
	var readers sync.WaitGroup
	for _, s := range sessions {
		readers.Go(func() {
			if err := (&scan{session: s, all: a}).read(ctx); err != nil {
				cancel(err)
			}
		})
	}
	readers.Wait()
	return context.Cause(ctx)
}

func (c *capture) setSeveral(is bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.several = is
}

// read reads tables until there are none left.
func (p *scan) read(ctx context.Context) error {
	for {
		i := int(p.all.next.Add(1)) - 1
		if i >= len(p.all.todo) {
			return p.end(ctx)
		}
		p.firstTable = i == 0
		if err := p.table(ctx, p.all.todo[i]); err != nil {
			return fmt.Errorf("snapshot of %s: %w", p.all.todo[i], err)
		}
	}
}

// noRows moves the position behind a table that has none.
func (a *scanning) noRows(p *position, table string) {
	if !a.aside {
		p.tableRead(table, a.order)
	}
}

// finished moves the position behind all.
func (a *scanning) finished(p *position) {
	if !a.aside {
		p.readAll()
	}
}

// end tells the row that is held: the last of all, where nobody else reads any
// more.
func (p *scan) end(ctx context.Context) error {
	p.all.rows.Add(p.rows)
	p.all.ending.Lock()
	defer p.all.ending.Unlock()
	p.all.left--
	if p.all.left == 0 {
		return p.finish(ctx)
	}
	return p.tell(ctx, false)
}

// told moves the position behind a row.
func (a *scanning) told(p *position, h *heldRow, last bool) {
	if a.aside {
		return
	}
	p.rowRead(h.table, h.key)
	if h.last {
		p.tableRead(h.table, a.order)
	}
	if last {
		p.readAll()
	}
}
