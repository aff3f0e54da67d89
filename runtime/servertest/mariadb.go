package servertest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// MySQL is a MariaDB or a MySQL server: its data in a folder of its own, on
// loopback, in the clear. Its own time zone is +05:00, so that who relies on it
// is found out. It writes a binary log by rows, and what it has committed
// survives a kill.
type MySQL struct {
	*server
	port     int
	password string // of admin
	programs mysqlPrograms
}

// MySQLLogin is a database and one who may do anything in it.
type MySQLLogin struct {
	Host           string // host:port
	Name           string // of the database
	User, Password string
}

// mysqlPrograms is how one of the two servers is run.
type mysqlPrograms struct {
	name string
	// initialise makes an empty data folder, run starts the server on one.
	initialise, run []string
	args            []string // that both take
}

// NewMariaDB starts a MariaDB of the test's own, which may kill, restart and
// pause it. It is stopped when the test ends.
func NewMariaDB(t testing.TB) *MySQL {
	t.Helper()
	needServers(t, "MariaDB")
	return newMySQL(t, StartMariaDB)
}

func newMySQL(t testing.TB, start func(context.Context) (*MySQL, error)) *MySQL {
	t.Helper()
	s, err := start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(s.dir) })
	s.stopAfter(t)
	return s
}

var sharedMariaDB = sharedServer[*MySQL]{name: "MariaDB", start: StartMariaDB}

// SharedMariaDB is a MariaDB that all tests of the package use together; the
// first to ask starts it. Each test takes a Database of its own; who wants to kill or
// pause a server takes one with NewMariaDB.
func SharedMariaDB(t testing.TB) *MySQL {
	t.Helper()
	return sharedMariaDB.get(t)
}

// StartMariaDB starts a MariaDB for a program that is no test; Close ends it.
func StartMariaDB(ctx context.Context) (*MySQL, error) {
	server, err := needProgram("mariadbd", "mariadb-server")
	if err != nil {
		return nil, err
	}
	install, err := needProgram("mariadb-install-db", "mariadb-server")
	if err != nil {
		return nil, err
	}
	return startMySQL(mysqlPrograms{
		name:       "mariadb",
		initialise: []string{install, "--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"},
		run:        []string{server, "--no-defaults", "--gtid-strict-mode=ON", "--debug-no-sync"},
	})
}

