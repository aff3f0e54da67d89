// Package loglevel keeps loggers by name, with levels that change while the
// program runs: Kafka Connect's /admin/loggers over slog.
//
// A logger's name comes from what it is made with:
//
//	log.With("logger", "kafka")          kafka
//	log.With("connector", "orders", …)   connector.orders
//
// and every other one is root. A name with a dot behind it is the parent of
// those that begin so; root is the parent of all. Setting a parent's level sets
// its children's, and those that come later have the nearest parent's.
package loglevel

import (
	"context"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

// Root is the name of the logger that is every other one's parent.
const Root = "root"

// Off is above every level.
const Off = slog.Level(math.MaxInt32)

// Levels are the loggers of a program.
type Levels struct {
	mu      sync.Mutex
	loggers map[string]*logger
}

type logger struct {
	level    slog.LevelVar
	modified time.Time
}

// State is a logger's level, and when it was set; the zero time is never.
type State struct {
	Level    slog.Level
	Modified time.Time
}

// New gives loggers of one level.
func New(level slog.Level) *Levels {
	l := &Levels{loggers: map[string]*logger{}}
	root := &logger{}
	root.level.Set(level)
	l.loggers[Root] = root
	return l
}

// Handler lets through to h what the logger's level does. h itself should let
// everything through.
func (l *Levels) Handler(h slog.Handler) slog.Handler {
	return &handler{next: h, levels: l, logger: l.logger(Root)}
}

// logger is the logger of a name; a new one begins with its parent's level.
func (l *Levels) logger(name string) *logger {
	l.mu.Lock()
	defer l.mu.Unlock()
	if found := l.loggers[name]; found != nil {
		return found
	}
	n := &logger{}
	n.level.Set(l.loggers[l.parent(name)].level.Level())
	l.loggers[name] = n
	return n
}

// parent is the nearest parent that there is.
func (l *Levels) parent(name string) string {
	for i := strings.LastIndexByte(name, '.'); i > 0; i = strings.LastIndexByte(name[:i], '.') {
		if l.loggers[name[:i]] != nil {
			return name[:i]
		}
	}
	return Root
}

// All are the loggers that there are.
func (l *Levels) All() map[string]State {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make(map[string]State, len(l.loggers))
	for name, n := range l.loggers {
		out[name] = State{n.level.Level(), n.modified}
	}
	return out
}

// Get is one logger; false where there is none of the name.
func (l *Levels) Get(name string) (State, bool) {
	s, ok := l.All()[name]
	return s, ok
}

// Set sets the level of a logger and of its children, and returns their names.
// They are none where nothing has the name or a name below it: loggers are not
// made by asking for them.
func (l *Levels) Set(name string, level slog.Level, now time.Time) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, n := range slices.Sorted(maps.Keys(l.loggers)) {
		if n == name || name == Root || strings.HasPrefix(n, name+".") {
			out = append(out, n)
		}
	}
	if len(out) > 0 && !slices.Contains(out, name) {
		l.loggers[name] = &logger{} // a parent that no logger was made with
		out = slices.Insert(out, 0, name)
	}
	for _, n := range out {
		l.loggers[n].level.Set(level)
		l.loggers[n].modified = now
	}
	return out
}

type handler struct {
	next   slog.Handler
	levels *Levels
	logger *logger
	group  bool
}

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.logger.level.Level() && h.next.Enabled(ctx, level)
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error { return h.next.Handle(ctx, r) }

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := *h
	out.next = h.next.WithAttrs(attrs)
	for _, a := range attrs {
		if name := nameOf(a); name != "" && !h.group {
			out.logger = h.levels.logger(name)
		}
	}
	return &out
}

func (h *handler) WithGroup(name string) slog.Handler {
	out := *h
	out.next, out.group = h.next.WithGroup(name), h.group || name != ""
	return &out
}

// nameOf is the name that an attribute gives its logger.
func nameOf(a slog.Attr) string {
	if a.Value.Kind() != slog.KindString {
		return ""
	}
	switch a.Key {
	case "logger":
		return a.Value.String()
	case "connector":
		return "connector." + a.Value.String()
	}
	return ""
}

// names are Kafka Connect's, which are log4j's.
var names = map[string]slog.Level{
	"ALL": math.MinInt32, "TRACE": slog.LevelDebug - 4, "DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo,
	"WARN": slog.LevelWarn, "ERROR": slog.LevelError, "FATAL": slog.LevelError + 4, "OFF": Off,
}

// Parse reads a level's name, in upper or lower case.
func Parse(name string) (slog.Level, bool) {
	l, ok := names[strings.ToUpper(name)]
	return l, ok
}

// Name is a level's name: the nearest one that is not above it.
func Name(level slog.Level) string {
	best, at := "ALL", slog.Level(math.MinInt32)
	for name, l := range names {
		if l <= level && l >= at {
			best, at = name, l
		}
	}
	return best
}
