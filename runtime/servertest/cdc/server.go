package cdc

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"kcgen.dev/runtime/servertest"
)

// Server is a database server that cases run on.
type Server interface {
	// Make makes an empty database.
	Make(ctx context.Context, db string) error
	// Exec runs statements in it.
	Exec(ctx context.Context, db, statements string) error
	// Mark makes an event in it that a connector must deliver: all that was
	// committed before comes before. The event's value has n.
	Mark(ctx context.Context, db string, n int) error
	// Properties are those of Debezium that say where the database is; id is a
	// number that no other connector of the server has.
	Properties(db string, id int) map[string]string
	// Narrow lays over properties what keeps Mark working.
	Narrow(db string, properties map[string]string)
	// Drop removes the database, and whatever connectors have left on the server
	// for it.
	Drop(ctx context.Context, db string) error
}

// markPrefix is what marks are called.
const markPrefix = "kcgen-mark"

// Postgres is a PostgreSQL server.
type Postgres struct{ *servertest.Postgres }

// Make makes a database.
func (p Postgres) Make(ctx context.Context, db string) error {
	return p.Exec(ctx, "postgres", fmt.Sprintf("CREATE DATABASE %q;", db))
}

// Exec runs statements, each in a transaction of its own unless they say
// otherwise.
func (p Postgres) Exec(ctx context.Context, db, statements string) error {
	_, err := p.Query(ctx, db, statements)
	return err
}

// Mark writes a logical message, which needs no table: its prefix is the mark.
func (p Postgres) Mark(ctx context.Context, db string, n int) error {
	return p.Exec(ctx, db, fmt.Sprintf("SELECT pg_logical_emit_message(false, '%s %d', '');", markPrefix, n))
}

// Properties make a slot and a publication of the connector's own.
func (p Postgres) Properties(db string, id int) map[string]string {
	login := p.Admin(db)
	host, port, _ := net.SplitHostPort(login.Host)
	return map[string]string{
		"connector.class": servertest.DebeziumPostgres, "plugin.name": "pgoutput",
		"database.hostname": host, "database.port": port, "database.dbname": db,
		"database.user": login.User, "database.password": login.Password,
		"slot.name": slot(db, id), "publication.name": slot(db, id),
	}
}

func slot(db string, id int) string {
	return fmt.Sprintf("%s_%d", strings.NewReplacer("-", "_").Replace(db), id)
}

// Narrow adds marks to a list of messages; they come whatever tables there are.
func (p Postgres) Narrow(_ string, properties map[string]string) {
	if list := properties["message.prefix.include.list"]; list != "" {
		properties["message.prefix.include.list"] = list + "," + markPrefix + ".*"
	}
}

// Drop drops the database with its slots.
func (p Postgres) Drop(ctx context.Context, db string) error {
	return p.Exec(ctx, "postgres", fmt.Sprintf(`
		SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = '%[1]s' AND active;
		SELECT pg_sleep(0.2);
		SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '%[1]s';
		DROP DATABASE IF EXISTS %[2]q WITH (FORCE);`, db, db))
}

// MySQL is a MariaDB or MySQL server.
type MySQL struct {
	*servertest.MySQL
	Class string // of Debezium's connector
}

// markTable is the table whose rows are marks; its name is the last in order.
const markTable = "zz_mark"

// Make makes a database with the table of marks.
func (m MySQL) Make(ctx context.Context, db string) error {
	return m.Run(ctx, "", fmt.Sprintf("CREATE DATABASE `%[1]s`; CREATE TABLE `%[1]s`.%[2]s (id INT PRIMARY KEY, mark TEXT)", db, markTable))
}

// Exec runs statements on one connection. One that waits for somebody's lock for
// long is an error that tells who there is.
func (m MySQL) Exec(ctx context.Context, db, statements string) error {
	limited, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	err := m.Run(limited, db, statements)
	if err != nil && limited.Err() != nil {
		err = fmt.Errorf("%w: the server's threads:\n%s", err, m.threads(ctx))
	}
	return err
}

// lockPatience is how long statements may take.
const lockPatience = time.Minute

// threads is what the server's threads do.
func (m MySQL) threads(ctx context.Context) string {
	db, err := m.Admin("").Open()
	if err != nil {
		return err.Error()
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, "SELECT concat_ws(' ', id, time, state, left(info, 200)) FROM information_schema.processlist WHERE id <> connection_id()")
	if err != nil {
		return err.Error()
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err.Error()
		}
		out = append(out, line)
	}
	return strings.Join(append(out, fmt.Sprint(rows.Err())), "\n")
}

// Mark writes a row.
func (m MySQL) Mark(ctx context.Context, db string, n int) error {
	return m.Run(ctx, db, fmt.Sprintf("INSERT INTO %s VALUES (%d, '%s %[2]d')", markTable, n, markPrefix))
}

// Properties keep the history of schemas in a topic of the connector's own.
func (m MySQL) Properties(db string, id int) map[string]string {
	login := m.Admin(db)
	host, port, _ := net.SplitHostPort(login.Host)
	p := map[string]string{
		"connector.class": m.Class, "database.hostname": host, "database.port": port,
		"database.user": login.User, "database.password": login.Password,
		"database.server.id": fmt.Sprint(5400 + id), "database.include.list": db,
		"schema.history.internal.kafka.topic": "$PREFIX-history",
		// What other cases do on the server is nothing to this one.
		"schema.history.internal.store.only.captured.databases.ddl": "true",
	}
	if m.Class == servertest.DebeziumMySQL {
		p["database.ssl.mode"] = "disabled"
	} else {
		p["database.ssl.mode"] = "disable"
	}
	return p
}

// Narrow adds the table of marks to lists of tables and columns.
func (m MySQL) Narrow(db string, properties map[string]string) {
	for name, more := range map[string]string{
		"table.include.list":  db + "\\." + markTable,
		"column.include.list": db + "\\." + markTable + "\\..*",
	} {
		if list := properties[name]; list != "" {
			properties[name] = list + "," + more
		}
	}
}

// Drop drops the database.
func (m MySQL) Drop(ctx context.Context, db string) error {
	return m.Run(ctx, "", fmt.Sprintf("DROP DATABASE IF EXISTS `%s`", db))
}

// StartServer starts a database server by the name that cases have for it, for a
// program that is no test.
func StartServer(ctx context.Context, name string) (s Server, stop func(), err error) {
	switch name {
	case "postgres":
		p, err := servertest.StartPostgres(ctx)
		return Postgres{p}, p.Close, err
	case "mariadb":
		m, err := servertest.StartMariaDB(ctx)
		return MySQL{m, servertest.DebeziumMariaDB}, m.Close, err
	case "mysql":
		m, err := servertest.StartMySQL(ctx)
		return MySQL{m, servertest.DebeziumMySQL}, m.Close, err
	}
	return nil, nil, fmt.Errorf("cdc: there is no database %q: postgres, mariadb, mysql", name)
}
