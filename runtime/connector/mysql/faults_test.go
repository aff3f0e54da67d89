package mysql_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/database/databasetest"
	"kcgen.dev/runtime/connector/mysql"
	"kcgen.dev/runtime/secret"
	"kcgen.dev/runtime/servertest"
)

func wantFault(t *testing.T, d database.Dialect, err error, want database.Fault) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want fault %d", want)
		return
	}
	if got := d.Fault(err); got != want {
		t.Errorf("%v: fault %d, want %d", err, got, want)
	}
}

// What refuses a row is the row's fault, whatever the server's own sql_mode.
func TestFaultsOfRows(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		d := databaseOf(t, s.Database(t))
		s.Exec(t, "", "SET GLOBAL sql_mode = ''")
		defer s.Exec(t, "", "SET GLOBAL sql_mode = DEFAULT")
		db := databasetest.Open(t, d)
		for _, statement := range []string{
			"CREATE TABLE parent (id INT PRIMARY KEY)", "INSERT INTO parent VALUES (1)",
			"CREATE TABLE child (id INT PRIMARY KEY, parent INT, s VARCHAR(3), n TINYINT NOT NULL, d DATE, e ENUM('a'), j JSON, l VARCHAR(3) CHARACTER SET latin1, u INT UNIQUE, p DECIMAL(4,2), CHECK (n < 100), FOREIGN KEY (parent) REFERENCES parent(id))",
		} {
			databasetest.Exec(t, db, statement)
		}
		for _, statement := range []string{
			"INSERT INTO child (id, n, parent) VALUES (1, 1, 99)", "INSERT INTO child (id, n, s) VALUES (1, 1, 'long')",
			"INSERT INTO child (id, n) VALUES (1, 1000)", "INSERT INTO child (id, n) VALUES (1, 'x')", "INSERT INTO child (id, n) VALUES (1, NULL)",
			"INSERT INTO child (id) VALUES (1)", "INSERT INTO child (id, n, d) VALUES (1, 1, '2024-02-30')", "INSERT INTO child (id, n, e) VALUES (1, 1, 'b')",
			"INSERT INTO child (id, n, j) VALUES (1, 1, '{')", "INSERT INTO child (id, n, l) VALUES (1, 1, '漢')", "INSERT INTO child (id, n) VALUES (1, 100)",
			"INSERT INTO child (id, n, p) VALUES (1, 1, 123.4)", "DELETE FROM parent_of_child",
		} {
			want := database.Data
			if strings.HasPrefix(statement, "DELETE") {
				want = database.Absent
			}
			_, err := db.ExecContext(t.Context(), statement)
			wantFault(t, d.Dialect(), err, want)
		}
		databasetest.Exec(t, db, "INSERT INTO child (id, n, parent) VALUES (1, 1, 1)")
		_, err := db.ExecContext(t.Context(), "DELETE FROM parent")
		wantFault(t, d.Dialect(), err, database.Data)
	})
}

// Two that wait for each other, and one that waits for long.
func TestFaultsOfLocks(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		d := databaseOf(t, s.Database(t))
		db := databasetest.Open(t, d)
		databasetest.Exec(t, db, "CREATE TABLE locks (id INT PRIMARY KEY, v INT)")
		databasetest.Exec(t, db, "INSERT INTO locks VALUES (1, 0), (2, 0)")
		one, two := begin(t, db), begin(t, db)
		update := "UPDATE locks SET v = v + 1 WHERE id = ?"
		databasetest.Exec(t, one, update, 1)
		databasetest.Exec(t, two, update, 2)
		blocked := make(chan error, 1)
		go func() { _, err := one.ExecContext(context.Background(), update, 2); blocked <- err }()
		_, err := two.ExecContext(t.Context(), update, 1)
		if other := <-blocked; err == nil {
			err = other
		}
		wantFault(t, d.Dialect(), err, database.Busy)
		_, _ = one.Rollback(), two.Rollback()

		holder, waiter := begin(t, db), begin(t, db)
		databasetest.Exec(t, holder, update, 1)
		databasetest.Exec(t, waiter, "SET innodb_lock_wait_timeout = 1")
		_, err = waiter.ExecContext(t.Context(), update, 1)
		wantFault(t, d.Dialect(), err, database.Busy)
	})
}

