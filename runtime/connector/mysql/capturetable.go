package mysql

import (
	"slices"
	"strings"
)

// tableID names a table. Servers compare names of tables by letters or by files;
// here they are compared as they are written, or in lower case where the server
// says so (lower_case_table_names).
type tableID struct{ db, name string }

func (t tableID) String() string { return t.db + "." + t.name }

// columnDef is a column as its last statement has made it, in the words that
// Debezium's schema history has for it.
type columnDef struct {
	name      string
	typ       string // in capitals, with UNSIGNED and ZEROFILL: "INT UNSIGNED"
	length    int    // or the precision; -1 is none
	scale     int    // -1 is none
	charset   string // of this column; "" is the table's
	optional  bool
	auto      bool // it counts by itself, or is renewed by each update
	generated bool
	def       string // the default, where hasDef says that there is one
	hasDef    bool
	values    []string // of an ENUM or a SET
	comment   string
}

// table is what is known of a table at one position of the log. Tables are not
// changed: each statement makes new ones.
type table struct {
	id      tableID
	columns []columnDef
	key     []string // names of the columns of the primary key, or of the first unique one
	keyed   bool     // the key is the primary key
	charset string
	comment string
}

func (t *table) clone() *table {
	c := *t
	c.columns = slices.Clone(t.columns)
	c.key = slices.Clone(t.key)
	return &c
}

// index is where a column stands; names of columns have no case.
func (t *table) index(name string) int {
	return slices.IndexFunc(t.columns, func(c columnDef) bool { return strings.EqualFold(c.name, name) })
}

// charsetOf is the character set of a column's text.
func (t *table) charsetOf(c *columnDef) string {
	if c.charset != "" {
		return c.charset
	}
	return t.charset
}

// catalog is what is known of all tables at one position of the log.
type catalog struct {
	tables    map[tableID]*table
	charsets  map[string]string // of databases
	charset   string            // of the server
	lower     bool              // names are in lower case
	collation map[string]string // character sets by collation
	mariadb   bool
	comments  bool // are kept
}

func newCatalog() *catalog {
	return &catalog{tables: map[tableID]*table{}, charsets: map[string]string{}, charset: "utf8mb4", collation: map[string]string{}}
}

func (c *catalog) id(db, name string) tableID {
	if c.lower {
		return tableID{strings.ToLower(db), strings.ToLower(name)}
	}
	return tableID{db, name}
}

func (c *catalog) charsetOfDatabase(db string) string {
	if s := c.charsets[db]; s != "" {
		return s
	}
	return c.charset
}

// charsetOfCollation is the first part of its name, but where the server has told
// otherwise.
func (c *catalog) charsetOfCollation(name string) string {
	name = strings.ToLower(name)
	if s := c.collation[name]; s != "" {
		return s
	}
	set, _, _ := strings.Cut(name, "_")
	return set
}
