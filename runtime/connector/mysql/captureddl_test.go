package mysql

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// show writes a table in short: columns, key, set.
func (t *table) show() string {
	if t == nil {
		return "none"
	}
	var parts []string
	for i := range t.columns {
		c := &t.columns[i]
		s := c.name + " " + c.typ
		if c.length >= 0 {
			s += fmt.Sprintf("(%d", c.length)
			if c.scale >= 0 {
				s += fmt.Sprintf(",%d", c.scale)
			}
			s += ")"
		}
		if len(c.values) > 0 {
			s += fmt.Sprint(c.values)
		}
		if c.charset != "" {
			s += " " + c.charset
		}
		if !c.optional {
			s += " NOT NULL"
		}
		if c.hasDef {
			s += " =" + c.def
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, ", ") + "; key " + strings.Join(t.key, ",") + "; " + t.charset
}

func TestStatements(t *testing.T) {
	for _, c := range []struct{ name, script, table, want string }{
		{"plain", "CREATE TABLE t (id int NOT NULL AUTO_INCREMENT, v varchar(10) DEFAULT 'x', PRIMARY KEY (id)) ENGINE=InnoDB DEFAULT CHARSET=latin1", "t",
			"id INT NOT NULL, v VARCHAR(10) =x; key id; latin1"},
		{"comments", "/* a */ CREATE /*! TABLE */ -- b\n t # c\n (`i``d` int /*!80023 INVISIBLE */, x int) /*!50100 PARTITION BY HASH (id) */", "t",
			"i`d INT, "},
		{"types", "CREATE TABLE t (a int(10) unsigned zerofill, b decimal, c decimal(10,3) unsigned, d enum('a','b,c') character set latin1, e set('x'), f bit, g double precision, h national varchar(5), i char(3) collate latin1_bin)", "t",
			"a INT UNSIGNED ZEROFILL(10), b DECIMAL(10,0), c DECIMAL UNSIGNED(10,3), d ENUM(1)[a b,c] latin1, e SET(1)[x], f BIT(1), g DOUBLE PRECISION, h NATIONAL VARCHAR(5) utf8mb3, i CHAR(3) latin1; key ; utf8mb4"},
		{"defaults", "CREATE TABLE t (a int DEFAULT -5, b timestamp DEFAULT current_timestamp() ON UPDATE current_timestamp(), c varchar(9) DEFAULT (uuid()), d bit(3) DEFAULT b'101', e varchar(9) DEFAULT _utf8mb4'é', f json DEFAULT NULL, g double DEFAULT 1e3)", "t",
			"a INT =-5, b TIMESTAMP =1970-01-01 00:00:00, c VARCHAR(9), d BIT(3) =101, e VARCHAR(9) =é, f JSON, g DOUBLE =1e3; key ; utf8mb4"},
		{"generated", "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a + (1)) VIRTUAL NOT NULL, c int AS (a) STORED, CONSTRAINT k CHECK (a > 0), FOREIGN KEY (a) REFERENCES x (a) ON DELETE SET NULL, KEY (b), UNIQUE KEY u (a,b), UNIQUE (b))", "t",
			"a INT, b INT NOT NULL, c INT; key b; utf8mb4"},
		{"alter", "CREATE TABLE t (a int, b int); ALTER TABLE t ADD COLUMN c int FIRST, ADD d int AFTER a, DROP b, CHANGE a z bigint NOT NULL, ADD PRIMARY KEY (z), ENGINE=InnoDB, ALGORITHM=INPLACE", "t",
			"c INT, z BIGINT NOT NULL, d INT; key z; utf8mb4"},
		{"rename column", "CREATE TABLE t (a int PRIMARY KEY, b int); ALTER TABLE t RENAME COLUMN a TO c, ALTER b SET DEFAULT 4, RENAME INDEX x TO y", "t",
			"c INT NOT NULL, b INT =4; key c; utf8mb4"},
		{"modify", "CREATE TABLE t (a int PRIMARY KEY, b int); ALTER TABLE t MODIFY a bigint, MODIFY COLUMN b varchar(3) CHARACTER SET latin1 FIRST", "t",
			"b VARCHAR(3) latin1, a BIGINT NOT NULL; key a; utf8mb4"},
		{"convert", "CREATE TABLE t (a varchar(3) CHARACTER SET latin1) CHARSET latin1; ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "t", "a VARCHAR(3); key ; utf8mb4"},
		{"like", "CREATE TABLE t (a int); CREATE TABLE u LIKE t; ALTER TABLE t DROP a", "u", "a INT; key ; utf8mb4"},
		{"swap", "CREATE TABLE t (a int); CREATE TABLE u (b int); RENAME TABLE t TO tmp, u TO t, tmp TO u", "t", "b INT; key ; utf8mb4"},
		{"rename to", "CREATE TABLE t (a int); ALTER TABLE t RENAME TO u, ADD b int", "u", "a INT, b INT; key ; utf8mb4"},
		{"drop", "CREATE TABLE t (a int); DROP TABLE IF EXISTS x, t", "t", "none"},
		{"drop database", "CREATE TABLE t (a int); DROP DATABASE db", "t", "none"},
		{"database", "ALTER DATABASE db CHARACTER SET latin2; CREATE TABLE t (a int)", "t", "a INT; key ; latin2"},
		{"set statement", "SET STATEMENT max_statement_time=1 FOR CREATE TABLE t (a int)", "t", "a INT; key ; utf8mb4"},
		{"temporary", "CREATE TEMPORARY TABLE t (a int)", "t", "none"},
		{"unique index", "CREATE TABLE t (a int NOT NULL, b int); CREATE UNIQUE INDEX i ON t (a)", "t", "a INT NOT NULL, b INT; key a; utf8mb4"},
		{"others", "CREATE TABLE t (a int); GRANT ALL ON *.* TO x; CREATE VIEW v AS SELECT 1; CREATE PROCEDURE p() BEGIN END; ANALYZE TABLE t; OPTIMIZE TABLE t; FLUSH TABLES", "t", "a INT; key ; utf8mb4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cat := newCatalog()
			for _, s := range strings.Split(c.script, "; ") {
				if _, err := cat.apply(s, "db", 0); err != nil {
					t.Fatalf("%s: %v", s, err)
				}
			}
			if got := cat.tables[tableID{"db", c.table}].show(); !strings.HasPrefix(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestStrange fails on what is not known, and says of which table it is.
func TestStrange(t *testing.T) {
	for _, s := range []string{
		"ALTER TABLE t FROBNICATE a", "ALTER TABLE t DROP COLUMN nothing", "ALTER TABLE t RENAME COLUMN nothing TO b", "ALTER TABLE t ADD b int WIBBLE",
		"CREATE TABLE t (a int WIBBLE)", "CREATE TABLE t (a", "CREATE TABLE t", "ALTER TABLE t ADD b int AFTER nothing", "CREATE TABLE t LIKE nothing",
	} {
		cat := newCatalog()
		if _, err := cat.apply("CREATE TABLE t (a int)", "db", 0); err != nil {
			t.Fatal(err)
		}
		before := cat.tables[tableID{"db", "t"}].show()
		_, err := cat.apply(s, "db", 0)
		var e *ddlError
		if !errors.As(err, &e) || e.id != (tableID{"db", "t"}) {
			t.Errorf("%s: %v", s, err)
		}
		if got := cat.tables[tableID{"db", "t"}].show(); got != before {
			t.Errorf("%s: the table has changed to %s", s, got)
		}
	}
}

func FuzzStatement(f *testing.F) {
	for _, s := range []string{
		"CREATE TABLE t (a int DEFAULT 'x' COMMENT 'y', PRIMARY KEY (a(3) DESC, (lower(b)))) ENGINE=x", "ALTER TABLE `t` CHANGE a b enum('x','y') FIRST, RENAME TO u",
		"RENAME TABLE a TO b, c TO d", "/*!50100 DROP TABLE */ x", "SET STATEMENT x=1 FOR TRUNCATE t", "CREATE UNIQUE INDEX i USING BTREE ON t (a)", "ALTER DATABASE COLLATE x",
	} {
		f.Add(s, uint64(0))
	}
	f.Fuzz(func(t *testing.T, s string, mode uint64) {
		cat := newCatalog()
		_, _ = cat.apply("CREATE TABLE t (a int, b varchar(3))", "db", 0)
		_, _ = cat.apply(s, "db", sqlMode(mode))
		for id, tab := range cat.tables {
			if tab == nil || tab.id != id {
				t.Fatalf("table %s is %v", id, tab)
			}
			j := tab.json()
			if got := j.table(id).show(); !strings.Contains(got, "; key ") {
				t.Fatal(got)
			}
		}
	})
}

func FuzzRow(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}, byte(246), uint16(0x0a02))
	f.Add([]byte{0, 1, 0, 12, 0, 11, 0, 1, 0, 12, 12, 0, 97, 1, 98}, byte(245), uint16(2))
	f.Fuzz(func(t *testing.T, data []byte, typ byte, meta uint16) {
		p := physicalOf(typ, meta)
		c, n, err := p.read(data, meta&1 != 0)
		if err != nil {
			return
		}
		if n > len(data) {
			t.Fatalf("%d of %d bytes", n, len(data))
		}
		for _, name := range []string{"INT", "DECIMAL", "VARCHAR", "BINARY", "JSON", "DATETIME", "TIMESTAMP", "TIME", "DATE", "YEAR", "BIT", "ENUM", "SET", "POINT", "GEOMETRY", "UUID", "INET6", "VECTOR", "BOOL", "DOUBLE"} {
			col := columnDef{typ: name, length: 10, scale: 2, values: []string{"a"}}
			convert, err := col.converter(modes{}, "latin1", shapeSchema(col.family(modes{})).MustBuild())
			if err == nil && convert != nil {
				_, _ = convert(c)
			}
		}
	})
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte{0, 1, 0, 12, 0, 11, 0, 1, 0, 12, 12, 0, 97, 1, 98})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 0 {
			_, _ = jsonText(data)
		}
	})
}
