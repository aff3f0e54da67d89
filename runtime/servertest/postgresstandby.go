package servertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// Standby starts a standby of the server: it can be read from, and has what the
// server has a moment later. It is stopped when the test ends.
func (p *Postgres) Standby(t testing.TB) *Postgres {
	t.Helper()
	dir, err := tempDir("postgres")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	ports, err := freePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	s := &Postgres{server: &server{name: "postgres", dir: dir}, bin: p.bin, port: ports[0], password: p.password}
	s.ready = s.isReady
	s.command = func() *exec.Cmd { return s.asServer("postgres", "-D", s.data(), "-p", strconv.Itoa(s.port)) }
	if err := s.give(dir); err != nil {
		t.Fatal(err)
	}
	copied := s.asServer("pg_basebackup", "-D", s.data(), "-R", "-h", "127.0.0.1", "-p", strconv.Itoa(p.port), "-U", "postgres", "-c", "fast", "--no-sync")
	copied.Env = append(copied.Env, "PGPASSWORD="+p.password)
	if out, err := copied.CombinedOutput(); err != nil {
		t.Fatal(fmt.Errorf("servertest: copy PostgreSQL to %s: %w\n%s", filepath.Base(dir), err, out))
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	s.stopAfter(t)
	return s
}
