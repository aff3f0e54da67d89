package mysql

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"kcgen.dev/runtime/connector/database"
)

// server is what is known of a server before it is captured.
type server struct {
	version  string
	mariadb  bool
	gtids    bool // transactions have ids
	logBin   bool
	format   string // binlog_format
	image    string // binlog_row_image
	partial  string // binlog_row_value_options
	lower    bool   // names of tables have no case
	charset  string
	id       int64
	variable map[string]string
}

// asked are the variables that say how a server is set up.
const asked = `'version','log_bin','binlog_format','binlog_row_image','binlog_row_value_options','lower_case_table_names',` +
	`'character_set_server','server_id','gtid_mode','gtid_binlog_pos','gtid_purged','gtid_executed','binlog_expire_logs_seconds','expire_logs_days','binlog_row_metadata','log_slave_updates'`

func askServer(ctx context.Context, q database.Querier) (*server, error) {
	s := &server{variable: map[string]string{}}
	err := database.Strings(ctx, q, "SHOW GLOBAL VARIABLES WHERE Variable_name IN ("+asked+")", nil, func(row []string) error {
		s.variable[strings.ToLower(row[0])] = row[1]
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask for the server's variables: %w", err)
	}
	v := func(name string) string { return s.variable[name] }
	s.version, s.mariadb = v("version"), strings.Contains(v("version"), "MariaDB")
	_, isMaria := s.variable["gtid_binlog_pos"]
	s.mariadb = s.mariadb || isMaria
	s.logBin, s.format, s.image = v("log_bin") == "ON", strings.ToUpper(v("binlog_format")), strings.ToUpper(v("binlog_row_image"))
	s.partial, s.lower = v("binlog_row_value_options"), v("lower_case_table_names") != "0"
	s.charset = v("character_set_server")
	s.id, _ = strconv.ParseInt(v("server_id"), 10, 64)
	s.gtids = s.mariadb || strings.EqualFold(v("gtid_mode"), "ON")
	return s, nil
}

// name is what Debezium calls the connector of such a server.
func (s *server) name() string {
	if s.mariadb {
		return "mariadb"
	}
	return "mysql"
}

// status is where the log ends.
func (s *server) status(ctx context.Context, q database.Querier) (p *position, err error) {
	p = &position{thread: -1}
	gtids := ""
	each := func(row []string) error {
		p.file = row[0]
		if len(row) > 4 {
			gtids = row[4]
		}
		p.pos, err = strconv.ParseInt(row[1], 10, 64)
		return err
	}
	if err = database.Strings(ctx, q, "SHOW MASTER STATUS", nil, each); err != nil {
		err = database.Strings(ctx, q, "SHOW BINARY LOG STATUS", nil, each) // from MySQL 8.4 on
	}
	if err == nil && p.file == "" {
		err = fmt.Errorf("there is none: start the server with log_bin")
	}
	if err == nil && s.mariadb {
		gtids, err = database.One(ctx, q, "SELECT @@global.gtid_binlog_pos")
	}
	if err != nil {
		return nil, fmt.Errorf("ask where the binary log ends: %w", err)
	}
	p.at = p.pos
	if s.gtids {
		p.gtids, err = parseGTIDs(gtids, s.mariadb)
		if p.gtids == nil && err == nil {
			p.gtids, err = gomysql.ParseGTIDSet(flavor(s.mariadb), "")
		}
	}
	return p, err
}

// has is whether the log still has all from a position on; if not, why.
func (s *server) has(ctx context.Context, q database.Querier, p *position, of *sources) (missing string, err error) {
	if s.gtids && p.gtids != nil && !p.gtids.IsEmpty() {
		return s.hasTransactions(ctx, q, of.of(p.gtids), of)
	}
	first, last := "", ""
	found := false
	err = database.Strings(ctx, q, "SHOW BINARY LOGS", nil, func(row []string) error {
		if first == "" {
			first = row[0]
		}
		last = row[0]
		if row[0] == p.file {
			found = true
			if size, _ := strconv.ParseInt(row[1], 10, 64); size < p.pos {
				missing = fmt.Sprintf("file %s ends at %d, before %d: it is another log (RESET MASTER, or another server)", p.file, size, p.pos)
			}
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("ask for the binary logs: %w", err)
	}
	if !found {
		missing = fmt.Sprintf("file %s is gone; there are %s to %s", p.file, first, last)
	}
	return missing, nil
}

// hasTransactions compares sets of ids: those that were purged must be done, and those
// that are done must be the server's.
func (s *server) hasTransactions(ctx context.Context, q database.Querier, done gomysql.GTIDSet, of *sources) (string, error) {
	if s.mariadb {
		return s.hasDomains(ctx, q, done)
	}
	purged, err := parseGTIDs(s.variable["gtid_purged"], false)
	if err != nil {
		return "", err
	}
	if purged != nil && !done.Contain(of.of(purged)) {
		return fmt.Sprintf("transactions %s are purged, and only %s were read", of.of(purged), done), nil
	}
	text, err := database.One(ctx, q, "SELECT @@global.gtid_executed")
	if err != nil {
		return "", fmt.Errorf("ask for the transactions: %w", err)
	}
	executed, err := parseGTIDs(text, false)
	if err != nil {
		return "", err
	}
	if executed == nil || !executed.Contain(done) {
		return fmt.Sprintf("the server has run transactions %q, and %s were read: it is another server, or its log was reset", text, done), nil
	}
	return "", nil
}

// hasDomains compares MariaDB's places by their domains, in each of which numbers rise:
// what the log begins behind must be done.
func (s *server) hasDomains(ctx context.Context, q database.Querier, done gomysql.GTIDSet) (string, error) {
	first := ""
	err := database.Strings(ctx, q, "SHOW BINARY LOGS", nil, func(row []string) error {
		if first == "" {
			first = row[0]
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("ask for the binary logs: %w", err)
	}
	begin := ""
	err = database.Strings(ctx, q, "SELECT BINLOG_GTID_POS(?, 4)", []any{first}, func(row []string) error { begin = row[0]; return nil })
	if err != nil {
		return "", fmt.Errorf("ask where the binary logs begin: %w", err)
	}
	before, err := parseGTIDs(begin, true)
	if err != nil || before == nil {
		return "", err
	}
	for domain, number := range numbers(before) {
		if numbers(done)[domain] < number {
			return fmt.Sprintf("the log begins behind %s, and only %s were read", before, done), nil
		}
	}
	return "", nil
}

// numbers are those of each domain.
func numbers(set gomysql.GTIDSet) map[uint32]uint64 {
	all := map[uint32]uint64{}
	if of, ok := set.(*gomysql.MariadbGTIDSet); ok {
		for domain, id := range of.Sets {
			all[domain] = id.SequenceNumber
		}
	}
	return all
}

// charsets fills in the character sets of databases and collations.
func (c *catalog) readCharsets(ctx context.Context, q database.Querier, s *server) error {
	c.lower, c.mariadb = s.lower, s.mariadb
	if s.charset != "" {
		c.charset = s.charset
	}
	err := database.Strings(ctx, q, "SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME FROM information_schema.SCHEMATA", nil, func(row []string) error {
		c.charsets[c.id(row[0], "").db] = row[1]
		return nil
	})
	if err == nil {
		err = database.Strings(ctx, q, "SELECT COLLATION_NAME, CHARACTER_SET_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY", nil, func(row []string) error {
			c.collation[strings.ToLower(row[0])] = row[1]
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("ask for the character sets: %w", err)
	}
	return nil
}

// allTables are the tables of all databases but the server's own.
func allTables(ctx context.Context, q database.Querier) (all []tableID, err error) {
	const list = `SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY TABLE_SCHEMA, TABLE_NAME`
	err = database.Strings(ctx, q, list, nil, func(row []string) error {
		if !systemDatabases[strings.ToLower(row[0])] {
			all = append(all, tableID{row[0], row[1]})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask for the tables: %w", err)
	}
	return all, nil
}

var systemDatabases = map[string]bool{"mysql": true, "information_schema": true, "performance_schema": true, "sys": true}

// showCreate is the statement that makes a table as it is now.
func showCreate(ctx context.Context, q database.Querier, id tableID) (string, error) {
	ddl := ""
	err := database.Strings(ctx, q, "SHOW CREATE TABLE "+quoteID(id), nil, func(row []string) error {
		if len(row) > 1 {
			ddl = row[1]
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("ask for table %s: %w", id, err)
	}
	return ddl, nil
}
