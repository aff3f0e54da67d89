package mysql

import "strings"

// harmless are the first words of parts of ALTER TABLE that no column and no key
// hangs on.
var harmless = map[string]bool{
	"ENGINE": true, "AUTO_INCREMENT": true, "COMMENT": true, "ROW_FORMAT": true, "KEY_BLOCK_SIZE": true, "ALGORITHM": true, "LOCK": true,
	"ENABLE": true, "DISABLE": true, "DISCARD": true, "IMPORT": true, "FORCE": true, "ORDER": true, "PARTITION": true, "REMOVE": true,
	"STATS_PERSISTENT": true, "STATS_AUTO_RECALC": true, "STATS_SAMPLE_PAGES": true, "CHECKSUM": true, "TABLE_CHECKSUM": true, "PAGE_CHECKSUM": true,
	"DELAY_KEY_WRITE": true, "AVG_ROW_LENGTH": true, "MAX_ROWS": true, "MIN_ROWS": true, "INSERT_METHOD": true, "PACK_KEYS": true, "PASSWORD": true,
	"CONNECTION": true, "COMPRESSION": true, "ENCRYPTION": true, "ENCRYPTED": true, "ENCRYPTION_KEY_ID": true, "TABLESPACE": true, "UNION": true,
	"DATA": true, "INDEX": true, "TRANSACTIONAL": true, "PAGE_COMPRESSED": true, "PAGE_COMPRESSION_LEVEL": true, "SEQUENCE": true, "STORAGE": true,
	"COALESCE": true, "REORGANIZE": true, "EXCHANGE": true, "TRUNCATE": true, "ANALYZE": true, "CHECK": true, "OPTIMIZE": true, "REBUILD": true,
	"REPAIR": true, "UPGRADE": true, "VALIDATION": true, "WITH": true, "WITHOUT": true, "SECONDARY_ENGINE": true, "SECONDARY_LOAD": true,
	"SECONDARY_UNLOAD": true, "AUTOEXTEND_SIZE": true, "ENGINE_ATTRIBUTE": true, "SECONDARY_ENGINE_ATTRIBUTE": true, "START": true, "NOWAIT": true,
	"CONVERT": true, "IETF_QUOTES": true, "TYPE": true, "RAID_TYPE": true, "CHARACTER": true,
}

// alter is what comes behind ALTER.
func (d *ddl) alter() error {
	for d.acceptOne("ONLINE", "OFFLINE", "IGNORE") {
	}
	switch {
	case d.accept("DATABASE"), d.accept("SCHEMA"):
		return d.database(alterDatabase)
	case d.accept("TABLE"):
		return d.alterTable()
	}
	return nil
}

func (d *ddl) alterTable() error {
	d.ifExists()
	id, err := d.table()
	if err != nil {
		return err
	}
	if d.accept("WAIT") {
		d.pos++
	}
	d.accept("NOWAIT")
	old := d.c.tables[id]
	if old == nil {
		return d.alterUnknown(id)
	}
	t := old.clone()
	for !d.atEnd() {
		if err := d.alteration(t); err != nil {
			return err
		}
		// What comes without a comma is another option of the table.
		d.accept(",")
	}
	change := schemaChange{kind: alterTable, id: t.id, table: t}
	if t.id != id {
		change.previous = id
	}
	d.add(change)
	return nil
}

// alterUnknown looks for a new name: a table that comes from elsewhere by it has
// columns that nobody has told us.
func (d *ddl) alterUnknown(id tableID) error {
	for !d.atEnd() {
		if d.accept("RENAME") && !d.peek(0).is("COLUMN") && !d.peek(0).is("INDEX") && !d.peek(0).is("KEY") {
			d.acceptOne("TO", "AS", "=")
			to, err := d.table()
			if err != nil {
				return err
			}
			d.add(schemaChange{kind: alterTable, id: to, previous: id})
			return nil
		}
		d.skipItem()
		d.pos++
	}
	d.add(schemaChange{kind: alterTable, id: id})
	return nil
}

