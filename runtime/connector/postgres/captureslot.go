package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"kcgen.dev/runtime/connector/cdc"
)

// slot is a replication slot as the server knows it.
type slot struct {
	plugin, database string
	active           bool
	pid              int32
	confirmed        lsn    // the server may have let go of what is before
	status           string // "lost": it has let go of what was not read
	failover         bool   // it is kept on standbys too
}

const slotQuery = `SELECT coalesce(plugin::text, ''), coalesce(database::text, ''), active, coalesce(active_pid, 0),
	coalesce(confirmed_flush_lsn::text, '0/0'), coalesce((to_jsonb(s) ->> 'wal_status'), ''), coalesce((to_jsonb(s) ->> 'failover')::bool, false)
FROM pg_catalog.pg_replication_slots s WHERE slot_name = $1`

// findSlot looks for a slot; nil: there is none.
func findSlot(ctx context.Context, c *pgx.Conn, name string) (*slot, error) {
	var (
		s         slot
		confirmed string
	)
	err := c.QueryRow(ctx, slotQuery, name).Scan(&s.plugin, &s.database, &s.active, &s.pid, &confirmed, &s.status, &s.failover)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		s.confirmed, err = parseLSN(confirmed)
	}
	if err != nil {
		return nil, fmt.Errorf("look for slot %s: %w", name, err)
	}
	return &s, nil
}

const pluginName = "pgoutput"

// usable says why the slot cannot be read by us at all.
func (s *slot) usable(name, database string) error {
	switch {
	case s.plugin != pluginName:
		return fmt.Errorf("slot %s is of the plugin %q, not %s: take another slotName, or drop it (SELECT pg_drop_replication_slot('%s'))", name, s.plugin, pluginName, name)
	case s.database != database:
		return fmt.Errorf("slot %s is of the database %q: slots are of the whole server; take another slotName", name, s.database)
	}
	return nil
}

// newSlot is what the server tells of a slot that was made: from where on it tells
// changes, and by what name the database as it was there can be read.
type newSlot struct {
	at       lsn
	snapshot string
}

// createSlot makes a slot. The link must not be used before the snapshot was
// taken over by another transaction, or it is gone.
func createSlot(ctx context.Context, l *link, name string, temporary, failover bool, server int) (newSlot, error) {
	sql := `CREATE_REPLICATION_SLOT "` + strings.ReplaceAll(name, `"`, `""`) + `"`
	if temporary {
		sql += " TEMPORARY"
	}
	sql += " LOGICAL " + pluginName
	switch {
	case server >= failoverSince && failover && !temporary:
		sql += " (SNAPSHOT 'export', FAILOVER true)"
	case server >= 150000:
		sql += " (SNAPSHOT 'export')"
	default:
		sql += " EXPORT_SNAPSHOT"
	}
	row, err := l.command(ctx, sql)
	if err == nil && len(row) < 3 {
		err = errors.New("the server did not tell where it begins")
	}
	if err != nil {
		return newSlot{}, fmt.Errorf("make slot %s: %w", name, err)
	}
	at, err := parseLSN(string(row[1]))
	return newSlot{at, string(row[2])}, err
}

// failoverSince is the server that can keep slots on standbys.
const failoverSince = 170000

// failOver has the server keep the slot on standbys too, where that is asked for.
// A slot that is there may not be in use for that.
func (s *session) failOver(ctx context.Context) error {
	switch {
	case !s.cfg.SlotFailover:
		return nil
	case s.server < failoverSince:
		s.log.Warn("slotFailover does nothing: the server must be PostgreSQL 17 or newer", "server_version_num", s.server)
		return nil
	case s.slot == nil || s.slot.failover:
		return nil
	}
	name := s.cfg.SlotName
	if _, err := s.link.command(ctx, `ALTER_REPLICATION_SLOT "`+name+`" (FAILOVER true)`); err != nil && !isActive(err) {
		return fmt.Errorf("slotFailover: alter slot %s: %w", name, err)
	} else if err != nil {
		s.log.Warn("slotFailover: the slot is in use, and stays as it is until the next start", "slot", name)
		return nil
	}
	s.log.Info("the slot is kept on standbys from now on", "slot", name)
	return nil
}

// dropSlot drops the slot, as far as that goes.
func (c *capture) dropSlot() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, c.config)
	if err == nil {
		_, err = conn.Exec(ctx, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT active", c.cfg.SlotName)
		_ = conn.Close(ctx)
	}
	if err != nil {
		c.log.Warn("the slot was not dropped", "slot", c.cfg.SlotName, "error", err)
	}
}

