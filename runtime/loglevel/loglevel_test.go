package loglevel_test

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/loglevel"
)

func TestLevels(t *testing.T) {
	var out bytes.Buffer
	levels := loglevel.New(slog.LevelInfo)
	log := slog.New(levels.Handler(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.Level(-100)})))
	orders := log.With("connector", "orders", "task", 0)
	kafka := log.With("logger", "kafka")
	said := func(l *slog.Logger) bool {
		out.Reset()
		l.Debug("x")
		return out.Len() > 0
	}

	if said(log) || said(orders) || said(kafka) {
		t.Error("debug lines under level info")
	}
	at := time.Unix(1700000000, 0)
	if got := levels.Set("connector.orders", slog.LevelDebug, at); !slices.Equal(got, []string{"connector.orders"}) {
		t.Errorf("set %v", got)
	}
	if said(log) || !said(orders) || said(kafka) {
		t.Error("the level of one logger is not its own")
	}
	if s, ok := levels.Get("connector.orders"); !ok || s.Level != slog.LevelDebug || !s.Modified.Equal(at) {
		t.Errorf("orders is %v, %v", s, ok)
	}
	// A parent that no logger was made with: later ones have its level.
	if got := levels.Set("connector", slog.LevelDebug, at); !slices.Equal(got, []string{"connector", "connector.orders"}) {
		t.Errorf("set %v", got)
	}
	if !said(log.With("connector", "later")) {
		t.Error("a later logger has not its parent's level")
	}
	if got := levels.Set(loglevel.Root, loglevel.Off, at); len(got) != 5 {
		t.Errorf("set %v", got)
	}
	out.Reset()
	orders.Error("x")
	if out.Len() > 0 {
		t.Error("a line under OFF")
	}
	if got := levels.Set("nobody", slog.LevelDebug, at); got != nil {
		t.Errorf("set %v", got)
	}
	// What stands in a group is no logger's name, nor is what is no text.
	levels.Set(loglevel.Root, slog.LevelInfo, at)
	log.WithGroup("g").With("connector", "grouped")
	log.With("connector", 5)
	if all := levels.All(); len(all) != 5 {
		t.Errorf("loggers %v", all)
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"ALL", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "OFF"} {
		l, ok := loglevel.Parse(strings.ToLower(name))
		if !ok || loglevel.Name(l) != name {
			t.Errorf("%s is %v, which is %s", name, l, loglevel.Name(l))
		}
	}
	if _, ok := loglevel.Parse("NOPE"); ok {
		t.Error("NOPE is a level")
	}
	if got := loglevel.Name(slog.LevelWarn + 1); got != "WARN" {
		t.Errorf("above WARN is %s", got)
	}
}
