package sql

import (
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// columnMap is an entry of incrementingColumnMapping or timestampColumnsMapping:
// the columns of the tables that a pattern matches.
type columnMap struct {
	pattern string
	re      *connect.JavaRegex
	columns []string
}

// columnMaps reads PATTERN:COLUMN, or PATTERN:[COLUMN|COLUMN] where there may be
// several, as Kafka Connect has it: a pattern holds no colon.
func columnMaps(option string, entries []string, several bool) (maps []columnMap, err error) {
	form := "a column"
	if several {
		form = "columns, as [a|b]"
	}
	for _, entry := range entries {
		pattern, list, _ := strings.Cut(entry, ":")
		m := columnMap{pattern: strings.TrimSpace(pattern), columns: columnNames(strings.TrimSpace(list), several)}
		if m.columns == nil || m.pattern == "" {
			return nil, connect.OptionErrorf(option, "%s must be a pattern, a colon and %s", connect.Word(entry), form)
		}
		if m.re, err = connect.CompileJavaRegex(m.pattern); err != nil {
			return nil, fmt.Errorf("%s: %w", option, err)
		}
		maps = append(maps, m)
	}
	return maps, nil
}

// columnNames reads what stands behind the colon; nil: it is not as it should
// be.
func columnNames(list string, several bool) []string {
	names := []string{list}
	if several {
		inside, opened := strings.CutPrefix(list, "[")
		inside, closed := strings.CutSuffix(inside, "]")
		if !opened || !closed {
			return nil
		}
		names = strings.Split(inside, "|")
	}
	for i, name := range names {
		if names[i] = strings.TrimSpace(name); names[i] == "" || strings.Contains(name, ":") {
			return nil
		}
	}
	return names
}

// columnsFor are the columns of a table; each table must match one pattern.
func columnsFor(option string, maps []columnMap, t database.Table) ([]string, error) {
	var found *columnMap
	for i := range maps {
		ok, err := matches([]*connect.JavaRegex{maps[i].re}, t)
		if err != nil {
			return nil, fmt.Errorf("sql: table %s: %s: %w", t, option, err)
		}
		if !ok {
			continue
		}
		if found != nil {
			return nil, connect.Fatal(fmt.Errorf("sql: table %s: %s: patterns %s and %s both match it; each table must match one", t, option, found.pattern, maps[i].pattern))
		}
		found = &maps[i]
	}
	if found == nil {
		return nil, connect.Fatal(fmt.Errorf("sql: table %s: %s: no pattern matches it; add one, or leave the table out by tableExcludeList", t, option))
	}
	return found.columns, nil
}

// mapped is the configuration with the columns of a table.
func (sel selection) mapped(s Source, t database.Table) (Source, error) {
	if len(sel.numbers) > 0 && s.byNumber() {
		names, err := columnsFor("incrementingColumnMapping", sel.numbers, t)
		if err != nil {
			return s, err
		}
		s.IncrementingColumnName = names[0]
	}
	if len(sel.times) > 0 && s.byTime() {
		names, err := columnsFor("timestampColumnsMapping", sel.times, t)
		if err != nil {
			return s, err
		}
		s.TimestampColumnName = names
	}
	return s, nil
}