func startMySQL(p mysqlPrograms) (*MySQL, error) {
	dir, err := tempDir(p.name)
	if err != nil {
		return nil, err
	}
	s := &MySQL{server: &server{name: p.name, dir: dir}, password: Unique("secret"), programs: p}
	s.ready = s.isReady
	s.command = func() *exec.Cmd { return unprivileged(s.dir, append(append(p.run, p.args...), s.settings()...)...) }
	if err := s.firstStart(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// settings are for tests: little memory, and nothing forced to the disk, since a
// kill of the server is no crash of the machine.
func (s *MySQL) settings() []string {
	return []string{
		"--datadir=" + s.data(), "--port=" + strconv.Itoa(s.port), "--bind-address=127.0.0.1",
		"--socket=" + filepath.Join(s.dir, "socket"), "--pid-file=" + filepath.Join(s.dir, "pid"),
		"--init-file=" + filepath.Join(s.dir, "init.sql"),
		"--default-time-zone=+05:00", "--character-set-server=utf8mb4", "--skip-name-resolve",
		"--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=2", "--innodb-flush-method=nosync", "--innodb-doublewrite=0",
		"--max-connections=200",
		"--server-id=101", "--log-bin=binlog", "--binlog-format=ROW", "--sync-binlog=0",
	}
}

func (s *MySQL) data() string { return filepath.Join(s.dir, "data") }

// firstStart makes the data folder and starts the server, on another port if
// somebody was quicker to take the first one.
func (s *MySQL) firstStart() error {
	admin := fmt.Sprintf("CREATE USER IF NOT EXISTS admin@'%%' IDENTIFIED BY '%s';\nGRANT ALL ON *.* TO admin@'%%' WITH GRANT OPTION;\n", s.password)
	if err := os.WriteFile(filepath.Join(s.dir, "init.sql"), []byte(admin), 0o644); err != nil {
		return fmt.Errorf("servertest: write the first statements of %s: %w", s.name, err)
	}
	if err := giveAway(s.dir); err != nil {
		return err
	}
	cmd := unprivileged(s.dir, append(append(s.programs.initialise, s.programs.args...), "--datadir="+s.data())...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("servertest: make the data of %s: %w\n%s", s.name, err, out)
	}
	return s.startOn(&s.port, "Address already in use")
}

// nobody is who a server runs as where the tests run as root, which it refuses.
const nobody = 65534

// unprivileged is a command that does not run as root, and dies with us all the
// same. It may read what root may read: the cache of servers is in its home. What
// it writes beside its data is in its folder too: servers that share /tmp delete
// each other's files.
func unprivileged(dir string, args ...string) *exec.Cmd {
	if os.Geteuid() == 0 {
		id := strconv.Itoa(nobody)
		args = append([]string{"setpriv", "--reuid=" + id, "--regid=" + id, "--clear-groups", "--pdeathsig=keep",
			"--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "TMPDIR="+dir)
	return cmd
}

// giveAway gives a folder to nobody.
func giveAway(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	if err := os.Chown(dir, nobody, nobody); err != nil {
		return fmt.Errorf("servertest: give a server its folder: %w", err)
	}
	return nil
}

// Admin is one who may do anything, in a database; "" is none.
func (s *MySQL) Admin(database string) MySQLLogin {
	return MySQLLogin{Host: s.Addr(), Name: database, User: "admin", Password: s.password}
}

// Open gives connections as somebody.
func (l MySQLLogin) Open() (*sql.DB, error) {
	cfg := mysql.NewConfig()
	cfg.Net, cfg.Addr, cfg.User, cfg.Passwd, cfg.DBName = "tcp", l.Host, l.User, l.Password, l.Name
	cfg.MultiStatements, cfg.AllowNativePasswords = true, true
	cfg.Logger = &mysql.NopLogger{}
	c, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("servertest: connect to %s: %w", l.Host, err)
	}
	return sql.OpenDB(c), nil
}

func (s *MySQL) run(ctx context.Context, database, statements string) error {
	db, err := s.Admin(database).Open()
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, statements)
	return err
}

func (s *MySQL) isReady(ctx context.Context) error { return s.run(ctx, "", "SELECT 1") }

// Addr is the server's host:port; it stays the same over restarts.
func (s *MySQL) Addr() string { return loopback(s.port) }

// Exec runs statements as the admin in a database.
func (s *MySQL) Exec(t testing.TB, database, statements string) {
	t.Helper()
	if err := s.run(t.Context(), database, statements); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
}

// Run runs statements as the admin in a database, for a program that is no test.
func (s *MySQL) Run(ctx context.Context, database, statements string) error {
	return s.run(ctx, database, statements)
}

// Database makes a fresh database, and a user who may do anything in it and
// nothing elsewhere. Both are gone when the test ends.
func (s *MySQL) Database(t testing.TB) MySQLLogin {
	t.Helper()
	l := MySQLLogin{Host: s.Addr(), Name: strings.ReplaceAll(Unique("db"), "-", "_"), User: Unique("u"), Password: Unique("secret")}
	s.Exec(t, "", fmt.Sprintf("CREATE DATABASE `%[1]s`; CREATE USER '%[2]s'@'%%' IDENTIFIED BY '%[3]s'; GRANT ALL ON `%[1]s`.* TO '%[2]s'@'%%'", l.Name, l.User, l.Password))
	t.Cleanup(func() {
		drop := fmt.Sprintf("DROP DATABASE IF EXISTS `%s`; DROP USER IF EXISTS '%s'@'%%'", l.Name, l.User)
		if err := s.run(context.Background(), "", drop); err != nil {
			t.Logf("drop the test's database: %v", err) // the server may have been killed
		}
	})
	return l
}

// Stop ends the server in an orderly way; Start goes on with its data.
func (s *MySQL) Stop() { s.stop() }

// Close stops the server and removes its data.
func (s *MySQL) Close() {
	if s == nil || s.server == nil {
		return
	}
	s.stop()
	_ = os.RemoveAll(s.dir)
}
