package mysql

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
	"kcgen.dev/runtime/connector/database"
)

var (
	_ connect.Checks = Source{}
	_ connect.Grants = Source{}
)

// Check looks at the connection, at how the server writes its log, at the user's
// rights, and at the tables.
func (s Source) Check(ctx context.Context, cc connect.CheckContext) []connect.Finding {
	s = s.filledIn()
	c := &captureCheck{src: s, Findings: connect.Findings{About: s.Database.String()}}
	if err := s.check(); err != nil {
		return c.bad("the options of "+cc.Name+" fit together", err.Error(), "")
	}
	db, err := s.Database.Open()
	if err == nil {
		defer db.Close()
		err = db.PingContext(ctx)
	}
	if err != nil {
		return c.bad("it can be connected to", err.Error(), "see that it runs, and that database names its address, user and password")
	}
	c.Good("it can be connected to")
	server, err := askServer(ctx, db)
	if err != nil {
		return c.bad("it says how it is set up", err.Error(), "")
	}
	c.log(server)
	c.rights(ctx, db)
	c.replicas(ctx, db, server)
	c.tables(ctx, db, server)
	return c.All
}

// captureCheck is a check under way.
type captureCheck struct {
	src Source
	connect.Findings
}

// bad adds a problem, and gives all.
func (c *captureCheck) bad(what, problem, fix string) []connect.Finding {
	c.Say(what, problem, fix)
	return c.All
}

// is adds a finding: good, or bad with what mends it.
func (c *captureCheck) is(what string, ok bool, problem, fix string) {
	if ok {
		c.Good(what)
	} else {
		c.bad(what, problem, fix)
	}
}

// keepSeconds is for how long a log is to be kept at the least: so long a capture may
// be down.
const keepSeconds = 24 * 60 * 60

// log checks how the log is written.
func (c *captureCheck) log(s *server) {
	c.is("it writes a binary log", s.logBin, "log_bin is OFF", "start it with --log-bin=binlog --server-id=1")
	c.is("binlog_format is ROW", s.format == "ROW", "it is "+s.format, "SET GLOBAL binlog_format = 'ROW'")
	if s.image == "NOBLOB" {
		c.Warn("binlog_row_image is FULL", "it is NOBLOB: long texts and bytes that did not change come as unavailableValuePlaceholder", "SET GLOBAL binlog_row_image = 'FULL'")
	} else {
		c.is("binlog_row_image is FULL", s.image == "FULL" || s.image == "", "it is "+s.image, "SET GLOBAL binlog_row_image = 'FULL'")
	}
	c.is("binlog_row_value_options is empty", s.partial == "", "it is "+s.partial, "SET GLOBAL binlog_row_value_options = ''")
	if s.variable["binlog_row_metadata"] != "FULL" {
		c.Warn("binlog_row_metadata is FULL", "it is "+s.variable["binlog_row_metadata"]+": names of columns cannot be held against the log's", "SET GLOBAL binlog_row_metadata = 'FULL'")
	} else {
		c.Good("binlog_row_metadata is FULL")
	}
	if !s.gtids {
		c.Warn("transactions have ids (gtid_mode)", "they have not: an offset cannot be gone on with on another server", "set gtid_mode = ON and enforce_gtid_consistency = ON")
	}
	c.retention(s)
	if int64(c.src.DatabaseServerID) == s.id {
		c.bad("databaseServerId is not the server's own number", fmt.Sprintf("both are %d", s.id), "give databaseServerId a number of its own")
	}
}

func (c *captureCheck) retention(s *server) {
	seconds, _ := strconv.ParseFloat(s.variable["binlog_expire_logs_seconds"], 64)
	if days, err := strconv.ParseFloat(s.variable["expire_logs_days"], 64); err == nil && seconds == 0 {
		seconds = days * keepSeconds
	}
	what := "the log is kept for a day or longer"
	if seconds != 0 && seconds < keepSeconds {
		c.Warn(what, fmt.Sprintf("it is kept for %.0f seconds: a capture that is down for longer loses changes", seconds), "SET GLOBAL binlog_expire_logs_seconds = 604800")
		return
	}
	c.Good(what)
}