// alteration is one part of ALTER TABLE.
func (d *ddl) alteration(t *table) error {
	switch {
	case d.accept("ADD"):
		return d.addTo(t)
	case d.accept("DROP"):
		return d.dropFrom(t)
	case d.accept("MODIFY"):
		return d.modify(t)
	case d.accept("CHANGE"):
		return d.change(t)
	case d.accept("ALTER"):
		return d.alterColumn(t)
	case d.accept("RENAME"):
		return d.renameIn(t)
	case d.accept("CONVERT", "TO"):
		return d.convert(t)
	}
	if set, ok := d.charset(); ok {
		if t.charset = set; set == "" {
			t.charset = d.c.charsetOfDatabase(t.id.db)
		}
		return nil
	}
	if d.accept("COMMENT") {
		d.accept("=")
		if text := d.next().text; d.c.comments {
			t.comment = text
		}
		return nil
	}
	word := d.peek(0)
	if word.kind != wordToken || !harmless[strings.ToUpper(word.text)] {
		return d.fail("a part of ALTER TABLE is not known")
	}
	if word.is("ORDER") || word.is("PARTITION") || word.is("REORGANIZE") || word.is("ANALYZE") || word.is("CHECK") || word.is("OPTIMIZE") || word.is("REBUILD") || word.is("REPAIR") || word.is("TRUNCATE") {
		d.pos = len(d.toks) // lists of their own, and always last
		return nil
	}
	d.skipItem()
	return nil
}

func (d *ddl) addTo(t *table) error {
	isColumn := d.accept("COLUMN")
	if !isColumn && (d.isConstraint() || d.peek(0).is("PARTITION") || d.accept("SYSTEM", "VERSIONING")) {
		return d.addConstraint(t)
	}
	d.ifNotExists()
	if !d.accept("(") {
		return d.addColumn(t)
	}
	for {
		var err error
		if d.isConstraint() {
			err = d.constraint(t)
		} else {
			err = d.addColumn(t)
		}
		switch {
		case err != nil:
			return err
		case d.accept(")"):
			return nil
		case !d.accept(","):
			return d.fail("a column's definition is not understood")
		}
	}
}

func (d *ddl) addConstraint(t *table) error {
	if d.accept("PARTITION") {
		d.pos = len(d.toks)
		return nil
	}
	return d.constraint(t)
}

func (d *ddl) addColumn(t *table) error {
	name, err := d.name()
	if err != nil {
		return err
	}
	if t.index(name) >= 0 {
		// ADD COLUMN IF NOT EXISTS of one that does.
		c := columnDef{name: name}
		if err := d.definition(t.clone(), &c); err != nil {
			return err
		}
		return d.skipPlace()
	}
	c := columnDef{name: name}
	if err := d.definition(t, &c); err != nil {
		return err
	}
	return d.place(t, c)
}

func (d *ddl) skipPlace() error {
	if d.accept("FIRST") {
		return nil
	}
	if d.accept("AFTER") {
		_, err := d.name()
		return err
	}
	return nil
}

func (d *ddl) dropFrom(t *table) error {
	switch {
	case d.accept("PRIMARY", "KEY"):
		t.key, t.keyed = nil, false
		return nil
	case d.acceptOne("INDEX", "KEY", "CONSTRAINT", "CHECK"), d.accept("FOREIGN", "KEY"):
		d.skipItem()
		return nil
	case d.accept("SYSTEM", "VERSIONING"), d.accept("PERIOD"):
		d.skipItem()
		return nil
	case d.accept("PARTITION"):
		d.pos = len(d.toks)
		return nil
	}
	d.accept("COLUMN")
	exists := d.ifExists()
	name, err := d.name()
	if err != nil {
		return err
	}
	d.acceptOne("RESTRICT", "CASCADE")
	i, err := d.column(t, name, exists)
	if i < 0 {
		return err
	}
	t.columns = append(t.columns[:i], t.columns[i+1:]...)
	t.rekey(name, "")
	return nil
}

