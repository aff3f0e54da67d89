package servertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Postgres is a PostgreSQL server of Debian's package: one cluster in a folder
// of its own, on loopback, in the clear, with passwords (SCRAM). It writes what
// logical decoding needs (wal_level=logical), allows prepared transactions, and
// what it has committed survives a kill.
type Postgres struct {
	*server
	bin      string // the folder of its programs
	client   string // that of psql
	port     int
	password string // of the superuser
}

// PostgresLogin is a database and one who may do anything in it.
type PostgresLogin struct {
	Host           string // host:port
	Name           string // of the database
	User, Password string
}

// NewPostgres starts a PostgreSQL of the test's own, which may kill, restart
// and pause it. It is stopped when the test ends.
func NewPostgres(t testing.TB) *Postgres {
	t.Helper()
	needServers(t, "PostgreSQL")
	p, err := StartPostgres(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(p.dir) })
	p.stopAfter(t)
	return p
}

var sharedPostgres = sharedServer[*Postgres]{name: "PostgreSQL", start: StartPostgres}

// SharedPostgres is a PostgreSQL that all tests of the package use together;
// the first to ask starts it. Each test takes a Database of its own; who wants
// to kill or pause a server takes one with NewPostgres.
func SharedPostgres(t testing.TB) *Postgres {
	t.Helper()
	return sharedPostgres.get(t)
}

// StartPostgres starts a PostgreSQL for a program that is no test; Close ends
// it.
func StartPostgres(ctx context.Context) (*Postgres, error) {
	return startPostgres(ctx, func(string) (string, error) { return postgresPrograms() })
}

