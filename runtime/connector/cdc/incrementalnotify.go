package cdc

import (
	"fmt"
	"strings"
)

// names are the tables that are left to read.
func (s *IncrementalSnapshot) names() (all []string) {
	for _, c := range s.tables {
		all = append(all, c.Table)
	}
	return all
}

// notify tells of the snapshot, under the id of its signal.
func (s *IncrementalSnapshot) notify(kind, id string, data map[string]string) {
	if s.Notify != nil {
		s.Notify(Notification{ID: id, About: IncrementalSnapshots, Type: kind, Data: data})
	}
}

// notifyTables tells of it with the tables that are left.
func (s *IncrementalSnapshot) notifyTables(kind string) {
	if s.Running() {
		s.notify(kind, s.tables[0].Correlation, map[string]string{DataCollections: strings.Join(s.names(), ",")})
	}
}

// notifyChunk tells that a chunk was read.
func (s *IncrementalSnapshot) notifyChunk() {
	if !s.Running() || s.window.empty() {
		return
	}
	s.notify(InProgress, s.tables[0].Correlation, map[string]string{
		DataCollections: strings.Join(s.names(), ","), CurrentCollection: s.tables[0].Table,
		notedMaximum: keyWords(s.max), notedLast: keyWords(s.end),
	})
}

// notifyScanned tells that the first table was read, or why not.
func (s *IncrementalSnapshot) notifyScanned(c Collection, status string) {
	n := scanned(IncrementalSnapshots, c.Table, s.names(), s.rows, status)
	s.notify(n.Type, c.Correlation, n.Data)
}

func keyWords(key []any) string {
	words := make([]string, len(key))
	for i, part := range key {
		if words[i] = fmt.Sprint(part); part == nil {
			words[i] = "<null>"
		}
	}
	return strings.Join(words, ",")
}
