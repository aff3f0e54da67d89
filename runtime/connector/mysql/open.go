package mysql

import (
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	driver "github.com/go-sql-driver/mysql"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

var (
	_ database.Database = Database{}
	_ database.Logins   = Database{}
)

const defaultPort = "3306"

// where reads the URL. An error does not repeat it: it may hold what should not
// be there.
func (d Database) where() (addr, name string, err error) {
	u, err := url.Parse(strings.TrimPrefix(d.URL, "jdbc:"))
	switch {
	case err != nil:
		return "", "", connect.OptionErrorf("url", "mysql: it is no URL")
	case u.Scheme != "mysql" && u.Scheme != "mariadb":
		return "", "", connect.OptionErrorf("url", "mysql: it must begin with mysql:// or mariadb://")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(u.EscapedPath(), ";&"):
		return "", "", connect.OptionErrorf("url", "mysql: user, password and properties are options of their own")
	}
	name = strings.TrimPrefix(u.Path, "/")
	if u.Hostname() == "" || name == "" || strings.Contains(name, "/") {
		return "", "", connect.OptionErrorf("url", "mysql: it must be mysql://HOST:PORT/DATABASE")
	}
	port := u.Port()
	if port == "" {
		port = defaultPort
	}
	return net.JoinHostPort(u.Hostname(), port), name, nil
}

// Open gives connections that stream what they read. Parameters are put into
// the statement's text by the driver, which escapes them by the server's mode:
// one message and one answer for a statement.
func (d Database) Open() (*sql.DB, error) {
	cfg := driver.NewConfig()
	var err error
	cfg.Net = "tcp"
	if cfg.Addr, cfg.DBName, err = d.where(); err != nil {
		return nil, err
	}
	cfg.User, cfg.Passwd = d.User, d.Password.Reveal()
	cfg.Timeout, cfg.ReadTimeout, cfg.WriteTimeout = d.ConnectTimeout, d.SocketTimeout, d.SocketTimeout
	if d.TLS != nil {
		if cfg.TLS, err = d.TLS.Config(); err != nil {
			return nil, fmt.Errorf("mysql: connect to %s: %w", cfg.Addr, err)
		}
		if cfg.TLS.ServerName == "" {
			cfg.TLS.ServerName, _, _ = net.SplitHostPort(cfg.Addr)
		}
	}
	cfg.Params = session
	cfg.InterpolateParams = true
	cfg.ClientFoundRows = true // an update that changes nothing has found its row
	cfg.MaxAllowedPacket = 0   // what the server says
	cfg.Logger = &driver.NopLogger{}
	if err := cfg.Apply(driver.Charset("utf8mb4", "")); err != nil {
		return nil, fmt.Errorf("mysql: connect to %s: %w", cfg.Addr, err)
	}
	c, err := driver.NewConnector(cfg)
	if err != nil {
		return nil, errors.New("mysql: connect to " + cfg.Addr + ": the options do not go together")
	}
	return sql.OpenDB(c), nil
}

// session is what each connection is told. A TIMESTAMP is read and written in
// UTC, whatever the server's zone; a value that does not fit is an error and not
// cut, as Connect's driver asks too; who reads slowly, because Kafka does not
// take more, is not thrown out.
var session = map[string]string{
	"time_zone":         "'+00:00'",
	"sql_mode":          "CONCAT_WS(',', NULLIF(@@sql_mode, ''), 'STRICT_ALL_TABLES')",
	"net_write_timeout": "3600",
}

// Dialect is how both servers speak.
func (d Database) Dialect() database.Dialect { return dialect{zero: d.ZeroDateTimeBehavior} }

// Login is who connects.
func (d Database) Login() string { return d.User }

// String names the server and the database.
func (d Database) String() string {
	addr, name, err := d.where()
	if err != nil {
		return "MySQL at an unreadable url"
	}
	if strings.Contains(d.URL, "mariadb://") {
		return "MariaDB at " + addr + "/" + name
	}
	return "MySQL at " + addr + "/" + name
}
