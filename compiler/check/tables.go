package check

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"
	"time"
	_ "time/tzdata" // where a spec is checked there may be none

	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/wiring"
)

const connectors = "kcgen.dev/runtime/connector/"

// tables: what connectors of databases would refuse when they start.
func tables(c *checker) {
	for _, s := range c.connectors() {
		conn := s.Struct.Struct("connector")
		if conn == nil || !strings.HasPrefix(conn.Type.Path, connectors) {
			continue
		}
		path := s.Path + ".connector"
		c.tablePatterns(path, conn)
		if s.Is(connectors+"sql.Source") || s.Is(connectors+"sql.Sink") {
			c.zone(path, conn)
		}
		if s.Is(connectors + "sql.Source") {
			c.lateCommits(path, conn)
			c.isolation(path, conn)
		}
	}
}

// tablePatterns: lists of tables, schemas and columns are patterns, and so is what
// stands before a mapping's columns.
func (c *checker) tablePatterns(path string, conn *plan.Struct) {
	for _, f := range conn.Fields {
		if strings.HasSuffix(f.Name, "IncludeList") || strings.HasSuffix(f.Name, "ExcludeList") || strings.HasSuffix(f.Name, "Mapping") {
			for i, e := range conn.List(f.Name) {
				if l, ok := e.(*plan.Lit); ok && l.Kind == plan.String {
					text := l.Str
					if strings.HasSuffix(f.Name, "Mapping") {
						text, _, _ = strings.Cut(text, ":")
					}
					c.javaPattern(fmt.Sprintf("%s.%s[%d]", path, f.Name, i), text, l.Pos)
				}
			}
		}
	}
}

// unclosed are the faults that Java's regular expressions have in common with
// RE2, in which they are looked for. What RE2 does not know may be Java's.
var unclosed = map[syntax.ErrorCode]bool{
	syntax.ErrMissingParen: true, syntax.ErrUnexpectedParen: true, syntax.ErrMissingBracket: true,
	syntax.ErrTrailingBackslash: true, syntax.ErrMissingRepeatArgument: true,
}

func (c *checker) javaPattern(path, text string, at plan.Pos) {
	if wiring.HasRef(text) {
		return
	}
	var bad *syntax.Error
	if _, err := syntax.Parse(text, syntax.Perl); errors.As(err, &bad) && unclosed[bad.Code] {
		c.say(path, fmt.Sprintf("is no regular expression (Java's): %s: `%s`", bad.Code, text), at)
	}
}

// zone: the zone of times is one of the world's.
func (c *checker) zone(path string, conn *plan.Struct) {
	name := conn.Text("dbTimezone")
	if _, err := time.LoadLocation(name); err != nil && !wiring.HasRef(name) {
		c.say(path+".dbTimezone", fmt.Sprintf("%q is no time zone; say one such as \"Europe/Berlin\"", name), pos(conn, "dbTimezone"))
	}
}

// lateCommits: one database tells which transactions are open.
func (c *checker) lateCommits(path string, conn *plan.Struct) {
	if name := named(conn.Struct("connection")); name != "" && name != "PostgreSQL" && conn.Text("lateCommits") == "wait" {
		c.say(path+".lateCommits", fmt.Sprintf("cannot be \"wait\": %s does not tell which transactions are open; leave it out", name), pos(conn, "lateCommits"))
	}
}

// isolation: not each database has each level.
func (c *checker) isolation(path string, conn *plan.Struct) {
	level, name := conn.Text("transactionIsolationMode"), named(conn.Struct("connection"))
	switch {
	case level == "" || level == "DEFAULT" || name == "":
	case name == "SQLite", level == "SQL_SERVER_SNAPSHOT" && name != "SQL Server":
		c.say(path+".transactionIsolationMode", fmt.Sprintf("%q: %s has no such level; leave it out", level, name), pos(conn, "transactionIsolationMode"))
	}
}

// named is what people call a database; "" one that is not known here.
func named(db *plan.Struct) string {
	for path, name := range map[string]string{"postgres": "PostgreSQL", "mysql": "MySQL", "sqlite": "SQLite", "sqlserver": "SQL Server"} {
		if wiring.Is(db, connectors+path+".Database") {
			return name
		}
	}
	return ""
}