// rights checks what is granted on all databases.
func (c *captureCheck) rights(ctx context.Context, q database.Querier) {
	has, all := map[string]bool{}, false
	err := database.Strings(ctx, q, "SHOW GRANTS", nil, func(row []string) error {
		text := strings.ToUpper(row[0])
		grants, rest, ok := strings.Cut(strings.TrimPrefix(text, "GRANT "), " ON *.*")
		if !ok || !strings.HasPrefix(rest, " TO") && rest != "" {
			return nil
		}
		for _, g := range strings.Split(grants, ",") {
			has[strings.TrimSpace(g)] = true
		}
		all = all || has["ALL PRIVILEGES"]
		return nil
	})
	if err != nil {
		c.Warn("its user's rights can be seen", err.Error(), "")
		return
	}
	for _, right := range []struct {
		names []string
		why   string
		must  bool
	}{
		{[]string{"REPLICATION SLAVE", "REPLICATION REPLICA"}, "to read the log", true},
		{[]string{"REPLICATION CLIENT", "BINLOG MONITOR", "SUPER"}, "to see where the log ends", true},
		{[]string{"RELOAD", "FLUSH_TABLES"}, "to keep all tables still while a snapshot begins; without it the captured tables are locked", false},
	} {
		what := "the user has the right " + right.names[0] + ", " + right.why
		fix := "GRANT " + right.names[0] + " ON *.* TO " + userAt(c.src.Database.User)
		switch {
		case all || slices.ContainsFunc(right.names, func(n string) bool { return has[n] }):
			c.Good(what)
		case right.must:
			c.bad(what, "it has not", fix)
		default:
			c.Warn(what, "it has not", fix)
		}
	}
}

func userAt(user string) string { return string(database.AppendText(nil, user)) + "@'%'" }

// replicas looks for another reader of the same number.
func (c *captureCheck) replicas(ctx context.Context, q database.Querier, s *server) {
	name, err := s.replica(ctx, q, c.src.DatabaseServerID)
	if err != nil {
		return // an older server, or a right that is not needed else
	}
	what := fmt.Sprintf("no other replica has the number %d", c.src.DatabaseServerID)
	c.is(what, name == "" || name == c.src.label(), fmt.Sprintf("%q has it: each would cut the other off", name), clashAdvice)
}

// tables checks that there are tables to capture, that they can be read, and have keys.
func (c *captureCheck) tables(ctx context.Context, q database.Querier, s *server) {
	f, err := cdc.NewFilter(c.src.options())
	if err != nil {
		c.bad("the lists of tables can be read", err.Error(), "")
		return
	}
	places, err := newTableFilter(c.src, f)
	if err != nil {
		c.bad("the lists of databases can be read", err.Error(), "")
		return
	}
	all, err := allTables(ctx, q)
	if err != nil {
		c.bad("its tables can be listed", err.Error(), "")
		return
	}
	known := newCatalog()
	if err := known.readCharsets(ctx, q, s); err != nil {
		c.bad("its character sets can be listed", err.Error(), "")
		return
	}
	count := 0
	for _, id := range all {
		if id = known.id(id.db, id.name); places.table(id) {
			count++
			c.table(ctx, q, known, id)
		}
	}
	if count == 0 {
		c.Warn("there are tables to capture", fmt.Sprintf("there are none among the %d that the user sees", len(all)), "see the lists of databases and tables, and GRANT SELECT; tables that come later are captured")
	}
}

func (c *captureCheck) table(ctx context.Context, q database.Querier, known *catalog, id tableID) {
	what := "table " + id.String() + " can be captured"
	ddl, err := showCreate(ctx, q, id)
	if err == nil {
		_, err = known.apply(ddl, id.db, 0)
	}
	if err == nil {
		_, err = database.One(ctx, q, "SELECT COUNT(*) FROM (SELECT 1 FROM "+quoteID(id)+" LIMIT 1) t")
	}
	if err != nil {
		c.bad(what, err.Error(), "GRANT SELECT ON "+quoteID(id)+" TO "+userAt(c.src.Database.User))
		return
	}
	if t := known.tables[id]; t != nil && len(t.key) == 0 && len(c.src.MessageKeyColumns) == 0 {
		c.Warn("table "+id.String()+" has a key", "it has none: its records have no keys, and are spread over partitions", "give it a primary key, or name columns in messageKeyColumns")
	}
	c.Good(what)
}

// Grants are the rights to read the log and the tables.
func (s Source) Grants(connect.CheckContext) ([]string, error) {
	user := userAt(s.Database.User)
	out := []string{"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO " + user}
	if s.SnapshotLockingMode != "none" {
		out = append(out, "GRANT RELOAD ON *.* TO "+user)
	}
	tables := s.plainTables()
	if len(tables) == 0 {
		return append(out, "GRANT SELECT ON *.* TO "+user), nil
	}
	for _, t := range tables {
		out = append(out, "GRANT SELECT ON "+quoteID(t)+" TO "+user)
	}
	return out, nil
}

// plainTables are those of tableIncludeList, where all of it are names and none is a
// pattern.
func (s Source) plainTables() (all []tableID) {
	for _, p := range s.TableIncludeList {
		name := strings.ReplaceAll(p, `\.`, ".")
		db, table, ok := strings.Cut(name, ".")
		if !ok || strings.ContainsAny(name, `\*+?()[]{}|^$`) || strings.Contains(table, ".") {
			return nil
		}
		all = append(all, tableID{db, table})
	}
	return all
}
