package mysql

import (
	"slices"
	"strings"
)

// createTable is what comes behind CREATE TABLE.
func (d *ddl) createTable(replace bool) error {
	ifNot := d.ifNotExists()
	id, err := d.table()
	if err != nil {
		return err
	}
	if d.c.tables[id] != nil && ifNot && !replace {
		return nil
	}
	if d.accept("LIKE") {
		return d.like(id)
	}
	if d.peek(0).is("(") && d.peek(1).is("LIKE") {
		d.pos += 2
		return d.like(id)
	}
	t := &table{id: id}
	if !d.accept("(") {
		return d.fail("the columns are missing")
	}
	for {
		if err := d.element(t); err != nil {
			return err
		}
		if d.accept(")") {
			break
		}
		if !d.accept(",") {
			return d.fail("a column's definition is not understood")
		}
	}
	d.tableOptions(t)
	if t.charset == "" {
		t.charset = d.c.charsetOfDatabase(id.db)
	}
	d.add(schemaChange{kind: createTable, id: id, table: t})
	return nil
}

// like copies another table, but for its comment, which Debezium leaves.
func (d *ddl) like(id tableID) error {
	from, err := d.table()
	if err != nil {
		return err
	}
	t := d.c.tables[from]
	if t == nil {
		d.id = id
		return d.fail("the table " + from.String() + " that it is to be like is not known")
	}
	t = t.clone()
	t.id, t.comment = id, ""
	d.add(schemaChange{kind: createTable, id: id, table: t})
	return nil
}

// element is a column or an index in the brackets of CREATE TABLE.
func (d *ddl) element(t *table) error {
	if d.isConstraint() {
		return d.constraint(t)
	}
	name, err := d.name()
	if err != nil {
		return err
	}
	c := columnDef{name: name}
	if err := d.definition(t, &c); err != nil {
		return err
	}
	t.columns = append(t.columns, c)
	return nil
}

// isConstraint tells an index or a check from a column, whose name may be such a
// word only in quotes.
func (d *ddl) isConstraint() bool {
	t := d.peek(0)
	for _, w := range []string{"PRIMARY", "KEY", "INDEX", "UNIQUE", "CONSTRAINT", "FULLTEXT", "SPATIAL", "FOREIGN", "CHECK"} {
		if t.is(w) {
			return true
		}
	}
	return t.is("PERIOD") && d.peek(1).is("FOR") || t.is("VECTOR") && (d.peek(1).is("INDEX") || d.peek(1).is("KEY"))
}

// constraint reads an index, a key or a check; keys and unique indexes are kept.
func (d *ddl) constraint(t *table) error {
	if d.accept("CONSTRAINT") && !d.isConstraint() {
		d.pos++ // its name
	}
	switch {
	case d.accept("PRIMARY", "KEY"):
		columns, _, err := d.keyParts(t)
		if err != nil {
			return err
		}
		d.setKey(t, columns)
	case d.accept("UNIQUE"):
		d.acceptOne("KEY", "INDEX")
		columns, plain, err := d.keyParts(t)
		if err != nil {
			return err
		}
		if plain {
			takeUnique(t, columns)
		}
	}
	d.skipItem()
	return nil
}

// setKey makes columns the primary key; none of them may be null then.
func (d *ddl) setKey(t *table, columns []string) {
	t.key, t.keyed = columns, true
	for _, name := range columns {
		if i := t.index(name); i >= 0 {
			t.columns[i].optional = false
		}
	}
}

// takeUnique makes a unique index stand for the primary key that there is not:
// the first one of which no column may be null.
func takeUnique(t *table, columns []string) bool {
	if len(t.key) > 0 {
		return false
	}
	for _, name := range columns {
		if i := t.index(name); i < 0 || t.columns[i].optional {
			return false
		}
	}
	t.key = columns
	return true
}

// keyParts are the columns of an index, behind its name and its kind. It is plain
// if it has no expressions.
func (d *ddl) keyParts(t *table) (columns []string, plain bool, err error) {
	d.ifNotExists()
	for !d.atEnd() && !d.peek(0).is("(") {
		d.pos++
	}
	if !d.accept("(") {
		return nil, false, d.fail("the index's columns are missing")
	}
	plain = true
	for !d.accept(")") {
		if d.peek(0).is("(") {
			plain = false
			d.skipItem()
			d.accept(",")
			continue
		}
		name, err := d.name()
		if err != nil {
			return nil, false, err
		}
		if i := t.index(name); i >= 0 {
			name = t.columns[i].name
		}
		columns = append(columns, name)
		d.skipItem()
		d.accept(",")
	}
	return columns, plain, nil
}

// tableOptions are what comes behind the columns, as far as columns hang on it.
func (d *ddl) tableOptions(t *table) {
	for !d.atEnd() {
		switch set, ok := d.charset(); {
		case ok && set == "":
			t.charset = d.c.charsetOfDatabase(t.id.db)
		case ok:
			t.charset = set
		case d.accept("COMMENT"):
			d.accept("=")
			if text := d.next().text; d.c.comments {
				t.comment = text
			}
		case d.accept("PARTITION"), d.peek(0).is("SELECT"), d.peek(0).is("AS"):
			d.pos = len(d.toks)
		case d.skipBrackets():
		default:
			d.pos++
		}
	}
}

// createUnique is what comes behind CREATE UNIQUE INDEX. It counts where there is
// no primary key.
func (d *ddl) createUnique() error {
	d.ifNotExists()
	at := d.pos
	for !d.atEnd() && !d.peek(0).is("ON") {
		d.pos++
	}
	if !d.accept("ON") {
		d.pos = at
		return d.fail("the index's table is missing")
	}
	id, err := d.table()
	if err != nil {
		return err
	}
	t := d.c.tables[id]
	if t == nil || len(t.key) > 0 {
		return nil
	}
	t = t.clone()
	columns, plain, err := d.keyParts(t)
	if err != nil {
		return err
	}
	if plain && takeUnique(t, columns) {
		d.add(schemaChange{kind: alterTable, id: id, table: t})
	}
	return nil
}

// place puts a column where FIRST or AFTER says; behind all others else.
func (d *ddl) place(t *table, c columnDef) error {
	switch {
	case d.accept("FIRST"):
		t.columns = slices.Insert(t.columns, 0, c)
	case d.accept("AFTER"):
		name, err := d.name()
		if err != nil {
			return err
		}
		i := t.index(name)
		if i < 0 {
			return d.fail("the column " + name + " is not known")
		}
		t.columns = slices.Insert(t.columns, i+1, c)
	default:
		t.columns = append(t.columns, c)
	}
	return nil
}

// rekey follows a column of the key to its new name; "" is none.
func (t *table) rekey(old, name string) {
	for i, k := range t.key {
		if !strings.EqualFold(k, old) {
			continue
		}
		if name != "" {
			t.key[i] = name
			return
		}
		t.key = slices.Delete(t.key, i, i+1)
		return
	}
}
