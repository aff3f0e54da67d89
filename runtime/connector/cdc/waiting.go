package cdc

import (
	"encoding/json"
	"fmt"

	"kcgen.dev/runtime/connect"
)

// Waiting are signals of which not all is done yet. They are part of the offset
// until it is, so that a crash does not lose them; what was broken off begins anew.
type Waiting struct {
	Key     string // of offsets: Heard or Blocking
	Signals []Signal
}

// The keys of offsets that hold signals that wait. Debezium keeps none: what is
// broken off there is not done.
const (
	Heard    = "kcgen_signals"            // the log was read behind them
	Blocking = "kcgen_blocking_snapshots" // the stream waits for them
)

// Load takes them from an offset.
func (w *Waiting) Load(o connect.SourceOffset) error {
	w.Signals = nil
	text, ok := o[w.Key].(string)
	if !ok {
		return nil
	}
	if err := json.Unmarshal([]byte(text), &w.Signals); err != nil {
		return fmt.Errorf("cdc: the offset's %s: %w", w.Key, err)
	}
	return nil
}

// Store adds them to an offset.
func (w *Waiting) Store(o connect.SourceOffset) {
	if len(w.Signals) == 0 {
		return
	}
	text, _ := json.Marshal(w.Signals) // texts and flags: it cannot fail
	o[w.Key] = string(text)
}

// Add has a signal wait.
func (w *Waiting) Add(g Signal) { w.Signals = append(w.Signals, g) }

// Done says that the first was done, or that it cannot be.
func (w *Waiting) Done() { w.Signals = w.Signals[1:] }
