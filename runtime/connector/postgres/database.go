package postgres

import (
	"database/sql"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"kcgen.dev/runtime/connector/database"
)

// Open gives a pool of connections, of which none is made yet.
func (d Database) Open() (*sql.DB, error) {
	config, err := d.Config()
	if err != nil {
		return nil, err
	}
	return stdlib.OpenDB(*config), nil
}

// Dialect is how PostgreSQL speaks.
func (Database) Dialect() database.Dialect { return dialect{} }

// String names the database, without a secret.
func (d Database) String() string {
	a, err := parseURL(d.URL)
	if err != nil {
		return "PostgreSQL"
	}
	return "PostgreSQL at " + strings.Join(a.hosts, ",") + "/" + a.name
}

// targets are the words of libpq for those of the JDBC driver.
var targets = map[string]string{"primary": "primary", "secondary": "standby", "preferSecondary": "prefer-standby"}

// keepAlive finds out that a server has gone without a word within a minute.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 20 * time.Second, Interval: 10 * time.Second, Count: 4}

// Config is what the options say of a connection, for who needs one outside of
// a pool. The variables and files by which libpq's programs are configured
// (PGPASSWORD, ~/.pgpass) change nothing.
func (d Database) Config() (*pgx.ConnConfig, error) {
	a, err := parseURL(d.URL)
	if err != nil {
		return nil, err
	}
	// Only what ParseConfig has made is taken; what it would guess is overridden.
	text := "host=" + strings.Join(a.names(), ",") + " port=" + strings.Join(a.ports(), ",") + " user=u dbname=d sslmode=disable sslcertmode=allow"
	target, ok := targets[d.TargetServerType]
	if !ok {
		target = "any"
	}
	config, err := pgx.ParseConfig(text + " target_session_attrs=" + target)
	if err != nil {
		return nil, fmt.Errorf("postgres: url: %w", err)
	}
	config.Database, config.User, config.Password = a.name, d.User, d.Password.Reveal()
	config.ConnectTimeout = d.ConnectTimeout
	config.DialFunc = (&net.Dialer{KeepAliveConfig: keepAlive}).DialContext
	config.RuntimeParams = d.session()
	if err := d.secure(config); err != nil {
		return nil, err
	}
	return config, nil
}

// session is how a session is set up: texts are UTF-8, and times are written as
// ISO 8601 has them, in UTC.
func (d Database) session() map[string]string {
	s := map[string]string{"client_encoding": "UTF8", "DateStyle": "ISO", "TimeZone": "UTC"}
	if d.ApplicationName != "" {
		s["application_name"] = d.ApplicationName
	}
	if d.CurrentSchema != "" {
		s["search_path"] = searchPath(d.CurrentSchema)
	}
	if d.LockTimeout > 0 {
		s["lock_timeout"] = strconv.FormatInt(max(1, d.LockTimeout.Milliseconds()), 10)
	}
	return s
}

// searchPath quotes names that are parted by commas.
func searchPath(names string) string {
	var path []byte
	for i, name := range strings.Split(names, ",") {
		if i > 0 {
			path = append(path, ',')
		}
		name = strings.TrimSpace(name)
		if strings.HasPrefix(name, `"`) {
			path = append(path, name...)
			continue
		}
		path = dialect{}.AppendIdentifier(path, name)
	}
	return string(path)
}

// secure has each host spoken to by TLS, if the options want it.
func (d Database) secure(config *pgx.ConnConfig) error {
	if d.TLS == nil {
		return nil
	}
	cfg, err := d.TLS.Config()
	if err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	if cfg.ServerName == "" {
		cfg.ServerName = config.Host
	}
	config.TLSConfig = cfg
	for _, f := range config.Fallbacks {
		f.TLSConfig = cfg.Clone()
		if d.TLS.ServerName == "" {
			f.TLSConfig.ServerName = f.Host
		}
	}
	return nil
}
