package sql

import (
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

var _ connect.Grants = Source{}

// Grants are the rights to read the tables that the spec names, by their names or
// by patterns that spell names out, or the whole schemas that it names. Where it
// names neither, a comment says what is to be named: no right is given on a guess.
func (s Source) Grants(connect.CheckContext) ([]string, error) {
	if s.Connection == nil {
		return nil, nil
	}
	d := s.Connection.Dialect()
	rights, ok := d.(database.Rights)
	logins, has := s.Connection.(database.Logins)
	if !ok || !has || logins.Login() == "" {
		return nil, nil
	}
	if s.Query != "" {
		return []string{"-- " + logins.Login() + " needs SELECT on the tables of its query, which kcgen does not read"}, nil
	}
	n, err := s.named(d)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, why := range n.unknown {
		out = appendNew(out, []string{"-- " + logins.Login() + " " + why})
	}
	for _, t := range n.tables {
		out = appendNew(out, rights.Grants(logins.Login(), t, []database.Right{database.Select}))
	}
	return out, nil
}

// naming collects the tables that a spec names; one without a name is a whole
// schema.
type naming struct {
	src     Source
	d       database.Dialect
	sel     selection
	schema  string // that of schemaPattern, where it is a name
	home    string // where a table without a schema is by default
	tables  []database.Table
	unknown []string // what is read besides, in words that follow the user's name
}

// named are the tables that the spec names.
func (s Source) named(d database.Dialect) (*naming, error) {
	sel, err := newSelection(s)
	if err != nil {
		return nil, fmt.Errorf("sql: %w", err)
	}
	n := &naming{src: s, d: d, sel: sel}
	if h, ok := d.(database.Homes); ok {
		n.home = h.Home()
	}
	n.schema, _ = schemaName(s.SchemaPattern)
	switch {
	case len(s.TableWhitelist) > 0:
		for _, name := range s.TableWhitelist {
			t, err := d.ParseTable(name)
			if err != nil {
				return nil, fmt.Errorf("sql: tableWhitelist: %w", err)
			}
			n.table(t)
		}
	case len(s.TableIncludeList) > 0:
		for _, pattern := range s.TableIncludeList {
			n.pattern(pattern)
		}
	default:
		n.whole(n.schema)
	}
	return n, nil
}

// table adds a table, unless another list leaves it out.
func (n *naming) table(t database.Table) {
	if t.Schema == "" && n.schema != "" {
		t.Schema = n.schema
	}
	if t.Schema == "" && n.home != "" {
		n.unknown = append(n.unknown, fmt.Sprintf("is given table %s of schema %s; where it is in another one, put that before its name, or into schemaPattern", t.Name, n.home))
		t.Schema = n.home
	}
	if ok, err := n.sel.takes(n.d, t); ok && err == nil {
		n.tables = append(n.tables, t)
	}
}

// pattern adds what a pattern spells out.
func (n *naming) pattern(pattern string) {
	names, ok := spelled(pattern)
	for _, name := range names {
		switch {
		case name.rest && len(name.parts) == 1 && name.parts[0] != "":
			n.whole(name.parts[0])
		case name.rest && len(name.parts) == 0:
			n.whole(n.schema)
		case !name.rest && len(name.parts) > 0 && len(name.parts) <= 3:
			n.table(tableOf(name.parts))
		default:
			ok = false
		}
	}
	if !ok {
		n.unknown = append(n.unknown, fmt.Sprintf("needs SELECT on the tables that match %q, and USAGE of their schemas; name them in tableWhitelist, or by patterns such as shop\\.orders or shop\\..*, and they are granted here", pattern))
	}
}

// whole adds a schema; "": that of the connection, where there is such a one.
func (n *naming) whole(schema string) {
	if schema == "" && (n.home != "" || n.src.SchemaPattern != "") {
		n.unknown = append(n.unknown, "reads all tables that it may read, of whichever schema; name them in tableWhitelist, or their schema in schemaPattern, and they are granted here")
		return
	}
	n.tables = append(n.tables, database.Table{Schema: schema})
	if len(n.src.TableBlacklist)+len(n.src.TableExcludeList) > 0 {
		n.unknown = append(n.unknown, "gets more here than it reads, since there is no way to leave tables out of a schema; name those that are read in tableWhitelist for less")
	}
}

func tableOf(parts []string) (t database.Table) {
	t.Name = parts[len(parts)-1]
	if len(parts) > 1 {
		t.Schema = parts[len(parts)-2]
	}
	if len(parts) > 2 {
		t.Catalog = parts[0]
	}
	return t
}
