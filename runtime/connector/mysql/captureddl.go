package mysql

import (
	"fmt"
	"strings"
)

// schemaChange is what a statement has done to one table, or to a database.
type schemaChange struct {
	kind     changeKind
	id       tableID // of the table; only db where the change is a database's
	previous tableID // of a table that was renamed
	table    *table  // after the change; nil where there is none
	ddl      string  // the statement; one of its own where it was divided
}

type changeKind uint8

const (
	createTable changeKind = iota + 1
	alterTable
	dropTable
	truncateTable
	createDatabase
	alterDatabase
	dropDatabase
)

// ddlError is a statement that was not understood.
type ddlError struct {
	id   tableID // the table that it is about
	near string
	what string
}

func (e *ddlError) Error() string {
	if e.near == "" {
		return e.what + " at its end"
	}
	return fmt.Sprintf("%s near %q", e.what, e.near)
}

// ddl reads one statement.
type ddl struct {
	c    *catalog
	stmt string
	db   string // the current database
	toks []token
	pos  int
	id   tableID // the table that it is about, as far as that is known
	out  []schemaChange
}

// apply reads a statement and changes the catalog as it has changed the tables. A
// statement that touches no table's columns changes nothing. An error is a *ddlError:
// then the catalog is as it was.
func (c *catalog) apply(stmt, db string, mode sqlMode) ([]schemaChange, error) {
	d := &ddl{c: c, stmt: stmt, db: db, toks: tokens(stmt, mode)}
	err := d.statement()
	if err != nil {
		return nil, err
	}
	for _, change := range d.out {
		c.take(change)
	}
	return d.out, nil
}

// take enters a change.
func (c *catalog) take(s schemaChange) {
	switch s.kind {
	case createTable, alterTable:
		if s.previous != (tableID{}) {
			delete(c.tables, s.previous)
		}
		if s.table != nil {
			c.tables[s.id] = s.table
		}
	case dropTable:
		delete(c.tables, s.id)
	case dropDatabase:
		delete(c.charsets, s.id.db)
		for id := range c.tables {
			if id.db == s.id.db {
				delete(c.tables, id)
			}
		}
	}
}

// statement tells by the first words what it is.
func (d *ddl) statement() error {
	d.setStatement()
	switch {
	case d.accept("CREATE"):
		return d.create()
	case d.accept("ALTER"):
		return d.alter()
	case d.accept("DROP"):
		return d.drop()
	case d.accept("RENAME"):
		if d.accept("TABLE") || d.accept("TABLES") {
			return d.renameTables()
		}
	case d.accept("TRUNCATE"):
		d.accept("TABLE")
		id, err := d.table()
		if err != nil {
			return err
		}
		d.add(schemaChange{kind: truncateTable, id: id, table: d.c.tables[id]})
	}
	return nil
}

// setStatement passes over MariaDB's SET STATEMENT … FOR.
func (d *ddl) setStatement() {
	if !d.peek(0).is("SET") || !d.peek(1).is("STATEMENT") {
		return
	}
	for d.pos < len(d.toks) && !d.peek(0).is("FOR") {
		d.pos++
	}
	d.pos++
}

func (d *ddl) add(s schemaChange) {
	if s.ddl == "" && len(d.toks) > 0 { // without comments around it
		s.ddl = d.stmt[d.toks[0].start:d.toks[len(d.toks)-1].end]
	}
	d.out = append(d.out, s)
}

func (d *ddl) peek(n int) token {
	if d.pos+n < len(d.toks) {
		return d.toks[d.pos+n]
	}
	return token{start: len(d.stmt), end: len(d.stmt)}
}

func (d *ddl) next() token {
	t := d.peek(0)
	d.pos++
	return t
}

// accept takes words that come next, all or none of them.
func (d *ddl) accept(words ...string) bool {
	for i, w := range words {
		if !d.peek(i).is(w) {
			return false
		}
	}
	d.pos += len(words)
	return true
}

// acceptOne takes one of several words.
func (d *ddl) acceptOne(words ...string) bool {
	for _, w := range words {
		if d.accept(w) {
			return true
		}
	}
	return false
}

func (d *ddl) fail(what string) error {
	near := ""
	if t := d.peek(0); t.kind != endToken {
		near = cutText(d.stmt[t.start:], 40)
	}
	return &ddlError{d.id, near, what}
}

func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}

// name is a name, in quotes or not.
func (d *ddl) name() (string, error) {
	t := d.peek(0)
	if t.kind != nameToken && t.kind != wordToken {
		return "", d.fail("a name is missing")
	}
	d.pos++
	return t.text, nil
}

// table is a table's name, with its database or in the current one.
func (d *ddl) table() (tableID, error) {
	first, err := d.name()
	if err != nil {
		return tableID{}, err
	}
	id := d.c.id(d.db, first)
	// A word that begins with a digit holds its point: db.1t.
	if d.accept(".") {
		second, err := d.name()
		if err != nil {
			return tableID{}, err
		}
		id = d.c.id(first, second)
	}
	if d.id == (tableID{}) {
		d.id = id
	}
	return id, nil
}

