package postgres

import (
	"context"
	"errors"
	"fmt"

	"kcgen.dev/runtime/connect"
)

// owner is whose a position is: places in the log of another server mean
// something else, and another slot may lack what comes behind.
type owner struct{ slot, system string }

// ownerOf is what an offset tells of it; Debezium's tell nothing.
func ownerOf(o connect.SourceOffset) (w owner) {
	w.slot, _ = o[keySlot].(string)
	w.system, _ = o[keySystem].(string)
	return w
}

func (w owner) store(o connect.SourceOffset) {
	if w.slot != "" {
		o[keySlot] = w.slot
	}
	if w.system != "" {
		o[keySystem] = w.system
	}
}

// sameOwner looks whether the position is of the slot and of the server that are
// asked for, and takes these for its owners from now on. anew: it is another server,
// and that is allowed.
func (s *session) sameOwner(ctx context.Context) (anew bool, err error) {
	is, err := s.identify(ctx)
	if err != nil {
		return false, err
	}
	was := s.owner
	if err := s.identity.Same("the system identifier of "+s.cfg.Database.String(), was.system, is.system,
		"places in the log of one server mean nothing in that of another"); err != nil {
		return false, connect.Fatal(err)
	}
	if err := s.identity.Same("slotName", was.slot, is.slot, fmt.Sprintf(
		"slot %[1]s may lack changes that %[2]s has kept, and %[2]s would keep the server's log for ever (while no capture runs, SELECT pg_copy_logical_replication_slot('%[2]s', '%[1]s') makes one that lacks nothing; then drop %[2]s)",
		is.slot, was.slot)); err != nil {
		return false, connect.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.capture.owner = is
	return was.system != "" && was.system != is.system, nil
}

// identify asks the server for its identifier, which its standbys share.
func (s *session) identify(ctx context.Context) (owner, error) {
	row, err := s.link.command(ctx, "IDENTIFY_SYSTEM")
	if err == nil && len(row) == 0 {
		err = errors.New("the server gave none")
	}
	if err != nil {
		return owner{}, fmt.Errorf("ask for the server's identifier: %w", err)
	}
	return owner{s.cfg.SlotName, string(row[0])}, nil
}
