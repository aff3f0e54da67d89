package sql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// The modes.
const (
	bulk                  = "bulk"
	incrementing          = "incrementing"
	timestamp             = "timestamp"
	timestampIncrementing = "timestamp+incrementing"
)

// legacy is the dateCalendarSystem with the Julian calendar.
const legacy = "LEGACY"

var _ connect.Source = Source{}

// Tasks divides the tables among as many tasks as there may be; a query has one
// task. The configuration is checked here, and the database is not asked: which
// task reads a table follows from its name (see selection.owner).
func (s Source) Tasks(_ context.Context, most int) ([]connect.SourceTask, error) {
	s = s.filledIn()
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("sql: %w", err)
	}
	sel, err := newSelection(s)
	if err != nil {
		return nil, fmt.Errorf("sql: %w", err)
	}
	zone, err := time.LoadLocation(s.DbTimezone)
	if err != nil {
		return nil, fmt.Errorf("sql: dbTimezone: %w", err)
	}
	sel.tasks = max(1, most)
	if n := len(s.TableWhitelist); n > 0 {
		sel.tasks = min(sel.tasks, n)
	}
	if s.Query != "" {
		sel.tasks = 1
	}
	tasks := make([]connect.SourceTask, sel.tasks)
	for i := range tasks {
		own := sel
		own.task = i
		tasks[i] = &sourceTask{cfg: s, pick: own, mapping: s.mapping(zone)}
	}
	return tasks, nil
}

// mapping is how types become schemas.
func (s Source) mapping(zone *time.Location) database.Mapping {
	return database.Mapping{Numeric: s.NumericMapping, Granularity: s.TimestampGranularity, Zone: zone, Julian: s.DateCalendarSystem == legacy}
}

// filledIn is s with source.cue's defaults where fields are zero.
func (s Source) filledIn() Source {
	defaults := []struct {
		field *string
		is    string
	}{{&s.TimestampGranularity, "connect_logical"}, {&s.NumericMapping, "none"}, {&s.DbTimezone, "UTC"}, {&s.TransactionIsolationMode, "DEFAULT"}}
	for _, d := range defaults {
		if *d.field == "" {
			*d.field = d.is
		}
	}
	if s.PollInterval == 0 {
		s.PollInterval = 5 * time.Second
	}
	if s.TablePollInterval == 0 {
		s.TablePollInterval = time.Minute
	}
	if s.BatchMaxRows == 0 {
		s.BatchMaxRows = 1000
	}
	if len(s.TableTypes) == 0 {
		s.TableTypes = []string{"TABLE"}
	}
	s.Query = strings.TrimRight(s.Query, "; \t\r\n")
	return s
}

// check finds what source.cue refuses, for those who fill in a Source in Go.
func (s Source) check() error {
	switch {
	case s.Connection == nil:
		return errors.New("connection is missing")
	case s.Mode != bulk && s.Mode != incrementing && s.Mode != timestamp && s.Mode != timestampIncrementing:
		return fmt.Errorf("mode is %q, not one of bulk, incrementing, timestamp, timestamp+incrementing", s.Mode)
	case s.TopicPrefix == "":
		return errors.New("topicPrefix is empty")
	case s.byTime() && len(s.TimestampColumnName)+len(s.TimestampColumnsMapping) == 0:
		return fmt.Errorf("mode %s needs timestampColumnName or timestampColumnsMapping", s.Mode)
	case len(s.TimestampColumnName) > 0 && len(s.TimestampColumnsMapping) > 0:
		return errors.New("timestampColumnName and timestampColumnsMapping exclude each other")
	case s.IncrementingColumnName != "" && len(s.IncrementingColumnMapping) > 0:
		return errors.New("incrementingColumnName and incrementingColumnMapping exclude each other")
	case s.Query != "" && len(s.TimestampColumnsMapping)+len(s.IncrementingColumnMapping) > 0:
		return errors.New("query and mappings of tables to columns exclude each other")
	case s.Query != "" && s.byNumber() && s.IncrementingColumnName == "":
		return fmt.Errorf("a query in mode %s needs incrementingColumnName", s.Mode)
	case s.Query != "" && len(s.TableWhitelist)+len(s.TableBlacklist)+len(s.TableIncludeList)+len(s.TableExcludeList) > 0:
		return errors.New("query and lists of tables exclude each other")
	case s.BatchMaxRows < 0 || s.PollInterval < 0 || s.TablePollInterval < 0 || s.TimestampDelayInterval < 0 || s.TimestampInitial < -1:
		return errors.New("batchMaxRows, the intervals and timestampInitial must not be negative")
	}
	return s.checkIsolation()
}

// byTime and byNumber say what the mode reads by.
func (s Source) byTime() bool   { return s.Mode == timestamp || s.Mode == timestampIncrementing }
func (s Source) byNumber() bool { return s.Mode == incrementing || s.Mode == timestampIncrementing }

var _ connect.ExactlyOnce = Source{}

// ExactlyOnce says that rows are read again from an offset exactly, unless there
// are no offsets. (Under exactlyOnce a batch of mode timestamp does not end
// between rows of the same time.)
func (s Source) ExactlyOnce() error {
	if s.Mode == bulk {
		return errors.New("mode \"bulk\" keeps no offsets: each start reads all rows again; use another mode, or leave exactlyOnce out")
	}
	return nil
}

var _ connect.Emits = Source{}

// Emits says that rows have no keys. What their columns are is the database's to
// say.
func (s Source) Emits() connect.Shape {
	shape := connect.Shape{Key: connect.Form{Known: true, Nulls: connect.NullsAlways}, Value: connect.Form{Nulls: connect.NullsNever}}
	if s.Query != "" {
		shape.Topic = s.TopicPrefix
	}
	return shape
}

var _ connect.Writes = Source{}

// Writes are the topics as far as the options name them: those of a query and of
// a whitelist, or else all that begin with topicPrefix.
func (s Source) Writes() (topics []connect.TopicName, all bool) {
	switch {
	case s.Query != "":
		return []connect.TopicName{{Name: s.TopicPrefix}}, true
	case len(s.TableWhitelist) == 0 || s.Connection == nil:
		return []connect.TopicName{{Name: s.TopicPrefix, Prefix: true}}, true
	}
	d := s.Connection.Dialect()
	for _, name := range s.TableWhitelist {
		t, err := d.ParseTable(name)
		if err != nil || t.Name == "" {
			return []connect.TopicName{{Name: s.TopicPrefix, Prefix: true}}, true
		}
		if topic := (connect.TopicName{Name: s.TopicPrefix + t.Name}); !slices.Contains(topics, topic) {
			topics = append(topics, topic)
		}
	}
	return topics, true
}
