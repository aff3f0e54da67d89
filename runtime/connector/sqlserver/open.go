package sqlserver

import (
	"crypto/tls"
	"database/sql"
	"errors"
	"net"
	"net/url"
	"strings"

	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

var (
	_ database.Database = Database{}
	_ database.Logins   = Database{}
)

const defaultPort = "1433"

// where reads the URL. An error does not repeat it: it may hold what should not
// be there.
func (d Database) where() (host, port, name string, err error) {
	address, properties, _ := strings.Cut(strings.TrimPrefix(d.URL, "jdbc:"), ";")
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "sqlserver" || u.Hostname() == "" || u.User != nil || u.Path != "" || u.RawQuery != "" {
		return "", "", "", connect.OptionErrorf("url", "sqlserver: it must be sqlserver://HOST:PORT;databaseName=NAME")
	}
	key, name, _ := strings.Cut(strings.TrimSuffix(properties, ";"), "=")
	if key != "databaseName" || name == "" || strings.ContainsAny(name, ";=&") {
		return "", "", "", connect.OptionErrorf("url", "sqlserver: databaseName, and nothing else, must stand behind the host")
	}
	if port = u.Port(); port == "" {
		port = defaultPort
	}
	return u.Hostname(), port, name, nil
}

// Open gives connections.
func (d Database) Open() (*sql.DB, error) {
	host, port, name, err := d.where()
	if err != nil {
		return nil, err
	}
	q := url.Values{"database": {name}, "app name": {"kcgen"}, "encrypt": {"disable"}}
	dsn := url.URL{Scheme: "sqlserver", User: url.UserPassword(d.User, d.Password.Reveal()), Host: net.JoinHostPort(host, port), RawQuery: q.Encode()}
	cfg, err := msdsn.Parse(dsn.String())
	if err != nil { // it would show the password
		return nil, errors.New("sqlserver: connect to " + host + ": the options do not go together")
	}
	cfg.DialTimeout = d.ConnectTimeout
	// Off is the driver's word for a login alone that is encrypted.
	cfg.Encryption, cfg.TLSConfig = msdsn.EncryptionOff, &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}
	if d.TLS != nil {
		if cfg.TLSConfig, err = d.TLS.Config(); err != nil {
			return nil, errors.New("sqlserver: connect to " + host + ": " + err.Error())
		}
		cfg.Encryption = msdsn.EncryptionRequired
		if cfg.TLSConfig.ServerName == "" {
			cfg.TLSConfig.ServerName = host
		}
	}
	return sql.OpenDB(mssql.NewConnectorConfig(cfg)), nil
}

// Dialect is how SQL Server speaks.
func (d Database) Dialect() database.Dialect { return dialect{holdlock: d.MergeHoldlock} }

// Login is who connects.
func (d Database) Login() string { return d.User }

// String names the server and the database.
func (d Database) String() string {
	host, port, name, err := d.where()
	if err != nil {
		return "SQL Server at an unreadable url"
	}
	return "SQL Server at " + net.JoinHostPort(host, port) + "/" + name
}
