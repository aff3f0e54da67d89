package servertest

import (
	"errors"
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
	s := p.twin(t)
	copied := s.asServer("pg_basebackup", "-D", s.data(), "-R", "-h", "127.0.0.1", "-p", strconv.Itoa(p.port), "-U", "postgres", "-c", "fast", "--no-sync")
	copied.Env = append(copied.Env, "PGPASSWORD="+p.password)
	if out, err := copied.CombinedOutput(); err != nil {
		t.Fatal(fmt.Errorf("servertest: copy PostgreSQL to %s: %w\n%s", filepath.Base(s.dir), err, out))
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	s.stopAfter(t)
	return s
}

// twin is a server like p in a folder of its own, without data.
func (p *Postgres) twin(t testing.TB) *Postgres {
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
	s := &Postgres{server: &server{name: "postgres", dir: dir}, bin: p.bin, client: p.client, port: ports[0], password: p.password}
	s.ready = s.isReady
	s.command = func() *exec.Cmd { return s.asServer("postgres", "-D", s.data(), "-p", strconv.Itoa(s.port)) }
	if err := s.give(dir); err != nil {
		t.Fatal(err)
	}
	return s
}

// Heir starts a standby that can take the server's place, slots and all, where
// these are kept on standbys (PostgreSQL 17). Its slot on the server is named
// heir. The server is stopped for a moment: its data are copied as they are.
func (p *Postgres) Heir(t testing.TB) *Postgres {
	t.Helper()
	p.Exec(t, "postgres", "SELECT pg_create_physical_replication_slot('heir')")
	s := p.twin(t)
	p.Stop()
	if out, err := exec.Command("cp", "-a", p.data(), s.data()).CombinedOutput(); err != nil {
		t.Fatalf("servertest: copy PostgreSQL: %v\n%s", err, out)
	}
	signal := filepath.Join(s.data(), "standby.signal")
	if err := errors.Join(s.inherit(p), os.WriteFile(signal, nil, 0o600), s.give(signal), p.Start(), s.Start()); err != nil {
		t.Fatal(err)
	}
	s.stopAfter(t)
	return s
}

// inherit has a standby follow p, and keep its slots.
func (p *Postgres) inherit(from *Postgres) error {
	f, err := os.OpenFile(filepath.Join(p.data(), "postgresql.auto.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("servertest: configure PostgreSQL: %w", err)
	}
	_, err = fmt.Fprintf(f, `
primary_conninfo = 'host=127.0.0.1 port=%d user=postgres password=%s dbname=postgres'
primary_slot_name = 'heir'
hot_standby_feedback = on
sync_replication_slots = on
`, from.port, from.password)
	return errors.Join(err, f.Close())
}