// column is the place of a column; -1 where there is none and IF EXISTS stands
// before it.
func (d *ddl) column(t *table, name string, ifExists bool) (int, error) {
	i := t.index(name)
	if i < 0 && !ifExists {
		return i, d.fail("the column " + name + " is not known")
	}
	return i, nil
}

// modify is MODIFY: a new definition under the old name.
func (d *ddl) modify(t *table) error {
	d.accept("COLUMN")
	exists := d.ifExists()
	name, err := d.name()
	if err != nil {
		return err
	}
	return d.redefine(t, name, "", exists)
}

// change is CHANGE: a new definition under a new name.
func (d *ddl) change(t *table) error {
	d.accept("COLUMN")
	exists := d.ifExists()
	old, err := d.name()
	if err != nil {
		return err
	}
	name, err := d.name()
	if err != nil {
		return err
	}
	return d.redefine(t, old, name, exists)
}

func (d *ddl) redefine(t *table, old, name string, exists bool) error {
	i, err := d.column(t, old, exists)
	if err != nil {
		return err
	}
	c := columnDef{name: name}
	if name == "" && i >= 0 {
		c.name = t.columns[i].name
	}
	into := t
	if i < 0 {
		into = t.clone()
	}
	if err := d.definition(into, &c); err != nil {
		return err
	}
	if i < 0 {
		return d.skipPlace()
	}
	if into.isKey(old) && into.keyed {
		c.optional = false
	}
	t.rekey(old, c.name)
	if !d.peek(0).is("FIRST") && !d.peek(0).is("AFTER") {
		t.columns[i] = c
		return nil
	}
	t.columns = append(t.columns[:i], t.columns[i+1:]...)
	return d.place(t, c)
}

func (t *table) isKey(name string) bool {
	for _, k := range t.key {
		if strings.EqualFold(k, name) {
			return true
		}
	}
	return false
}

// alterColumn is ALTER COLUMN, which sets or drops a default.
func (d *ddl) alterColumn(t *table) error {
	if d.acceptOne("INDEX", "CHECK", "CONSTRAINT", "KEY") {
		d.skipItem()
		return nil
	}
	d.accept("COLUMN")
	exists := d.ifExists()
	name, err := d.name()
	if err != nil {
		return err
	}
	i, err := d.column(t, name, exists)
	if err != nil {
		return err
	}
	var c columnDef
	if i >= 0 {
		c = t.columns[i]
	}
	switch {
	case d.accept("SET", "DEFAULT"):
		if err := d.defaultValue(&c); err != nil {
			return err
		}
	case d.accept("DROP", "DEFAULT"):
		c.def, c.hasDef = "", false
	default:
		d.skipItem() // SET VISIBLE
	}
	if i >= 0 {
		t.columns[i] = c
	}
	return nil
}

func (d *ddl) renameIn(t *table) error {
	switch {
	case d.accept("COLUMN"):
		exists := d.ifExists()
		old, err := d.name()
		if err != nil {
			return err
		}
		if !d.accept("TO") {
			return d.fail("TO is missing")
		}
		name, err := d.name()
		if err != nil {
			return err
		}
		i, err := d.column(t, old, exists)
		if i < 0 {
			return err
		}
		t.columns[i].name = name
		t.rekey(old, name)
		return nil
	case d.acceptOne("INDEX", "KEY"):
		d.skipItem()
		return nil
	}
	d.acceptOne("TO", "AS", "=")
	id, err := d.table()
	if err != nil {
		return err
	}
	t.id = id
	return nil
}

// convert is CONVERT TO CHARACTER SET: of the table, and of each column of text.
func (d *ddl) convert(t *table) error {
	set, ok := d.charset()
	if !ok {
		return d.fail("the character set is missing")
	}
	if set == "" {
		set = d.c.charsetOfDatabase(t.id.db)
	}
	d.charset() // its collation
	t.charset = set
	for i := range t.columns {
		if c := &t.columns[i]; c.charset != "" && c.charset != "binary" {
			c.charset = ""
		}
	}
	return nil
}
