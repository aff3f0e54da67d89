package sql

import (
	"fmt"
	"slices"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

var _ connect.Grants = Sink{}

// Grants are statements that give the rights that the sink needs.
func (s Sink) Grants(cc connect.CheckContext) ([]string, error) {
	d := s.Connection.Dialect()
	rights, ok := d.(database.Rights)
	if !ok {
		return nil, nil // it has no users
	}
	user := ""
	if l, ok := s.Connection.(database.Logins); ok {
		user = l.Login()
	}
	if user == "" {
		return nil, fmt.Errorf("sql: the rights in %s: the connection names no user", s.Connection)
	}
	tables, err := s.tablesFor(d, cc.Topics)
	if err != nil {
		return nil, err
	}
	owners, _ := d.(database.Owners)
	var out []string
	add := func(t database.Table, of []database.Right) {
		made := slices.Contains(of, database.Create) && owners != nil && owners.MakersOwn()
		out = appendNew(out, grantsOf(rights, user, t, of, made))
	}
	for _, t := range tables {
		add(t, s.rights())
	}
	if s.ExactlyOnce {
		g, err := newLedger(&sinkTask{Sink: s, dialect: d})
		if err != nil {
			return nil, err
		}
		add(g.table, g.rights())
	}
	return out, nil
}

// appendNew appends statements that are not among the others.
func appendNew(statements, more []string) []string {
	for _, s := range more {
		if !slices.Contains(statements, s) {
			statements = append(statements, s)
		}
	}
	return statements
}

// grantsOf are the statements of a table. One that is made by the sink is its own
// then, and cannot be granted before.
func grantsOf(rights database.Rights, user string, t database.Table, of []database.Right, made bool) []string {
	if !made {
		return rights.Grants(user, t, of)
	}
	out := rights.Grants(user, t, []database.Right{database.Create})
	rest := slices.DeleteFunc(slices.Clone(of), func(r database.Right) bool { return r == database.Create })
	there := "-- where table " + connect.Word(t.String()) + " is there already: "
	if t.Name == "" {
		there = "-- for tables that are there already: "
	}
	for _, g := range rights.Grants(user, t, rest) {
		if !slices.Contains(out, g) {
			out = append(out, there+g)
		}
	}
	return out
}

// rights are those on the table of positions, which is made where it is not there.
func (*ledger) rights() []database.Right {
	return []database.Right{database.Select, database.Insert, database.Update, database.Create}
}

// rights are those on a table. What an update or a delete finds by its key it
// has to read.
func (s Sink) rights() []database.Right {
	var out []database.Right
	if s.InsertMode != "insert" || s.DeleteEnabled {
		out = append(out, database.Select)
	}
	if s.InsertMode != "update" {
		out = append(out, database.Insert)
	}
	if s.InsertMode != "insert" {
		out = append(out, database.Update)
	}
	if s.DeleteEnabled {
		out = append(out, database.Delete)
	}
	if s.AutoCreate {
		out = append(out, database.Create)
	}
	if s.AutoEvolve {
		out = append(out, database.Alter)
	}
	return out
}

// tablesFor are the tables of topics, each once; without topics, all of where
// the format says.
func (s Sink) tablesFor(d database.Dialect, topics []string) ([]database.Table, error) {
	if len(topics) == 0 {
		t, err := s.tableOf(d, "topic")
		if err != nil {
			return nil, err
		}
		if other, err := s.tableOf(d, "another"); err != nil || other != t {
			t.Name = ""
		}
		return []database.Table{t}, nil
	}
	var out []database.Table
	for _, topic := range topics {
		t, err := s.tableOf(d, topic)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out, nil
}