// skipBrackets passes over (…), if that comes next.
func (d *ddl) skipBrackets() bool {
	if !d.peek(0).is("(") {
		return false
	}
	depth := 0
	for d.pos < len(d.toks) {
		t := d.next()
		switch {
		case t.is("("):
			depth++
		case t.is(")"):
			if depth--; depth == 0 {
				return true
			}
		}
	}
	return true
}

// skipItem passes over the rest of an item of a list.
func (d *ddl) skipItem() {
	for d.pos < len(d.toks) && !d.peek(0).is(",") && !d.peek(0).is(")") {
		if !d.skipBrackets() {
			d.pos++
		}
	}
}

func (d *ddl) atEnd() bool { return d.pos >= len(d.toks) || d.peek(0).is(";") }

func (d *ddl) ifNotExists() bool { return d.accept("IF", "NOT", "EXISTS") }
func (d *ddl) ifExists() bool    { return d.accept("IF", "EXISTS") }

// create is CREATE of a table, an index or a database; other things have no columns.
func (d *ddl) create() error {
	replace := d.accept("OR", "REPLACE")
	switch {
	case d.accept("TEMPORARY"):
		return nil // nobody else sees it, and no row of it is in the log
	case d.accept("TABLE"):
		return d.createTable(replace)
	case d.accept("DATABASE"), d.accept("SCHEMA"):
		d.ifNotExists()
		return d.database(createDatabase)
	case d.accept("UNIQUE", "INDEX"):
		return d.createUnique()
	}
	return nil
}

// database is what comes behind CREATE or ALTER DATABASE.
func (d *ddl) database(kind changeKind) error {
	db := d.db
	if t := d.peek(0); t.kind == nameToken || t.kind == wordToken && !t.is("DEFAULT") && !t.is("CHARACTER") && !t.is("CHARSET") && !t.is("COLLATE") {
		db, _ = d.name()
	}
	db = d.c.id(db, "").db
	for d.pos < len(d.toks) {
		if set, ok := d.charset(); ok {
			if set != "" {
				d.c.charsets[db] = set
			}
			continue
		}
		d.pos++
	}
	d.add(schemaChange{kind: kind, id: tableID{db: db}})
	return nil
}

// charset reads [DEFAULT] CHARACTER SET = x or [DEFAULT] COLLATE = x. A collation
// comes behind the set that it belongs to, or stands for it.
func (d *ddl) charset() (set string, ok bool) {
	at := d.pos
	d.accept("DEFAULT")
	switch {
	case d.accept("CHARACTER", "SET"), d.accept("CHARSET"), d.accept("CHAR", "SET"):
		d.accept("=")
		t := d.next()
		if t.is("DEFAULT") {
			return "", true
		}
		return strings.ToLower(t.text), true
	case d.accept("COLLATE"):
		d.accept("=")
		return d.c.charsetOfCollation(d.next().text), true
	}
	d.pos = at
	return "", false
}

// drop is DROP of a table, an index or a database.
func (d *ddl) drop() error {
	switch {
	case d.accept("TEMPORARY"):
		return nil
	case d.accept("TABLE"), d.accept("TABLES"):
		d.ifExists()
		before := d.stmt[d.toks[0].start:d.peek(0).start]
		for {
			id, err := d.table()
			if err != nil {
				return err
			}
			d.add(schemaChange{kind: dropTable, id: id, table: d.c.tables[id], ddl: before + quoteID(id)})
			if !d.accept(",") {
				return nil
			}
		}
	case d.accept("DATABASE"), d.accept("SCHEMA"):
		d.ifExists()
		db, err := d.name()
		if err != nil {
			return err
		}
		d.add(schemaChange{kind: dropDatabase, id: tableID{db: d.c.id(db, "").db}})
	}
	return nil
}

func quoteID(t tableID) string {
	q := func(s string) string { return "`" + strings.ReplaceAll(s, "`", "``") + "`" }
	if t.db == "" {
		return q(t.name)
	}
	return q(t.db) + "." + q(t.name)
}

// renameTables is a list of: a TO b. Each finds what those before it have made.
func (d *ddl) renameTables() error {
	d.ifExists()
	now := map[tableID]*table{}
	before := d.stmt[d.toks[0].start:d.peek(0).start]
	for {
		start := d.peek(0).start
		from, err := d.table()
		if err != nil {
			return err
		}
		for d.acceptOne("NOWAIT", "WAIT") {
			if d.peek(1).is("TO") {
				d.pos++
			}
		}
		if !d.accept("TO") {
			return d.fail("TO is missing")
		}
		to, err := d.table()
		if err != nil {
			return err
		}
		d.rename(now, from, to, before+d.stmt[start:d.toks[d.pos-1].end])
		if !d.accept(",") {
			return nil
		}
	}
}

func (d *ddl) rename(now map[tableID]*table, from, to tableID, text string) {
	t, moved := now[from]
	if !moved {
		t = d.c.tables[from]
	}
	now[from] = nil
	if t != nil {
		t = t.clone()
		t.id = to
	}
	now[to] = t
	d.add(schemaChange{kind: alterTable, id: to, previous: from, table: t, ddl: text})
}