// isActive says whether an error is that somebody else uses the slot.
func isActive(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "55006"
}

const publicationQuery = `SELECT puballtables, coalesce((to_jsonb(p) ->> 'pubviaroot')::bool, false) FROM pg_catalog.pg_publication p WHERE pubname = $1`

// publish sees to it that the publication is there.
func (c *capture) publish(ctx context.Context, conn *pgx.Conn) error {
	name := c.cfg.PublicationName
	var all bool
	c.viaRoot = c.cfg.PublishViaPartitionRoot
	err := conn.QueryRow(ctx, publicationQuery, name).Scan(&all, &c.viaRoot)
	missing := errors.Is(err, pgx.ErrNoRows)
	if err != nil && !missing {
		return fmt.Errorf("look for publication %s: %w", name, err)
	}
	quoted := dialect{}.quote(name)
	with := ""
	if c.cfg.PublishViaPartitionRoot {
		with = " WITH (publish_via_partition_root = true)"
	}
	switch mode := c.cfg.PublicationAutocreateMode; {
	case missing && mode == "disabled":
		return fmt.Errorf("publication %s is not there, and publicationAutocreateMode is disabled: CREATE PUBLICATION %s FOR TABLE …", name, quoted)
	case missing && mode == "all_tables":
		return c.alterPublication(ctx, conn, "CREATE PUBLICATION "+quoted+" FOR ALL TABLES"+with)
	case missing && mode == "no_tables":
		return c.alterPublication(ctx, conn, "CREATE PUBLICATION "+quoted+with)
	case mode == "filtered" && all:
		return fmt.Errorf("publication %s is of all tables and cannot be filtered: drop it, or set publicationAutocreateMode to all_tables", name)
	case mode == "filtered":
		return c.publishFiltered(ctx, conn, quoted, with, missing)
	}
	return nil
}

const publishedQuery = `SELECT n.nspname::text, c.relname::text FROM pg_catalog.pg_publication p
JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE p.pubname = $1 ORDER BY 1, 2`

// publishFiltered makes the publication one of the tables that are captured.
func (c *capture) publishFiltered(ctx context.Context, conn *pgx.Conn, quoted, with string, missing bool) error {
	want, err := c.captured(ctx, conn)
	if err != nil {
		return err
	}
	if len(want) == 0 {
		return errors.New("publicationAutocreateMode is filtered, and no table is captured: see tableIncludeList and schemaIncludeList")
	}
	var list []string
	for _, t := range want {
		list = append(list, quoteTable(t))
	}
	tables := strings.Join(list, ", ")
	if missing {
		return c.alterPublication(ctx, conn, "CREATE PUBLICATION "+quoted+" FOR TABLE "+tables+with)
	}
	rows, err := conn.Query(ctx, publishedQuery, c.cfg.PublicationName)
	if err != nil {
		return err
	}
	has, err := pgx.CollectRows(rows, scanTableID)
	if err != nil {
		return err
	}
	order := func(a, b cdc.TableID) int { return strings.Compare(quoteTable(a), quoteTable(b)) }
	slices.SortFunc(has, order)
	slices.SortFunc(want, order)
	if slices.Equal(has, want) {
		return nil
	}
	return c.alterPublication(ctx, conn, "ALTER PUBLICATION "+quoted+" SET TABLE "+tables)
}

func (c *capture) alterPublication(ctx context.Context, conn *pgx.Conn, sql string) error {
	c.log.Info("the publication is made", "statement", sql)
	if _, err := conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

func scanTableID(r pgx.CollectableRow) (id cdc.TableID, err error) {
	return id, r.Scan(&id.Schema, &id.Table)
}

func quoteTable(t cdc.TableID) string {
	return dialect{}.quote(t.Schema) + "." + dialect{}.quote(t.Table)
}

// capturableQuery lists tables, and where the log tells changes of partitions as
// those of the whole no partitions; else no tables that have some.
const capturableQuery = `SELECT n.nspname::text, c.relname::text
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND left(n.nspname, 3) <> 'pg_' AND n.nspname <> 'information_schema'
	AND CASE WHEN $1 THEN NOT c.relispartition ELSE c.relkind = 'r' END
ORDER BY 1, 2`

// captured lists the tables that are captured.
func (c *capture) captured(ctx context.Context, conn *pgx.Conn) ([]cdc.TableID, error) {
	rows, err := conn.Query(ctx, capturableQuery, c.viaRoot)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanTableID)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	return slices.DeleteFunc(all, func(t cdc.TableID) bool { return !c.sieve.table(t.Schema, t.Table) }), nil
}
