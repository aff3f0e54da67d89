package cdc

import (
	"encoding/json"
	"fmt"
	"slices"

	"kcgen.dev/runtime/connect"
)

// Collection is a table that an incremental snapshot is to read.
type Collection struct {
	Table        string // its name, as TableID.String gives it
	Filter       string // in SQL; "" is all rows
	SurrogateKey string // the column by which chunks go; "" is the primary key
	Correlation  string // the id of the signal
}

// collectionState is a Collection as offsets hold it.
type collectionState struct {
	Table       string  `json:"incremental_snapshot_collections_id"`
	Filter      *string `json:"incremental_snapshot_collections_additional_condition"`
	Surrogate   *string `json:"incremental_snapshot_collections_surrogate_key"`
	Correlation *string `json:"incremental_snapshot_collections_correlation_id"`
}

// storeCollections writes them as Debezium does, which puts conditions in
// brackets.
func storeCollections(all []Collection) string {
	states := make([]collectionState, 0, len(all))
	for _, c := range all {
		s := collectionState{Table: c.Table, Surrogate: optional(c.SurrogateKey), Correlation: optional(c.Correlation)}
		if c.Filter != "" {
			s.Filter = optional("(" + c.Filter + ")")
		}
		states = append(states, s)
	}
	text, _ := json.Marshal(states) // texts alone: it cannot fail
	return string(text)
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func loadCollections(text string) ([]Collection, error) {
	var states []collectionState
	if err := json.Unmarshal([]byte(text), &states); err != nil {
		return nil, fmt.Errorf("cdc: the offset's %s: %w", snapshotCollections, err)
	}
	var all []Collection
	for _, s := range states {
		c := Collection{Table: s.Table}
		if f := s.Filter; f != nil {
			c.Filter = *f
			if n := len(c.Filter); n >= 2 && c.Filter[0] == '(' && c.Filter[n-1] == ')' {
				c.Filter = c.Filter[1 : n-1]
			}
		}
		if s.Surrogate != nil {
			c.SurrogateKey = *s.Surrogate
		}
		if s.Correlation != nil {
			c.Correlation = *s.Correlation
		}
		all = append(all, c)
	}
	return all, nil
}

// expand are the tables that patterns name, each once. A pattern that matches
// none is taken for a name.
func expand(patterns, tables []string) (names []string) {
	for _, p := range patterns {
		found := slices.DeleteFunc(slices.Clone(tables), func(t string) bool { return !matches(p, t) })
		if len(found) == 0 {
			found = []string{p}
		}
		for _, t := range found {
			if !slices.Contains(names, t) {
				names = append(names, t)
			}
		}
	}
	return names
}

// matches reports whether a regular expression matches the whole name.
func matches(pattern, name string) bool {
	re, err := connect.CompileJavaRegex(pattern)
	if err != nil {
		return false
	}
	ok, err := re.Matches(name)
	return ok && err == nil
}

// Of are the tables of a signal, among those that are captured, with what it says
// of each.
func (s *Signal) Of(tables []string) (all []Collection) {
	for _, t := range expand(s.Collections, tables) {
		c := Collection{Table: t, SurrogateKey: s.SurrogateKey, Correlation: s.ID}
		i := slices.IndexFunc(s.Conditions, func(f Condition) bool { return matches("(?i)"+f.Collection, t) })
		if i >= 0 {
			c.Filter = s.Conditions[i].Filter
		}
		all = append(all, c)
	}
	return all
}