// startPostgres starts a server whose programs are where place says, which may
// put them into the server's folder.
func startPostgres(ctx context.Context, place func(dir string) (bin string, err error)) (*Postgres, error) {
	client, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	dir, err := tempDir("postgres")
	if err != nil {
		return nil, err
	}
	bin, err := place(dir)
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	p := &Postgres{server: &server{name: "postgres", dir: dir}, bin: bin, client: client, password: Unique("secret")}
	p.ready = p.isReady
	p.command = func() *exec.Cmd { return p.asServer("postgres", "-D", p.data(), "-p", strconv.Itoa(p.port)) }
	if err := p.firstStart(ctx); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// firstStart makes the cluster and starts it, on another port if somebody was
// quicker to take the first one.
func (p *Postgres) firstStart(ctx context.Context) error {
	if err := p.initialise(ctx); err != nil {
		return err
	}
	return p.startOn(&p.port, "Address already in use")
}

// postgresConf is how the cluster differs from a fresh one. A kill of the
// server is no crash of the machine, so nothing need be forced to the disk.
const postgresConf = `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
wal_level = logical
max_wal_senders = 20
max_replication_slots = 20
max_prepared_transactions = 20
max_connections = 200
shared_buffers = 64MB
fsync = off
timezone = 'Europe/Berlin'
log_timezone = 'UTC'
`

// initialise makes the cluster.
func (p *Postgres) initialise(ctx context.Context) error {
	if err := p.give(p.dir); err != nil {
		return err
	}
	file := filepath.Join(p.dir, "password")
	if err := os.WriteFile(file, []byte(p.password), 0o644); err != nil {
		return fmt.Errorf("servertest: write the password of PostgreSQL: %w", err)
	}
	cmd := p.asServer("initdb", "-D", p.data(), "-U", "postgres", "-A", "scram-sha-256", "--pwfile="+file, "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("servertest: make a PostgreSQL cluster: %w\n%s", err, out)
	}
	f, err := os.OpenFile(filepath.Join(p.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("servertest: configure PostgreSQL: %w", err)
	}
	_, err = f.WriteString(postgresConf)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("servertest: configure PostgreSQL: %w", err)
	}
	return nil
}

func (p *Postgres) data() string { return filepath.Join(p.dir, "data") }

// serverUser is who the server runs as where the tests run as root, which it
// refuses.
const serverUser = "postgres"

// asServer is a command of the server's: never as root, and dying with us all
// the same.
func (p *Postgres) asServer(program string, args ...string) *exec.Cmd {
	args = append([]string{filepath.Join(p.bin, program)}, args...)
	if os.Geteuid() == 0 {
		args = append([]string{"setpriv", "--reuid=" + serverUser, "--regid=" + serverUser, "--clear-groups",
			"--inh-caps=-all", "--pdeathsig=keep"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "HOME="+p.dir, "LC_ALL=C.UTF-8")
	return cmd
}

// give gives a folder to the one whom the server runs as.
func (p *Postgres) give(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup(serverUser)
	if err != nil {
		return fmt.Errorf("servertest: as root, PostgreSQL needs the user %s: %w", serverUser, err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		return fmt.Errorf("servertest: give PostgreSQL its folder: %w", err)
	}
	return nil
}

// postgresPrograms is the folder of the newest installed PostgreSQL.
func postgresPrograms() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) == 0 {
		path, err := needProgram("postgres", "postgresql")
		return filepath.Dir(path), err
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
}

// isReady asks with a query: a server that recovers lets nobody in.
func (p *Postgres) isReady(ctx context.Context) error {
	_, err := p.psql(ctx, "postgres", "SELECT 1")
	return err
}

// psql runs statements as the superuser.
func (p *Postgres) psql(ctx context.Context, database, statements string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(p.client, "psql"), "-h", "127.0.0.1", "-p", strconv.Itoa(p.port),
		"-U", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", database)
	cmd.Stdin = strings.NewReader(statements)
	cmd.Env = append(os.Environ(), "PGPASSWORD="+p.password, "PGCONNECT_TIMEOUT=10")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("servertest: psql: %w: %s", err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// Addr is the server's host:port; it stays the same over restarts.
func (p *Postgres) Addr() string { return loopback(p.port) }

// Admin is the superuser, in a database.
func (p *Postgres) Admin(database string) PostgresLogin {
	return PostgresLogin{Host: p.Addr(), Name: database, User: "postgres", Password: p.password}
}

// Exec runs statements as the superuser in a database, and gives what psql
// prints.
func (p *Postgres) Exec(t testing.TB, database, statements string) string {
	t.Helper()
	out, err := p.psql(t.Context(), database, statements)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Database makes a fresh database with an owner of its own, who is no
// superuser. Both are gone when the test ends.
func (p *Postgres) Database(t testing.TB) PostgresLogin {
	t.Helper()
	l := PostgresLogin{Host: p.Addr(), Name: Unique("db"), User: Unique("user"), Password: Unique("secret")}
	p.Exec(t, "postgres", fmt.Sprintf("CREATE ROLE %q LOGIN REPLICATION PASSWORD '%s';\nCREATE DATABASE %q OWNER %q;", l.User, l.Password, l.Name, l.User))
	t.Cleanup(func() {
		drop := fmt.Sprintf("DROP DATABASE IF EXISTS %q WITH (FORCE);\nDROP ROLE IF EXISTS %q;", l.Name, l.User)
		if _, err := p.psql(context.Background(), "postgres", drop); err != nil {
			t.Logf("drop the test's database: %v", err) // the server may have been killed
		}
	})
	return l
}

// Query runs statements as the superuser in a database, and gives what psql
// prints, for a program that is no test.
func (p *Postgres) Query(ctx context.Context, database, statements string) (string, error) {
	return p.psql(ctx, database, statements)
}

// Stop ends the server in an orderly way, throwing clients out; Start goes on
// with its data.
func (p *Postgres) Stop() {
	if proc := p.Process(); proc != nil {
		_ = proc.Signal(syscall.SIGINT) // its "fast" shutdown; SIGTERM waits for clients
	}
	p.stop()
}

// Close stops the server and removes its data.
func (p *Postgres) Close() {
	if p == nil {
		return
	}
	p.Stop()
	_ = os.RemoveAll(p.dir)
}
