package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

var _ connect.Checks = Source{}

// Check looks whether changes can be captured: at the server's settings, at the
// user's rights, the publication, the slot and the tables.
func (s Source) Check(ctx context.Context, cc connect.CheckContext) []connect.Finding {
	s = s.filledIn()
	k := &checking{src: s, Findings: connect.Findings{About: s.Database.String()}}
	c, err := newCapture(s)
	if err != nil {
		return k.bad("the options of "+cc.Name+" fit together", err.Error(), "")
	}
	k.capture = c
	if k.conn, err = pgx.ConnectConfig(ctx, c.config); err != nil {
		return k.bad("it can be connected to", err.Error(), "see that it runs, and that database names its address, user and password")
	}
	defer k.conn.Close(ctx)
	k.Good("it can be connected to")
	for _, look := range []func(context.Context) error{k.level, k.replicates, k.published, k.slots, k.rows} {
		if err := look(ctx); err != nil {
			k.bad("its catalog can be read", err.Error(), "")
			break
		}
	}
	return k.All
}

// checking is a check under way.
type checking struct {
	src     Source
	capture *capture
	conn    *pgx.Conn
	connect.Findings
}

// bad adds a problem, and gives all.
func (k *checking) bad(what, problem, fix string) []connect.Finding {
	k.Say(what, problem, fix)
	return k.All
}

// level looks whether the log tells enough, and whether there is room for a slot.
func (k *checking) level(ctx context.Context) error {
	var level string
	var senders, slots, used int
	err := k.conn.QueryRow(ctx, `SELECT current_setting('wal_level'), current_setting('max_wal_senders')::int, current_setting('max_replication_slots')::int,
		(SELECT count(*) FROM pg_catalog.pg_replication_slots WHERE slot_name <> $1)::int`, k.src.SlotName).Scan(&level, &senders, &slots, &used)
	if err != nil {
		return err
	}
	if level != "logical" {
		k.bad("wal_level is logical", "it is "+level, "ALTER SYSTEM SET wal_level = logical; then restart the server")
	} else {
		k.Good("wal_level is logical")
	}
	if used >= slots {
		k.bad("there is room for a slot", fmt.Sprintf("max_replication_slots is %d, and %d are used by others", slots, used),
			fmt.Sprintf("ALTER SYSTEM SET max_replication_slots = %d; then restart the server", used+4))
	}
	if senders == 0 {
		k.bad("there is room for a connection of replication", "max_wal_senders is 0", "ALTER SYSTEM SET max_wal_senders = 10; then restart the server")
	}
	return nil
}

// replicates looks whether the user may replicate, and make a publication.
func (k *checking) replicates(ctx context.Context) error {
	var super, replicates, creates bool
	err := k.conn.QueryRow(ctx, `SELECT rolsuper, rolreplication, has_database_privilege(current_database(), 'CREATE')
		FROM pg_catalog.pg_roles WHERE rolname = current_user`).Scan(&super, &replicates, &creates)
	if err != nil {
		return err
	}
	user := dialect{}.quote(k.src.Database.User)
	if super || replicates {
		k.Good("the user may replicate")
	} else {
		k.bad("the user may replicate", "it has no right to", "ALTER ROLE "+user+" REPLICATION (on Amazon RDS: GRANT rds_replication TO "+user+")")
	}
	return nil
}

// published looks at the publication.
func (k *checking) published(ctx context.Context) error {
	name := k.src.PublicationName
	what := "publication " + name + " is there"
	var all, root bool
	err := k.conn.QueryRow(ctx, publicationQuery, name).Scan(&all, &root)
	switch {
	case err == nil:
		k.Good(what)
		k.capture.viaRoot = root
		if all {
			return nil
		}
		return k.publishes(ctx)
	case err != pgx.ErrNoRows:
		return err
	case k.src.PublicationAutocreateMode == "disabled":
		k.bad(what, "it is not, and publicationAutocreateMode is disabled", "CREATE PUBLICATION "+dialect{}.quote(name)+" FOR TABLE …")
		return nil
	}
	return k.mayPublish(ctx, what)
}

// publishes looks whether the captured tables are part of the publication.
func (k *checking) publishes(ctx context.Context) error {
	want, err := k.capture.captured(ctx, k.conn)
	if err != nil {
		return err
	}
	rows, err := k.conn.Query(ctx, `SELECT schemaname::text, tablename::text FROM pg_catalog.pg_publication_tables WHERE pubname = $1`, k.src.PublicationName)
	if err != nil {
		return err
	}
	has, err := pgx.CollectRows(rows, scanTableID)
	if err != nil {
		return err
	}
	for _, t := range want {
		if !slices.Contains(has, t) && k.src.PublicationAutocreateMode != "filtered" {
			k.Warn("table "+t.String()+" is part of publication "+k.src.PublicationName, "it is not, so its changes are not told",
				"ALTER PUBLICATION "+dialect{}.quote(k.src.PublicationName)+" ADD TABLE "+quoteTable(t))
		}
	}
	return nil
}

