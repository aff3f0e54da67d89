package sql

import (
	"fmt"
	"hash/fnv"
	"slices"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// selection says which tables a task reads. All instances of a pipeline come to
// the same without asking each other, whenever they look, and also for tables
// that are made later.
type selection struct {
	cfg              Source
	include, exclude []*connect.JavaRegex
	numbers, times   []columnMap
	task, tasks      int
}

func newSelection(s Source) (sel selection, err error) {
	sel.cfg = s
	if sel.include, err = patterns("tableIncludeList", s.TableIncludeList); err != nil {
		return sel, err
	}
	if sel.exclude, err = patterns("tableExcludeList", s.TableExcludeList); err != nil {
		return sel, err
	}
	if sel.numbers, err = columnMaps("incrementingColumnMapping", s.IncrementingColumnMapping, false); err != nil {
		return sel, err
	}
	sel.times, err = columnMaps("timestampColumnsMapping", s.TimestampColumnsMapping, true)
	return sel, err
}

func patterns(option string, texts []string) (out []*connect.JavaRegex, err error) {
	for _, text := range texts {
		re, err := connect.CompileJavaRegex(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", option, err)
		}
		out = append(out, re)
	}
	return out, nil
}

// choose gives the tables of the lists, those of other tasks included. Two of
// the same name are an error, as in Kafka Connect: their topic would be the same.
func (sel selection) choose(d database.Dialect, all []database.Table) (chosen []database.Table, err error) {
	byName := map[string]database.Table{}
	for _, t := range all {
		ok, err := sel.takes(d, t)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if other, twice := byName[t.Name]; twice {
			return nil, connect.Fatal(fmt.Errorf("sql: tables %s and %s would both become topic %s; choose one of them by schemaPattern or the lists of tables", other, t, sel.cfg.TopicPrefix+t.Name))
		}
		byName[t.Name] = t
		chosen = append(chosen, t)
	}
	return chosen, nil
}

// takes says whether a table is one of the lists'.
func (sel selection) takes(d database.Dialect, t database.Table) (bool, error) {
	switch {
	case len(sel.cfg.TableWhitelist) > 0:
		return place(d, t, sel.cfg.TableWhitelist) >= 0, nil
	case len(sel.cfg.TableBlacklist) > 0:
		return place(d, t, sel.cfg.TableBlacklist) < 0, nil
	}
	if len(sel.include) > 0 {
		if ok, err := matches(sel.include, t); !ok || err != nil {
			return false, err
		}
	}
	out, err := matches(sel.exclude, t)
	return !out, err
}

// matches says whether a pattern matches one of a table's names.
func matches(patterns []*connect.JavaRegex, t database.Table) (bool, error) {
	for _, re := range patterns {
		for _, name := range names(t) {
			if ok, err := re.Matches(name); ok || err != nil {
				return ok, err
			}
		}
	}
	return false, nil
}

// names are a table's names: with all its parts, without the catalog, alone.
func names(t database.Table) []string {
	return slices.Compact([]string{t.String(), database.Table{Schema: t.Schema, Name: t.Name}.String(), t.Name})
}

// place is where a list names the table, quoted or not; -1: nowhere.
func place(d database.Dialect, t database.Table, list []string) int {
	own := append(names(t), string(database.AppendTable(nil, d, t)))
	return slices.IndexFunc(list, func(name string) bool {
		if slices.Contains(own, name) {
			return true
		}
		p, err := d.ParseTable(name)
		return err == nil && p.Name == t.Name && (p.Schema == "" || p.Schema == t.Schema) && (p.Catalog == "" || p.Catalog == t.Catalog)
	})
}

// owns says whether the table is this task's: those that a whitelist names are
// dealt out in its order, others by FNV-1a of their whole name.
func (sel selection) owns(d database.Dialect, t database.Table) bool {
	if len(sel.cfg.TableWhitelist) > 0 {
		return place(d, t, sel.cfg.TableWhitelist)%sel.tasks == sel.task
	}
	h := fnv.New64a()
	h.Write([]byte(t.String()))
	return int(h.Sum64()%uint64(sel.tasks)) == sel.task
}