func begin(t *testing.T, db *sql.DB) *sql.Tx {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

// Who may not, and what is not there.
func TestFaultsOfRights(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		l := s.Database(t)
		d := databaseOf(t, l)
		_, err := databasetest.Open(t, d).ExecContext(t.Context(), "SELECT * FROM mysql.user")
		wantFault(t, d.Dialect(), err, database.Denied)

		wrong := d
		t.Setenv("WRONG", "not the password")
		wrong.Password = secret.Ref("${env:WRONG}")
		if err := secret.Resolve(&wrong); err != nil {
			t.Fatal(err)
		}
		err = databasetest.Open(t, wrong).PingContext(t.Context())
		wantFault(t, d.Dialect(), err, database.Denied)
		if strings.Contains(err.Error(), "not the password") {
			t.Errorf("the error shows the password: %v", err)
		}

		elsewhere := d
		elsewhere.URL = "mysql://" + l.Host + "/nosuchdatabase"
		if f := d.Dialect().Fault(databasetest.Open(t, elsewhere).PingContext(t.Context())); f != database.Denied && f != database.Absent {
			t.Errorf("no such database: fault %d", f)
		}
	})
}

// A server that dies, is down, or hangs is away.
func TestFaultsOfServer(t *testing.T) {
	t.Parallel()
	s := servertest.NewMariaDB(t)
	d := databaseOf(t, s.Database(t))
	db := databasetest.Open(t, d)
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	databasetest.Exec(t, c, "CREATE TABLE kept (id INT)")
	var id int
	if err := c.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
		t.Fatal(err)
	}
	databasetest.Exec(t, db, "KILL ?", id)
	_, err = c.ExecContext(t.Context(), "INSERT INTO kept VALUES (1)")
	wantFault(t, d.Dialect(), err, database.Away)

	s.Kill()
	wantFault(t, d.Dialect(), db.PingContext(t.Context()), database.Away)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	databasetest.Exec(t, db, "INSERT INTO kept VALUES (2)")

	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	d.SocketTimeout, d.ConnectTimeout = 200*time.Millisecond, 200*time.Millisecond
	wantFault(t, d.Dialect(), databasetest.Open(t, d).PingContext(t.Context()), database.Away)
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	s.Exec(t, "", "SET GLOBAL read_only = ON")
	_, err = db.ExecContext(t.Context(), "INSERT INTO kept VALUES (3)")
	wantFault(t, d.Dialect(), err, database.Away)
}

// A statement that is too long is known before it is sent.
func TestMaxStatement(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		d := databaseOf(t, s.Database(t))
		db := databasetest.Open(t, d)
		most, err := d.Dialect().(database.Sizes).MaxStatement(t.Context(), db)
		if err != nil || most < 1<<20 {
			t.Fatalf("%d, %v", most, err)
		}
		databasetest.Exec(t, db, "CREATE TABLE large (v LONGBLOB)")
		insert := "INSERT INTO large VALUES (?)"
		fits := make([]byte, (most-len(insert)-20)/2)
		if size := len(insert) + database.Size(fits); size > most {
			t.Fatalf("%d bytes", size)
		}
		databasetest.Exec(t, db, insert, fits)
		_, err = db.ExecContext(t.Context(), insert, make([]byte, 2*most))
		wantFault(t, d.Dialect(), err, database.Data)
	})
}

func TestFaultOfNothing(t *testing.T) {
	d := mysql.Database{}.Dialect()
	for _, err := range []error{nil, errors.New("anything"), context.Canceled} {
		if f := d.Fault(err); f != database.Unknown {
			t.Errorf("%v: fault %d", err, f)
		}
	}
}
