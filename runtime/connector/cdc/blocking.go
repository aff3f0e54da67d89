package cdc

import (
	"encoding/json"
	"fmt"

	"kcgen.dev/runtime/connect"
)

// Blocking are snapshots that signals have asked for, and for which the stream
// waits. They are part of the offset until they are read, so that a crash does not
// lose them; one that was broken off begins anew.
type Blocking struct{ Waiting []Signal }

// blockingOffset is the key of offsets that holds them. Debezium keeps nothing: a
// snapshot that is broken off there is not read to its end.
const blockingOffset = "kcgen_blocking_snapshots"

// Load takes them from an offset.
func (b *Blocking) Load(o connect.SourceOffset) error {
	b.Waiting = nil
	text, ok := o[blockingOffset].(string)
	if !ok {
		return nil
	}
	if err := json.Unmarshal([]byte(text), &b.Waiting); err != nil {
		return fmt.Errorf("cdc: the offset's %s: %w", blockingOffset, err)
	}
	return nil
}

// Store adds them to an offset.
func (b *Blocking) Store(o connect.SourceOffset) {
	if len(b.Waiting) == 0 {
		return
	}
	text, _ := json.Marshal(b.Waiting) // texts and flags: it cannot fail
	o[blockingOffset] = string(text)
}

// Done says that the first was read, or that it cannot be.
func (b *Blocking) Done() { b.Waiting = b.Waiting[1:] }
