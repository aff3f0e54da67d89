package sql

import (
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

var _ connect.Grants = Source{}

// Grants are the rights to read the tables that the spec names; where it names
// none, or patterns, those to read all tables of the schema.
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
	tables, err := s.named(d)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, t := range tables {
		out = appendNew(out, rights.Grants(logins.Login(), t, []database.Right{database.Select}))
	}
	return out, nil
}

// named are the tables that the spec names; one without a name is a whole schema.
func (s Source) named(d database.Dialect) (tables []database.Table, err error) {
	for _, name := range s.TableWhitelist {
		t, err := d.ParseTable(name)
		if err != nil {
			return nil, fmt.Errorf("sql: tableWhitelist: %w", err)
		}
		if t.Schema == "" {
			t.Schema = s.SchemaPattern
		}
		tables = append(tables, t)
	}
	if len(tables) == 0 {
		tables = []database.Table{{Schema: s.SchemaPattern}}
	}
	return tables, nil
}
