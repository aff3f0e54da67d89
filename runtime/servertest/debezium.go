package servertest

import (
	"context"
	_ "embed"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// DebeziumVersion is the version in debezium/postgres.xml. The connectors for
// MySQL (3.6.1) and MariaDB (3.5.0) are the newest that Maven Central has.
const DebeziumVersion = "3.7.0.Final"

//go:embed debezium/postgres.xml
var debeziumPostgresPOM string

//go:embed debezium/mysql.xml
var debeziumMySQLPOM string

//go:embed debezium/mariadb.xml
var debeziumMariaDBPOM string

// The classes of Debezium's connectors that InstallDebezium fetches.
const (
	DebeziumPostgres = "io.debezium.connector.postgresql.PostgresConnector"
	DebeziumMySQL    = "io.debezium.connector.mysql.MySqlConnector"
	DebeziumMariaDB  = "io.debezium.connector.mariadb.MariaDbConnector"
)

// InstallDebezium fetches Debezium's connectors for PostgreSQL, MySQL and
// MariaDB, unless they are there, and returns the folder to name in a Kafka
// Connect worker's plugin.path.
func InstallDebezium(ctx context.Context) (string, error) {
	return install(ctx, recipe{
		name: "debezium", version: DebeziumVersion, files: debeziumPostgresPOM + debeziumMySQLPOM + debeziumMariaDBPOM,
		build: func(ctx context.Context, dir string) error {
			return errors.Join(
				mavenJars(ctx, debeziumPostgresPOM, filepath.Join(dir, "postgres")),
				mavenJars(ctx, debeziumMySQLPOM, filepath.Join(dir, "mysql")),
				mavenJars(ctx, debeziumMariaDBPOM, filepath.Join(dir, "mariadb")))
		},
	})
}

// Debezium starts a distributed Kafka Connect worker that has Debezium's
// connectors (see ConnectDistributed). It makes the topics that they write to.
func Debezium(t testing.TB, b *Broker, group string, worker map[string]string) *ConnectWorker {
	t.Helper()
	needServers(t, "Kafka Connect worker with Debezium")
	plugins, err := InstallDebezium(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return ConnectDistributed(t, b, group, withPlugins(plugins, worker))
}

// StartDebezium is Debezium for a program that is no test; Close ends it.
func StartDebezium(ctx context.Context, b *Broker, group string, worker map[string]string) (*ConnectWorker, error) {
	plugins, err := InstallDebezium(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := tempDir("connect")
	if err != nil {
		return nil, err
	}
	c, err := newConnectWorker(ctx, b, dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	c.ownsDir = true
	file, err := c.distributed(b, group, withPlugins(plugins, worker))
	if err == nil {
		c.runs(connectDistributed, []string{file})
		err = c.Start()
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// withPlugins lays a worker's properties over where Debezium is.
func withPlugins(dir string, worker map[string]string) map[string]string {
	all := map[string]string{"plugin.path": dir}
	maps.Copy(all, worker)
	return all
}
