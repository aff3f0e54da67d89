package sql

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

var _ connect.Checks = Source{}

// Check looks at the connection, the tables, and whether each has the columns
// that the mode reads by, of the right types, not null and indexed.
func (s Source) Check(ctx context.Context, cc connect.CheckContext) []connect.Finding {
	c := &checking{src: s}
	if s.Connection != nil {
		c.About = s.Connection.String()
	}
	tasks, err := s.Tasks(ctx, 1)
	if err != nil {
		return c.bad("the options of "+cc.Name+" fit together", err, "")
	}
	c.task = tasks[0].(*sourceTask)
	defer c.task.Close()
	c.src = c.task.cfg
	c.task.log, c.task.dialect = slog.New(slog.DiscardHandler), s.Connection.Dialect()
	db, err := s.Connection.Open()
	if err == nil {
		c.task.db, err = db, db.PingContext(ctx)
	}
	if err != nil {
		return c.bad("it can be connected to", err, "see that it runs, and that connection names its address, user and password")
	}
	c.Good("it can be connected to")
	c.late()
	if s.Query != "" {
		c.query(ctx)
	} else {
		c.tables(ctx)
	}
	return c.All
}

// checking is a check under way.
type checking struct {
	src  Source
	task *sourceTask
	connect.Findings
}

// bad adds a problem, and gives all.
func (c *checking) bad(what string, err error, fix string) []connect.Finding {
	c.Say(what, strings.TrimPrefix(err.Error(), "sql: "), fix)
	return c.All
}

// late says whether rows that are committed late are read.
func (c *checking) late() {
	const what = "rows that their transactions commit late are read"
	d := c.task.dialect
	_, settles := d.(database.Settles)
	serial, _ := d.(database.Serial)
	switch {
	case c.src.Mode == bulk, serial != nil && serial.OneWriter():
	case settles && c.src.LateCommits == "ignore":
		c.Warn(what, "lateCommits is \"ignore\": they are lost behind rows that were committed before them", "leave lateCommits out")
	case settles:
		c.Good(what)
	case c.src.Mode == incrementing:
		c.Warn(what, d.Name()+" does not tell which transactions are open: rows of lower numbers that are committed later are lost",
			"take mode \"timestamp+incrementing\" with a timestampDelayInterval, or a capture, unless one transaction writes at a time")
	case c.src.TimestampDelayInterval == 0:
		c.Warn(what, d.Name()+" does not tell which transactions are open: rows of earlier times that are committed later are lost",
			"set timestampDelayInterval to what the longest transaction takes")
	default:
		c.Good(fmt.Sprintf("%s, where transactions take less than %v", what, c.src.TimestampDelayInterval))
	}
}

// query checks the query by describing it; one that may be no part of another, as
// mode bulk allows, by beginning to read its rows.
func (c *checking) query(ctx context.Context) {
	r := &reader{t: c.task, cfg: c.src, name: "the query"}
	const what = "the query can be run"
	err := r.describeQuery(ctx)
	if err != nil && c.src.Mode == bulk {
		err = r.tryQuery(ctx)
	}
	if err != nil {
		fix := "see that the user may read its tables"
		if c.src.Mode != bulk {
			fix = "see that it can stand in SELECT * FROM (query), and that the user may read its tables"
		}
		c.bad(what, err, fix)
		return
	}
	c.Good(what)
	if by, ok := c.columns("the query", r.known); ok && len(by) > 0 {
		c.ahead(ctx, r)
	}
}

// tryQuery begins to read the query's rows.
func (r *reader) tryQuery(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	text, args, err := r.statement(columns{}, span{})
	if err != nil {
		return err
	}
	conn, err := r.t.db.Conn(ctx)
	if err != nil {
		return r.fault("connect", err)
	}
	defer conn.Close()
	rows, err := r.t.dialect.Rows(ctx, conn, text, args, nil, r.t.mapping)
	if err != nil {
		return r.fault("read the rows", err)
	}
	_, err = rows.Next(make([]connect.Value, len(rows.Columns())))
	cancel() // or the driver may read what is left
	_ = rows.Close()
	return r.fault("read the rows", err)
}

// tables checks each table that there is now.
func (c *checking) tables(ctx context.Context) {
	all, err := c.task.dialect.Tables(ctx, c.task.db, c.src.SchemaPattern, c.src.TableTypes)
	if err != nil {
		c.bad("its tables can be listed", err, "")
		return
	}
	chosen, err := c.task.pick.choose(c.task.dialect, all)
	if err != nil {
		c.bad("each table has a topic of its own", err, "")
		return
	}
	c.listed(all, chosen)
	for _, t := range chosen {
		own := *c
		if own.src, err = c.task.pick.mapped(c.src, t); err != nil {
			c.bad("table "+t.String()+" has columns to read by", err, "")
			continue
		}
		own.table(ctx, t)
		c.All = own.All
	}
}

