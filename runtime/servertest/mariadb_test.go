package servertest_test

import (
	"os"
	"testing"

	"kcgen.dev/runtime/servertest"
)

// What MariaDB has committed survives a kill, at the same address.
func TestMariaDBRestartKeepsData(t *testing.T) {
	keepsData(t, servertest.NewMariaDB(t))
	if servertest.WithMySQL() {
		keepsData(t, servertest.NewMySQL(t))
	}
}

func keepsData(t *testing.T, s *servertest.MySQL) {
	addr := s.Addr()
	l := s.Database(t)
	s.Exec(t, l.Name, "CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)")
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	db, err := l.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var tmpdir string
	if err := db.QueryRow("SELECT @@tmpdir").Scan(&tmpdir); err != nil || tmpdir == os.TempDir() {
		t.Errorf("its temporary files are in %s, with those of other servers (%v)", tmpdir, err)
	}
	var id int
	if err := db.QueryRow("SELECT id FROM kept").Scan(&id); err != nil || id != 7 || s.Addr() != addr {
		t.Errorf("after a restart at %s the table holds %d (%v); it was at %s", s.Addr(), id, err, addr)
	}
}
