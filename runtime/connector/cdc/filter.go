package cdc

import (
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
)

// Patterns are regular expressions of Java's kind of which one must match a
// whole name, in any case of letters.
type Patterns []*connect.JavaRegex

// NewPatterns compiles the expressions of an option.
func NewPatterns(option string, exprs []string) (Patterns, error) {
	var p Patterns
	for _, e := range exprs {
		re, err := connect.CompileJavaRegex("(?i)" + e)
		if err != nil {
			return nil, connect.OptionErrorf(option, "cdc: %w", err)
		}
		p = append(p, re)
	}
	return p, nil
}

// Match reports whether one of them matches the whole name. One that gives up on
// a name does not.
func (p Patterns) Match(name string) bool {
	for _, re := range p {
		if ok, err := re.Matches(name); ok && err == nil {
			return true
		}
	}
	return false
}

// Filter says what of a database is captured.
type Filter struct {
	tables, columns sieve
	signals         string
	keys            []keyRule
}

// sieve lets through what is included, or what is not excluded.
type sieve struct{ include, exclude Patterns }

func (s sieve) pass(name string) bool {
	if s.include != nil {
		return s.include.Match(name)
	}
	return !s.exclude.Match(name)
}

func newSieve(option string, include, exclude []string) (s sieve, err error) {
	if s.include, err = NewPatterns(option+"IncludeList", include); err != nil {
		return s, err
	}
	s.exclude, err = NewPatterns(option+"ExcludeList", exclude)
	return s, err
}

// NewFilter is the filter of the options.
func NewFilter(o Options) (f *Filter, err error) {
	f = &Filter{signals: o.SignalDataCollection}
	if f.tables, err = newSieve("table", o.TableIncludeList, o.TableExcludeList); err != nil {
		return nil, err
	}
	if f.columns, err = newSieve("column", o.ColumnIncludeList, o.ColumnExcludeList); err != nil {
		return nil, err
	}
	f.keys, err = newKeyRules(o.MessageKeyColumns)
	return f, err
}

// Table reports whether a table is captured, as far as lists of tables say. The
// table of signals always is. Lists of schemas or databases are the source's to
// look at: a table must pass both.
func (f *Filter) Table(id TableID) bool { return f.tables.pass(id.String()) || f.Signals(id) }

// Signals reports whether it is the table of signals.
func (f *Filter) Signals(id TableID) bool { return f.signals != "" && f.signals == id.String() }

// Column reports whether a column's values are captured.
func (f *Filter) Column(id TableID, column string) bool {
	return f.columns.pass(id.String() + "." + column)
}

// keyRule says that a column of some tables is part of the key.
type keyRule struct{ columns Patterns }

// newKeyRules reads messageKeyColumns: each column becomes a pattern of its own,
// the table's with the column's behind it.
func newKeyRules(lists []string) (rules []keyRule, err error) {
	for _, list := range lists {
		table, columns, ok := strings.Cut(list, ":")
		if !ok || strings.TrimSpace(table) == "" || strings.TrimSpace(columns) == "" {
			return nil, connect.OptionErrorf("messageKeyColumns", "cdc: %q: must be tables, a colon and columns with commas between", list)
		}
		for _, c := range strings.Split(columns, ",") {
			p, err := NewPatterns("messageKeyColumns", []string{strings.TrimSpace(table) + "." + strings.TrimSpace(c)})
			if err != nil {
				return nil, err
			}
			rules = append(rules, keyRule{p})
		}
	}
	return rules, nil
}

// Key are the places of the columns that make a table's key, in order: those that
// messageKeyColumns names, else the primary key's.
func (f *Filter) Key(t *Table) ([]int, error) {
	var key []int
	in := make([]bool, len(t.Columns))
	for _, r := range f.keys {
		for i, c := range t.Columns {
			if !r.columns.Match(t.ID.String() + "." + c.Name) {
				continue
			}
			if in[i] {
				return nil, connect.OptionErrorf("messageKeyColumns", "cdc: table %s: column %s is named twice", t.ID, c.Name)
			}
			in[i], key = true, append(key, i)
		}
	}
	if key != nil {
		return key, nil
	}
	for _, i := range t.Key {
		if i < 0 || i >= len(t.Columns) {
			return nil, fmt.Errorf("cdc: table %s: its key has column %d of %d", t.ID, i, len(t.Columns))
		}
	}
	return t.Key, nil
}
