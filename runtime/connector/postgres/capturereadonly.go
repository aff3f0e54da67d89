package postgres

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// askEvery is how often the server is asked how far it is while a chunk waits for
// that.
const askEvery = 20 * time.Millisecond

// Place is where the log is now: what a query has seen is in the log before, though
// it may not be on the disk yet, and so not in the stream.
func (k *chunks) Place(ctx context.Context) (any, error) {
	var at string
	err := k.s.conn.QueryRow(ctx, "SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END)::text").Scan(&at)
	if err != nil {
		return nil, err
	}
	return parseLSN(at)
}

// reach tells the chunk that waits, where the log was read up to its place. The
// server is to say how far it is while one waits; at once, if the next may be
// told.
func (s *stream) reach(ctx context.Context) error {
	reached := !s.open && !s.replay.active && s.inc.Due(s.passed)
	if reached {
		if err := s.inc.Reached(ctx, s.passed, s.chunkTeller(ctx)); err != nil {
			return err
		}
		s.keepState()
	}
	waits := s.inc.Waits()
	if was := s.asking.Swap(waits); waits && (reached || !was) {
		signal(s.confirm)
	}
	return nil
}

// passed says whether all of the log up to a place was read.
func (s *stream) passed(place any) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return place.(lsn) <= max(s.idle, s.pos.commit)
}

// unseen are transactions that the stream told of late, which queries may not see
// yet: the server streams what is on the disk, and shows it a moment later; where
// it waits for a standby, that may take long. A chunk that was read in between
// would have rows that are older than what the stream has told.
type unseen struct {
	ids  [256]uint32
	last [256]time.Time
	next int
}

// unseenFor is how long a transaction is minded, so that numbers that are used
// again mean nothing.
const unseenFor = time.Hour

func (u *unseen) add(id uint32) {
	u.ids[u.next], u.last[u.next] = id, time.Now()
	u.next = (u.next + 1) % len(u.ids)
}

// in says whether one of them is not seen in a snapshot: it was not begun by then,
// or was open.
func (u *unseen) in(next uint32, open []uint32) bool {
	for i, id := range u.ids {
		if u.last[i].IsZero() || time.Since(u.last[i]) > unseenFor {
			continue
		}
		if int32(id-next) >= 0 || slices.Contains(open, id) {
			return true
		}
	}
	return false
}

// seen waits until queries see all that the stream has told.
func (s *stream) seen(ctx context.Context) error {
	for !s.unseen.last[0].IsZero() {
		var text string
		if err := s.conn.QueryRow(ctx, "SELECT txid_current_snapshot()::text").Scan(&text); err != nil {
			return err
		}
		next, open, err := parseSnapshot(text)
		if err != nil {
			return err
		}
		if !s.unseen.in(next, open) {
			s.unseen = unseen{}
			return nil
		}
		if err := wait(ctx, askEvery); err != nil {
			return err
		}
	}
	return nil
}

// parseSnapshot reads XMIN:XMAX:OPEN,…: the number that no transaction has had
// yet, and those that are open, without their epochs.
func parseSnapshot(text string) (next uint32, open []uint32, err error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return 0, nil, fmt.Errorf("%q is no snapshot", text)
	}
	number := func(text string) uint32 {
		n, fault := strconv.ParseUint(text, 10, 64)
		if fault != nil {
			err = fmt.Errorf("%q is no snapshot", parts)
		}
		return uint32(n)
	}
	next = number(parts[1])
	if parts[2] != "" {
		for id := range strings.SplitSeq(parts[2], ",") {
			open = append(open, number(id))
		}
	}
	return next, open, err
}