// mayPublish looks whether the user may make the publication.
func (k *checking) mayPublish(ctx context.Context, what string) error {
	var super, creates bool
	err := k.conn.QueryRow(ctx, `SELECT rolsuper, has_database_privilege(current_database(), 'CREATE') FROM pg_catalog.pg_roles WHERE rolname = current_user`).Scan(&super, &creates)
	if err != nil {
		return err
	}
	quoted := dialect{}.quote(k.src.PublicationName)
	switch {
	case k.src.PublicationAutocreateMode == "all_tables" && !super:
		k.bad(what, "it is not, and only a superuser may make one for all tables", "CREATE PUBLICATION "+quoted+" FOR ALL TABLES; as a superuser, or set publicationAutocreateMode to \"filtered\"")
	case !creates:
		k.bad(what, "it is not, and the user may not make one", "GRANT CREATE ON DATABASE … TO "+dialect{}.quote(k.src.Database.User))
	default:
		k.Good("publication " + k.src.PublicationName + " can be made")
	}
	return nil
}

// slots looks at the slot.
func (k *checking) slots(ctx context.Context) error {
	name := k.src.SlotName
	sl, err := findSlot(ctx, k.conn, name)
	if err != nil {
		return err
	}
	what := "slot " + name + " can be read"
	drop := "SELECT pg_drop_replication_slot('" + name + "')"
	switch {
	case sl == nil:
		k.Good("slot " + name + " is made at the first start: changes are told from then on")
	case sl.usable(name, k.capture.config.Database) != nil:
		k.bad(what, sl.usable(name, k.capture.config.Database).Error(), drop)
	case sl.status == "lost":
		k.bad(what, "the server has let go of the log that it was to keep (max_slot_wal_keep_size)", drop+", and read all rows anew")
	case sl.active:
		k.Warn(what, fmt.Sprintf("process %d reads it: a capture that runs, or another one that needs a slot of its own", sl.pid), "")
	default:
		k.Good(what)
	}
	return nil
}

// tableQuestions asks of a table: what identifies its rows in the log, whether it
// has a primary key, and whether the user may read it.
const tableQuestions = `SELECT c.relreplident::text, EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary),
	has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`

// rows looks at the captured tables.
func (k *checking) rows(ctx context.Context) error {
	tables, err := k.capture.captured(ctx, k.conn)
	if err != nil {
		return err
	}
	if len(tables) == 0 {
		k.bad("there are tables to capture", "none is: the names may be wrong, which match as schema.table", "see tableIncludeList and schemaIncludeList")
	}
	for _, t := range tables {
		if err := k.table(ctx, t); err != nil {
			return err
		}
	}
	if name := k.src.SignalDataCollection; name != "" && !slices.ContainsFunc(tables, func(t cdc.TableID) bool { return t.String() == name }) {
		k.bad("the table of signals is there", name+" is not", "CREATE TABLE "+name+" (id VARCHAR(42) PRIMARY KEY, type VARCHAR(32) NOT NULL, data VARCHAR(2048) NULL)")
	}
	return nil
}

func (k *checking) table(ctx context.Context, t cdc.TableID) error {
	var identity string
	var keyed, reads bool
	if err := k.conn.QueryRow(ctx, tableQuestions, t.Schema, t.Table).Scan(&identity, &keyed, &reads); err != nil {
		return err
	}
	if !reads && k.src.SnapshotMode != "no_data" {
		k.bad("table "+t.String()+" can be read", "the user may not", "GRANT SELECT ON "+quoteTable(t)+" TO "+dialect{}.quote(k.src.Database.User))
	}
	what := "table " + t.String() + ": the log tells which rows are changed"
	switch {
	case identity == "n", identity == "d" && !keyed:
		k.Warn(what, "it has no key to tell them by (REPLICA IDENTITY): once it is published, the server refuses updates and deletes",
			"ALTER TABLE "+quoteTable(t)+" REPLICA IDENTITY FULL, or give it a primary key")
	case k.src.SkipMessagesWithoutChange && identity != "f":
		k.Warn(what, "skipMessagesWithoutChange does nothing without the whole rows from before", "ALTER TABLE "+quoteTable(t)+" REPLICA IDENTITY FULL")
	}
	return nil
}
