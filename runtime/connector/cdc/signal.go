package cdc

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// The types of signals.
const (
	ExecuteSnapshot = "execute-snapshot"
	StopSnapshot    = "stop-snapshot"
	PauseSnapshot   = "pause-snapshot"
	ResumeSnapshot  = "resume-snapshot"
	LogSignal       = "log"
	WindowOpen      = "snapshot-window-open"
	WindowClose     = "snapshot-window-close"
)

// Signal is what somebody tells a capture while it runs: by a row in the table of
// signals, or by a record in a topic.
type Signal struct {
	ID, Type string
	// Blocking says that the snapshot stops the stream; else it is incremental.
	Blocking bool
	// Collections are the tables, as regular expressions of their names.
	Collections []string
	Conditions  []Condition
	// SurrogateKey is the column by which chunks go, instead of the primary key.
	SurrogateKey string
	Message      string // to log
}

// Condition is which rows of some tables a snapshot reads.
type Condition struct {
	Collection string // a regular expression of tables' names
	Filter     string // in SQL
}

// maxSignal is how long the data of a signal may be.
const maxSignal = 1 << 20

// ParseSignal reads a signal. Types that are not known are no error: see Known.
func ParseSignal(id, kind, data string) (Signal, error) {
	s := Signal{ID: id, Type: kind}
	if strings.TrimSpace(data) == "" || !s.Known() || kind == WindowOpen || kind == WindowClose {
		return s, s.check()
	}
	if len(data) > maxSignal {
		return s, fmt.Errorf("cdc: signal %q: its data are longer than %d bytes", id, maxSignal)
	}
	var d struct {
		Type         string      `json:"type"`
		Collections  []string    `json:"data-collections"`
		Conditions   []condition `json:"additional-conditions"`
		SurrogateKey string      `json:"surrogate-key"`
		Message      string      `json:"message"`
	}
	if err := json.Unmarshal([]byte(data), &d); err != nil {
		return s, fmt.Errorf("cdc: signal %q: its data are no JSON of a signal: %w", id, err)
	}
	switch strings.ToLower(d.Type) {
	case "", "incremental":
	case "blocking":
		s.Blocking = true
	default:
		return s, fmt.Errorf("cdc: signal %q: type %q: must be incremental or blocking", id, d.Type)
	}
	for _, c := range d.Collections {
		s.Collections = append(s.Collections, strings.TrimSpace(c))
	}
	for _, c := range d.Conditions {
		s.Conditions = append(s.Conditions, Condition{strings.TrimSpace(c.Collection), c.Filter})
	}
	s.SurrogateKey, s.Message = strings.TrimSpace(d.SurrogateKey), d.Message
	return s, s.check()
}

type condition struct {
	Collection string `json:"data-collection"`
	Filter     string `json:"filter"`
}

func (s *Signal) check() error {
	if s.Type == ExecuteSnapshot && len(s.Collections) == 0 {
		return fmt.Errorf("cdc: signal %q: execute-snapshot names no data-collections", s.ID)
	}
	for _, list := range [][]string{s.Collections, conditionPatterns(s.Conditions)} {
		if _, err := NewPatterns("data-collections", list); err != nil {
			return fmt.Errorf("cdc: signal %q: %w", s.ID, err)
		}
	}
	return nil
}

func conditionPatterns(all []Condition) (exprs []string) {
	for _, c := range all {
		exprs = append(exprs, c.Collection)
	}
	return exprs
}

// Known reports whether the type is one that captures heed.
func (s *Signal) Known() bool {
	switch s.Type {
	case ExecuteSnapshot, StopSnapshot, PauseSnapshot, ResumeSnapshot, LogSignal, WindowOpen, WindowClose:
		return true
	}
	return false
}

// SignalOf reads the signal of a change of the table of signals: its first three
// columns are the id, the type and the data. deletes says that a row that is
// deleted closes the window that it opened (insert_delete). It is not ok where
// the change is no signal.
func SignalOf(c *Change, deletes bool) (s Signal, ok bool, err error) {
	switch {
	case c.Op == Create && len(c.After) >= 3:
		s, err = ParseSignal(c.After[0].Str(), c.After[1].Str(), c.After[2].Str())
		return s, true, err
	case c.Op == Delete && deletes && len(c.Before) >= 3:
		return Signal{ID: strings.Replace(c.Before[0].Str(), "open", "close", 1), Type: WindowClose}, true, nil
	case c.Op == Create:
		return s, false, errors.New("cdc: the table of signals must have three columns: id, type and data")
	}
	return s, false, nil
}

// SignalRecord reads the signal of a record of the topic of signals, whose key
// must be topicPrefix: {"type": …, "data": {…}}.
func SignalRecord(key, value []byte, prefix string) (s Signal, ok bool, err error) {
	if string(key) != prefix {
		return s, false, nil
	}
	var d struct {
		ID   string          `json:"id"`
		Type string          `json:"type"`
		Data json.RawMessage `json:"data"`
	}
	if len(value) > maxSignal {
		return s, false, fmt.Errorf("cdc: a signal is longer than %d bytes", maxSignal)
	}
	if err := json.Unmarshal(value, &d); err != nil {
		return s, false, fmt.Errorf("cdc: a signal is no JSON: %w", err)
	}
	data := string(d.Data)
	if text := ""; json.Unmarshal(d.Data, &text) == nil {
		data = text // JSON in a string
	}
	s, err = ParseSignal(d.ID, d.Type, data)
	return s, true, err
}
