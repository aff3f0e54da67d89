package servertest_test

import (
	"testing"

	"kcgen.dev/runtime/servertest"
)

// What PostgreSQL has committed survives a kill, at the same address.
func TestPostgresRestartKeepsData(t *testing.T) {
	p := servertest.NewPostgres(t)
	addr := p.Addr()
	p.Exec(t, "postgres", "CREATE TABLE kept (id int); INSERT INTO kept VALUES (7);")
	if err := p.Restart(); err != nil {
		t.Fatal(err)
	}
	if got := p.Exec(t, "postgres", "SELECT id FROM kept"); got != "7" || p.Addr() != addr {
		t.Errorf("after a restart at %s the table holds %q; it was at %s", p.Addr(), got, addr)
	}
}

func TestSharedPostgresIsOne(t *testing.T) {
	one, two := servertest.SharedPostgres(t), servertest.SharedPostgres(t)
	if one != two {
		t.Errorf("two servers were started: %s, %s", one.Addr(), two.Addr())
	}
	l := one.Database(t)
	if got := one.Exec(t, l.Name, "SELECT current_database(), current_setting('wal_level')"); got != l.Name+"|logical" {
		t.Errorf("a fresh database says %q", got)
	}
}
