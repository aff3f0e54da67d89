package postgres

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const heldMost = 1000

// TestHeldWarns takes sizes of the slot in turn.
func TestHeldWarns(t *testing.T) {
	var log bytes.Buffer
	c := &capture{cfg: Source{SlotName: "s", SlotBytesBound: heldMost}, log: slog.New(slog.NewTextHandler(&log, nil))}
	w := &watch{capture: c, warnAt: heldMost}
	for i, look := range []struct {
		held, room int64
		warns      bool
	}{
		{0, -1, false}, {heldMost - 1, -1, false}, {heldMost, 77, true}, {heldMost + 5, -1, false}, {2 * heldMost, -1, true},
		{3 * heldMost, -1, false}, {10, -1, false}, {heldMost, -1, true},
	} {
		log.Reset()
		if err := w.note("0/10", look.held, look.room); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(log.String(), "slot=s bytes="); got != look.warns {
			t.Errorf("look %d, at %d bytes: warns: %v; log %q", i, look.held, got, log.String())
		}
		if got := strings.Contains(log.String(), "=77"); got != (look.room == 77) {
			t.Errorf("look %d tells of room: %v", i, got)
		}
		want := map[string]float64{"slot_bytes": float64(look.held), "slot_bytes_bound": heldMost}
		if look.room >= 0 {
			want["slot_bytes_left"] = float64(look.room)
		}
		got := map[string]float64{}
		for _, g := range c.Gauges() {
			got[g.Name] = g.Value
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("look %d: %s", i, diff)
		}
	}
	if c.server.Load() != 0x10 {
		t.Errorf("the log ends at %d", c.server.Load())
	}
	if err := w.note("no place", 0, 0); err == nil {
		t.Error("it takes what is no place in the log")
	}
}

func TestAge(t *testing.T) {
	var a age
	at := func(least time.Duration, known bool) {
		t.Helper()
		if d, ok := a.now(); d < least || ok != known || least == 0 && d != 0 {
			t.Errorf("got %v, %v; want %v or more, %v", d, ok, least, known)
		}
	}
	at(0, false)
	a.begin(microsOf(time.Now().Add(-time.Hour)))
	at(time.Hour, true)
	a.end()
	at(time.Hour, true)
	a.begin(microsOf(time.Now().Add(time.Hour))) // the server's clock is ahead
	at(0, true)
	a.end()
	at(0, true)
	a.begin(1)
	a.none()
	a.forget()
	at(0, false)
}
