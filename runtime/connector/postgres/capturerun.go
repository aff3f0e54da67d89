package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

// session is what one run of a capture works with.
type session struct {
	*capture
	conn    *pgx.Conn     // for questions
	link    *link         // for the log
	server  int           // its version, as 150004
	silence time.Duration // of the log, that is too long; 0: none is
	slot    *slot         // nil: it is not there
	made    newSlot       // where this run made the slot
	tables  tables
	current state // of the decoders

	badValues map[string]bool // columns of which a value could not be read
}

// capture reads the snapshot, where there is one to read, and then the log.
func (c *capture) capture(ctx context.Context) error {
	s := &session{capture: c, badValues: map[string]bool{}}
	err := s.connect(ctx)
	if err == nil {
		defer s.close()
		err = s.all(ctx)
	}
	switch {
	case err == nil, ctx.Err() != nil:
		return nil
	case errors.Is(err, errEnded):
		return connect.Retry(fmt.Errorf("postgres: capture %s: %w", c.cfg.Database, err))
	}
	return dialect{}.Fault(err).Worker("postgres: capture "+c.cfg.Database.String(), err)
}

func (s *session) connect(ctx context.Context) (err error) {
	if s.conn, err = pgx.ConnectConfig(ctx, s.config); err != nil {
		return err
	}
	s.tables = s.newTables()
	var timeout int64
	err = s.conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, setting::bigint FROM pg_catalog.pg_settings WHERE name = 'wal_sender_timeout'`).
		Scan(&s.server, &timeout)
	s.silence = 2 * time.Duration(timeout) * time.Millisecond
	return err
}

func (c *capture) newTables() tables {
	return tables{modes: c.cfg.modes(), emit: c.emit, lock: &c.laying, warn: c.log.Warn}
}

func (s *session) close() {
	s.link.close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.conn.Close(ctx)
}

func (s *session) all(ctx context.Context) (err error) {
	if s.cfg.SnapshotMode == "initial_only" {
		return s.onlySnapshot(ctx)
	}
	if err := s.publish(ctx, s.conn); err != nil {
		return err
	}
	again := s.again
	read, err := s.prepare(ctx)
	if err != nil {
		return err
	}
	defer s.watch(ctx)()
	switch {
	case read:
		if err := s.snapshot(ctx); err != nil {
			return err
		}
	case !again:
		s.notify(ctx, cdc.Notification{About: cdc.InitialSnapshot, Type: cdc.Skipped})
	}
	return s.stream(ctx)
}

func (s *session) onlySnapshot(ctx context.Context) error {
	if s.pos.known() && !s.pos.inSnapshot() {
		s.log.Info("the snapshot was read before, and snapshotMode initial_only reads nothing more")
		return nil
	}
	return s.snapshot(ctx)
}

// prepare finds or makes the slot, and says whether rows are to be read first.
func (s *session) prepare(ctx context.Context) (read bool, err error) {
	if s.slot, err = findSlot(ctx, s.conn, s.cfg.SlotName); err != nil {
		return false, err
	}
	if s.slot != nil {
		if err := s.slot.usable(s.cfg.SlotName, s.config.Database); err != nil {
			return false, err
		}
	}
	switch s.cfg.SnapshotMode {
	case "no_data":
	case "always":
		read = !s.again
		if read && s.pos.known() && !s.pos.inSnapshot() {
			s.setPosition(position{})
		}
	default:
		read = !s.pos.known() || s.pos.inSnapshot()
	}
	if s.link, err = openLink(ctx, s.config); err != nil {
		return false, err
	}
	if anew, err := s.sameOwner(ctx); err != nil {
		return false, err
	} else if anew {
		s.setPosition(position{})
		read = s.cfg.SnapshotMode != "no_data"
	}
	if s.pos.known() {
		anew, err := s.mismatch(ctx)
		if err != nil {
			return false, err
		}
		read = read || anew
	}
	if err := s.failOver(ctx); err != nil {
		return false, err
	}
	if s.slot == nil {
		s.log.Info("the slot is made", "slot", s.cfg.SlotName)
		if s.made, err = createSlot(ctx, s.link, s.cfg.SlotName, false, s.cfg.SlotFailover, s.server); err != nil {
			return false, err
		}
		if s.pos.known() && !read {
			s.setPosition(position{at: s.made.at}) // what was between is lost, as was said
		}
	}
	if !read && !s.pos.known() {
		at := s.made.at
		if s.slot != nil {
			at = s.slot.confirmed
		}
		s.setPosition(position{at: at, time: microsOf(time.Now())})
	}
	s.again = true
	return read, nil
}

func (s *session) setPosition(p position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pos = p
}

// mismatch looks whether the slot still has what comes behind the position. anew
// is whether all rows are to be read anew because it has not.
func (s *session) mismatch(ctx context.Context) (anew bool, err error) {
	name, from := s.cfg.SlotName, s.pos.start()
	end, err := s.logEnd(ctx)
	if err != nil {
		return false, err
	}
	problem := ""
	switch {
	case from > end:
		problem = fmt.Sprintf("the offset is at %s (%d), and the server's log ends before, at %s (%d): the database was restored, or another server has taken over that had not had all; what is changed until the log is there again is lost",
			from, from, end, end)
	case s.slot == nil:
		problem = fmt.Sprintf("slot %s is gone: what was changed behind %s (%d) until a new one is made is lost", name, from, from)
	case s.slot.status == "lost":
		problem = fmt.Sprintf("the server has let go of the log that slot %s was to keep (max_slot_wal_keep_size): what was changed behind %s (%d) is lost", name, from, from)
	case s.slot.confirmed > from:
		problem = fmt.Sprintf("slot %s was moved to %s (%d), and the offset is at %s (%d): what was changed between is lost",
			name, s.slot.confirmed, s.slot.confirmed, from, from)
	default:
		return false, nil
	}
	switch {
	case s.cfg.SnapshotMode == "when_needed":
		s.log.Warn("all rows are read anew: "+problem, "slot", name)
		s.setPosition(position{})
		anew = true
	case s.cfg.OffsetMismatchStrategy == "trust_offset":
		return false, connect.Fatal(errors.New(problem +
			"; reset the offsets to read all rows anew (or set snapshotMode to when_needed), or set offsetMismatchStrategy to trust_slot to go on without them"))
	default:
		s.log.Warn("changes are passed over: "+problem, "slot", name, "offsetMismatchStrategy", s.cfg.OffsetMismatchStrategy)
		if from > end && s.slot != nil {
			s.setPosition(position{at: s.slot.confirmed})
		}
	}
	if s.slot != nil && s.slot.status == "lost" {
		if _, err := s.conn.Exec(ctx, "SELECT pg_drop_replication_slot($1)", name); err != nil {
			return false, fmt.Errorf("drop slot %s: %w", name, err)
		}
		s.slot = nil
	}
	return anew, nil
}

// logEnd is where the server's log ends; that of a standby goes on by itself to
// where its primary is, so it has no end.
func (s *session) logEnd(ctx context.Context) (lsn, error) {
	var at *string
	err := s.conn.QueryRow(ctx, "SELECT (CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_lsn() END)::text").Scan(&at)
	switch {
	case err != nil:
		return 0, fmt.Errorf("ask where the server's log ends: %w", err)
	case at == nil:
		return math.MaxUint64, nil
	}
	return parseLSN(*at)
}

// open begins to stream from the position. Where somebody else reads from the
// slot, it may be our own connection of before, of which the server has not
// noticed that it is gone.
func (s *session) open(ctx context.Context) error {
	var sql strings.Builder
	publication := strings.ReplaceAll(dialect{}.quote(s.cfg.PublicationName), "'", "''")
	fmt.Fprintf(&sql, `START_REPLICATION SLOT "%s" LOGICAL %s (proto_version '1', publication_names '%s'`, s.cfg.SlotName, s.pos.start(), publication)
	if s.server >= 140000 {
		sql.WriteString(", messages 'true'")
	}
	sql.WriteString(")")
	until := time.Now().Add(time.Duration(s.cfg.SlotMaxRetries) * s.cfg.SlotRetryDelay)
	for {
		err := s.link.start(ctx, sql.String())
		if err == nil || !isActive(err) {
			return err
		}
		if !time.Now().Before(until) {
			return connect.Fatal(fmt.Errorf("slot %s is used by somebody else; each capture needs a slot of its own (slotName): %w", s.cfg.SlotName, err))
		}
		s.log.Warn("the slot is in use; it is tried again", "slot", s.cfg.SlotName, "error", err)
		if err := wait(ctx, min(time.Second, s.cfg.SlotRetryDelay)); err != nil {
			return err
		}
		s.link.close()
		if s.link, err = openLink(ctx, s.config); err != nil {
			return err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