// listed says whether the lists name tables that there are.
func (c *checking) listed(all, chosen []database.Table) {
	for _, name := range c.src.TableWhitelist {
		what := "table " + name + " is there"
		if _, err := c.task.dialect.ParseTable(name); err != nil {
			c.bad(what, err, "")
		} else if !named(c.task.dialect, chosen, name) {
			c.bad(what, fmt.Errorf("it is not, or the user may not see it"), "make it, mend tableWhitelist, schemaPattern or tableTypes, or grant SELECT on it")
		}
	}
	if len(chosen) == 0 && len(c.src.TableWhitelist) == 0 {
		c.Warn("there are tables to read", fmt.Sprintf("there are none among the %d that the user sees", len(all)), "see the lists of tables, schemaPattern and tableTypes; tables that come later are read")
	}
}

func named(d database.Dialect, tables []database.Table, name string) bool {
	for _, t := range tables {
		if place(d, t, []string{name}) >= 0 {
			return true
		}
	}
	return false
}

func (c *checking) table(ctx context.Context, t database.Table) {
	name := "table " + t.String()
	cols, err := c.task.dialect.Columns(ctx, c.task.db, t, c.task.mapping)
	if err == nil {
		err = c.readable(ctx, t)
	}
	if err != nil {
		c.bad(name+" can be read", err, "grant SELECT on it: kcgen grants prints how")
		return
	}
	c.Good(name + " can be read")
	if by, ok := c.columns(name, cols); ok && len(by) > 0 {
		c.indexed(ctx, t, by)
		c.ahead(ctx, &reader{t: c.task, cfg: c.src, table: t, name: name, known: cols})
		c.ordered(ctx, t, cols)
	}
}

// ahead says whether rows wait for the clock.
func (c *checking) ahead(ctx context.Context, r *reader) {
	if !c.src.byTime() {
		return
	}
	found, err := c.src.columnsOf(r.known)
	if err != nil {
		return // it was said
	}
	what := r.name + " has no rows ahead of the database's clock"
	now, err := c.task.dialect.Now(ctx, c.task.db)
	ahead := false
	if err == nil {
		ahead, err = r.ahead(ctx, found, now)
	}
	switch {
	case err != nil:
		c.Warn(what, err.Error(), "")
	case ahead:
		c.Warn(what, aheadWhy, aheadFix)
	}
}

// ordered says whether the database gives numbers in the order in which they are
// to be read.
func (c *checking) ordered(ctx context.Context, t database.Table, cols []database.Column) {
	numbers, ok := c.task.dialect.(database.Numbers)
	if !ok || c.src.Mode != incrementing {
		return
	}
	found, err := c.src.columnsOf(cols)
	if err != nil {
		return // it was said
	}
	what := fmt.Sprintf("table %s has numbers in %s that are drawn in order", t, found.number.Name)
	why, err := numbers.Unordered(ctx, c.task.db, t, found.number.Name)
	switch {
	case err != nil:
		c.Warn(what, err.Error(), "")
	case why != "":
		c.Warn(what, why+": rows of lower numbers that come later are lost", "")
	default:
		c.Good(what)
	}
}

// readable reads no row of a table.
func (c *checking) readable(ctx context.Context, t database.Table) error {
	text := append(database.AppendTable([]byte("SELECT * FROM "), c.task.dialect, t), " WHERE 1 = 0"...)
	rows, err := c.task.db.QueryContext(ctx, string(text))
	if err != nil {
		return err
	}
	return drain(rows)
}

// columns checks those that the mode reads by, and gives their names in the order
// in which an index is to have them.
func (c *checking) columns(name string, cols []database.Column) (by []string, ok bool) {
	if c.src.Mode == bulk {
		return nil, true
	}
	what := name + " has what mode " + c.src.Mode + " reads by"
	found, err := c.src.columnsOf(cols)
	if err == nil {
		err = checkTypes(found, c.task.mapping)
	}
	if err != nil {
		c.bad(what, err, "")
		return nil, false
	}
	if err := c.src.checkNulls(found); err != nil {
		c.bad(what, err, "")
		return nil, false
	}
	c.Good(what)
	for _, t := range found.times {
		by = append(by, t.Name)
	}
	if c.src.byNumber() {
		by = append(by, found.number.Name)
	}
	return by, true
}

// indexed says whether an index spares each poll the reading of the whole table.
func (c *checking) indexed(ctx context.Context, t database.Table, by []string) {
	indexes, ok := c.task.dialect.(database.Indexes)
	what := fmt.Sprintf("table %s has an index that begins with %s", t, by[0])
	if !ok || len(c.src.TimestampColumnName) > 1 {
		return // no plain index serves COALESCE
	}
	all, err := indexes.Indexes(ctx, c.task.db, t)
	if err != nil {
		c.Warn(what, err.Error(), "")
		return
	}
	for _, columns := range all {
		if len(columns) > 0 && columns[0] == by[0] {
			c.Good(what)
			return
		}
	}
	c.Warn(what, "there is none: each poll reads and sorts the whole table", c.createIndex(t, by))
}

func (c *checking) createIndex(t database.Table, by []string) string {
	d := c.task.dialect
	b := d.AppendIdentifier([]byte("CREATE INDEX "), t.Name+"_"+strings.Join(by, "_"))
	b = database.AppendTable(append(b, " ON "...), d, t)
	for i, name := range by {
		b = d.AppendIdentifier(append(b, []string{" (", ", "}[min(i, 1)]...), name)
	}
	return string(append(b, ')'))
}
