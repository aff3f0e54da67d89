package mysql

import (
	"strconv"
	"strings"
)

// alias are names of types that stand for others where that makes a difference to
// what becomes of them. The others are taken as they are written, as Debezium does.
var alias = map[string]string{"CHARACTER": "CHAR", "SERIAL": "BIGINT UNSIGNED"}

// kinds are what types of two and more words are called.
var kinds = [][]string{
	{"NATIONAL", "CHARACTER", "VARYING"}, {"NATIONAL", "CHAR", "VARYING"}, {"NATIONAL", "CHARACTER"}, {"NATIONAL", "VARCHAR"}, {"NATIONAL", "CHAR"},
	{"NCHAR", "VARCHAR"}, {"NCHAR", "VARYING"}, {"CHARACTER", "VARYING"}, {"CHAR", "VARYING"}, {"CHAR", "BYTE"},
	{"LONG", "CHARACTER", "VARYING"}, {"LONG", "CHAR", "VARYING"}, {"LONG", "VARCHAR"}, {"LONG", "VARBINARY"}, {"DOUBLE", "PRECISION"},
}

// definition reads a column: its type and its attributes. The column has its name.
func (d *ddl) definition(t *table, c *columnDef) error {
	c.length, c.scale, c.optional = -1, -1, true
	if err := d.columnType(c); err != nil {
		return err
	}
	return d.attributes(t, c)
}

func (d *ddl) columnType(c *columnDef) error {
	name, err := d.typeName()
	if err != nil {
		return err
	}
	if name == "ENUM" || name == "SET" {
		if err := d.options(c); err != nil {
			return err
		}
		if name == "SET" {
			c.length = max(2*len(c.values)-1, 0) // as many characters, in Debezium's mind
		}
	} else if err := d.size(c); err != nil {
		return err
	}
	c.typ = name
	d.typeSuffix(c)
	switch {
	case name == "SERIAL":
		c.optional, c.auto, c.generated = false, true, true
	case name == "DECIMAL" || name == "NUMERIC" || name == "FIXED" || name == "DEC":
		if c.length < 0 {
			c.length = 10
		}
		if c.scale < 0 {
			c.scale = 0
		}
	case name == "BIT" && c.length < 0:
		c.length = 1
	case strings.HasPrefix(name, "NCHAR"), strings.HasPrefix(name, "NVARCHAR"), strings.HasPrefix(name, "NATIONAL"):
		c.charset = "utf8mb3"
	}
	if full := alias[c.typ]; full != "" {
		c.typ = full
	}
	return nil
}

func (d *ddl) typeName() (string, error) {
	for _, words := range kinds {
		if d.accept(words...) {
			return strings.Join(words, " "), nil
		}
	}
	t := d.peek(0)
	if t.kind != wordToken && t.kind != nameToken {
		return "", d.fail("a column's type is missing")
	}
	d.pos++
	// Types of MariaDB's plugins are written with a schema: mysql.xmltype.
	for d.accept(".") {
		t = d.next()
	}
	return strings.ToUpper(t.text), nil
}

// size is (n) or (n, m).
func (d *ddl) size(c *columnDef) error {
	if !d.accept("(") {
		return nil
	}
	var numbers []int
	for !d.accept(")") {
		t := d.next()
		if t.kind == endToken {
			return d.fail("a bracket is not closed")
		}
		if t.is(",") {
			continue
		}
		whole, _, _ := strings.Cut(t.text, ".")
		n, err := strconv.Atoi(whole)
		if err != nil && t.kind == wordToken && whole[0] >= '0' && whole[0] <= '9' {
			n = 1<<31 - 1
		}
		numbers = append(numbers, n)
	}
	if len(numbers) > 0 {
		c.length = numbers[0]
	}
	if len(numbers) > 1 {
		c.scale = numbers[1]
	}
	return nil
}

// options are the values of an ENUM or a SET.
func (d *ddl) options(c *columnDef) error {
	if !d.accept("(") {
		return d.fail("the values are missing")
	}
	for !d.accept(")") {
		t := d.next()
		switch {
		case t.kind == textToken:
			c.values = append(c.values, t.text)
		case t.is("x"), t.is("b"), strings.HasPrefix(t.text, "_"), t.is(","): // what stands before a text
		default:
			d.pos--
			return d.fail("a value is missing")
		}
	}
	c.length = 1
	return nil
}

// typeSuffix is what belongs to the type and comes behind its size.
func (d *ddl) typeSuffix(c *columnDef) {
	unsigned, zerofill := false, false
	for {
		switch {
		case d.accept("UNSIGNED"):
			unsigned = true
		case d.accept("ZEROFILL"):
			zerofill = true
		case d.accept("SIGNED"):
			unsigned = false
		case d.accept("PRECISION"):
		case d.accept("BINARY"): // the set's collation of bytes
		case d.accept("ASCII"):
			c.charset = "latin1"
		case d.accept("UNICODE"):
			c.charset = "ucs2"
		case d.accept("BYTE"):
			c.charset = "binary"
		case d.accept("CHARACTER", "SET"), d.accept("CHARSET"), d.accept("CHAR", "SET"):
			d.accept("=")
			c.charset = strings.ToLower(d.next().text)
		default:
			if zerofill {
				c.typ += " UNSIGNED ZEROFILL"
			} else if unsigned {
				c.typ += " UNSIGNED"
			}
			return
		}
	}
}

// attributes are all that comes behind the type. FIRST and AFTER are not taken.
func (d *ddl) attributes(t *table, c *columnDef) error {
	for !d.atEnd() && !d.peek(0).is(",") && !d.peek(0).is(")") && !d.peek(0).is("FIRST") && !d.peek(0).is("AFTER") {
		if err := d.attribute(t, c); err != nil {
			return err
		}
	}
	return nil
}

