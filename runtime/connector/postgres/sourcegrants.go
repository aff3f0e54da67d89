package postgres

import (
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

var _ connect.Grants = Source{}

// Grants are the user's rights: to replicate, and to read the tables; and the
// publication, which takes more rights to make than to read. Tables are named by
// patterns, so where one is no plain name the whole schema is granted.
func (s Source) Grants(connect.CheckContext) ([]string, error) {
	s = s.filledIn()
	g := granting{user: dialect{}.quote(s.Database.User)}
	g.add("ALTER ROLE " + g.user + " REPLICATION")
	if a, err := parseURL(s.Database.URL); err == nil {
		g.to("CONNECT ON DATABASE " + dialect{}.quote(a.name))
	}
	var plain []string
	for _, pattern := range s.TableIncludeList {
		if t, ok := plainTable(pattern); ok {
			plain = append(plain, quoteTable(t))
			g.to("USAGE ON SCHEMA " + dialect{}.quote(t.Schema))
			g.to("SELECT ON " + quoteTable(t))
			continue
		}
		g.schema(publicSchema)
	}
	if len(s.TableIncludeList) == 0 {
		g.schema(publicSchema)
	}
	if t, ok := plainTable(s.SignalDataCollection); ok {
		plain = append(plain, quoteTable(t))
		if s.ReadOnly {
			g.to("SELECT ON " + quoteTable(t))
		} else {
			g.to("SELECT, INSERT, DELETE ON " + quoteTable(t))
		}
	}
	publication := "CREATE PUBLICATION " + dialect{}.quote(s.PublicationName)
	switch {
	case s.PublicationAutocreateMode == "all_tables" || s.PublicationAutocreateMode == "no_tables":
		g.add(publication + " FOR ALL TABLES")
	case len(plain) > 0:
		g.add(publication + " FOR TABLE " + strings.Join(plain, ", "))
	}
	return g.statements, nil
}

// granting collects statements, each once.
type granting struct {
	user       string
	statements []string
	done       map[string]bool
}

func (g *granting) add(statement string) {
	if g.done == nil {
		g.done = map[string]bool{}
	}
	if !g.done[statement] {
		g.done[statement] = true
		g.statements = append(g.statements, statement)
	}
}

func (g *granting) to(right string) { g.add("GRANT " + right + " TO " + g.user) }

func (g *granting) schema(name string) {
	g.to("USAGE ON SCHEMA " + dialect{}.quote(name))
	g.to("SELECT ON ALL TABLES IN SCHEMA " + dialect{}.quote(name))
}

// plainTable reads a pattern that is just the name of a table: public\.orders.
func plainTable(pattern string) (t cdc.TableID, ok bool) {
	t.Schema, t.Table, ok = strings.Cut(pattern, `\.`)
	if !ok {
		t.Schema, t.Table, ok = strings.Cut(pattern, ".")
	}
	return t, ok && !strings.ContainsAny(t.Schema+t.Table, `\.*+?()[]{}|^$`)
}