func (d *ddl) attribute(t *table, c *columnDef) error {
	switch {
	case d.accept("NOT", "NULL"):
		c.optional = false
	case d.accept("NULL"):
		c.optional = true
	case d.accept("DEFAULT"):
		return d.defaultValue(c)
	case d.accept("AUTO_INCREMENT"):
		c.auto, c.generated = true, true
	case d.accept("ON", "UPDATE"):
		d.pos++
		d.skipBrackets()
		c.auto, c.generated = c.auto || !d.c.mariadb, c.generated || !d.c.mariadb // as Debezium's two parsers have it
	case d.accept("PRIMARY", "KEY"), d.accept("PRIMARY"), d.accept("KEY"):
		c.optional = false
		t.key, t.keyed = []string{c.name}, true
	case d.accept("UNIQUE"):
		d.accept("KEY")
		if len(t.key) == 0 {
			t.key = []string{c.name}
		}
	case d.accept("COMMENT"):
		if text := d.next().text; d.c.comments {
			c.comment = text
		}
	case d.accept("COLLATE"):
		d.accept("=")
		if set := d.c.charsetOfCollation(d.next().text); c.charset == "" {
			c.charset = set
		}
	case d.accept("GENERATED"), d.accept("ALWAYS"), d.accept("VIRTUAL"), d.accept("STORED"), d.accept("PERSISTENT"),
		d.accept("INVISIBLE"), d.accept("VISIBLE"), d.accept("ENFORCED"), d.accept("COMPRESSED"), d.accept("ROW", "START"), d.accept("ROW", "END"),
		d.accept("NOT", "ENFORCED"), d.accept("WITHOUT", "SYSTEM", "VERSIONING"), d.accept("WITH", "SYSTEM", "VERSIONING"), d.accept("SERIAL", "DEFAULT", "VALUE"):
	case d.accept("COLUMN_FORMAT"), d.accept("STORAGE"), d.accept("SRID"), d.accept("REF_SYSTEM_ID"), d.accept("ENGINE_ATTRIBUTE"), d.accept("SECONDARY_ENGINE_ATTRIBUTE"):
		d.accept("=")
		d.pos++
		d.skipBrackets()
	case d.accept("AS"), d.accept("CHECK"):
		if !d.skipBrackets() {
			return d.fail("an expression is missing")
		}
	case d.accept("CONSTRAINT"):
		if !d.peek(0).is("CHECK") {
			d.pos++
		}
	case d.accept("REFERENCES"):
		return d.references()
	case d.plugin():
	default:
		return d.fail("a column's attribute is not known")
	}
	return nil
}

// plugin is an option of an engine or a type: NAME = VALUE.
func (d *ddl) plugin() bool {
	if d.peek(1).is("=") {
		d.pos += 3
		return true
	}
	return d.accept("USING") && d.next().kind != endToken
}

// references is what comes behind REFERENCES: a table, columns, what is to happen.
func (d *ddl) references() error {
	if _, err := d.table(); err != nil {
		return err
	}
	d.skipBrackets()
	for {
		switch {
		case d.accept("MATCH"):
			d.pos++
		case d.accept("ON", "DELETE"), d.accept("ON", "UPDATE"):
			if !d.accept("SET", "NULL") && !d.accept("SET", "DEFAULT") && !d.accept("NO", "ACTION") {
				d.pos++
			}
		default:
			return nil
		}
	}
}

// epochDefault is the default of a column that is the time of its row: as Debezium
// has it.
const epochDefault = "1970-01-01 00:00:00"

// defaultValue reads a column's default. One that is computed is none.
func (d *ddl) defaultValue(c *columnDef) error {
	c.hasDef, c.def = false, ""
	sign := ""
	if d.peek(0).is("-") || d.peek(0).is("+") {
		sign = d.next().text
	}
	t := d.peek(0)
	set := func(s string) {
		c.def, c.hasDef = sign+s, true
		d.pos++
	}
	switch {
	case t.is("("):
		d.skipBrackets()
	case t.is("NULL"):
		d.pos++
	case isNow(t):
		set("")
		c.def = epochDefault
		d.skipBrackets()
	case t.kind == textToken:
		set(inQuotes(t))
		for d.peek(0).kind == textToken { // texts side by side are one
			c.def += inQuotes(d.next())
		}
	case (t.is("x") || t.is("b") || t.is("n")) && d.peek(1).kind == textToken && d.peek(1).start == t.end,
		strings.HasPrefix(t.text, "_") && d.peek(1).kind == textToken,
		(t.is("DATE") || t.is("TIME") || t.is("TIMESTAMP")) && d.peek(1).kind == textToken:
		d.pos++
		set(inQuotes(d.peek(0)))
	case t.kind == wordToken && d.peek(1).is("("): // a function, in MariaDB
		d.pos++
		d.skipBrackets()
	case t.kind == wordToken:
		set(t.text)
	default:
		return d.fail("a default is not understood")
	}
	return nil
}

// inQuotes is a default's text as it is written, with its escapes: so it stands in
// Debezium's schemas and history.
func inQuotes(t token) string {
	if len(t.raw) < 2 {
		return ""
	}
	return t.raw[1 : len(t.raw)-1]
}

func isNow(t token) bool {
	return t.is("CURRENT_TIMESTAMP") || t.is("NOW") || t.is("LOCALTIME") || t.is("LOCALTIMESTAMP") || t.is("CURRENT_DATE") || t.is("CURDATE") || t.is("CURRENT_TIME")
}
