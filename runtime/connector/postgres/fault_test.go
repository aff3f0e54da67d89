package postgres_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/secret"
	"kcgen.dev/runtime/servertest"
)

func TestFaults(t *testing.T) {
	p := servertest.SharedPostgres(t)
	l := p.Database(t)
	_, db := open(t, l)
	exec(t, db, "CREATE TABLE t (id int PRIMARY KEY CHECK (id > 0), s varchar(2) NOT NULL, up int REFERENCES t)", "INSERT INTO t VALUES (1, '', NULL)",
		"CREATE VIEW v AS SELECT * FROM t WHERE id < 5 WITH CHECK OPTION",
		`CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END'`,
		"CREATE TABLE guarded (id int)", "CREATE TRIGGER no BEFORE INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION no()")
	p.Exec(t, l.Name, "CREATE TABLE secret (id int)")
	for _, x := range []struct {
		statement string
		want      database.Fault
	}{
		{"INSERT INTO t VALUES (1, '', NULL)", database.Data},
		{"INSERT INTO t VALUES (0, '', NULL)", database.Data},
		{"INSERT INTO t VALUES (2, NULL, NULL)", database.Data},
		{"INSERT INTO t VALUES (2, 'abc', NULL)", database.Data},
		{"INSERT INTO t VALUES (2, '', 7)", database.Data},
		{"SELECT 'x'::int", database.Data},
		{"INSERT INTO v VALUES (7, '', NULL)", database.Data},
		{"INSERT INTO guarded VALUES (7)", database.Data},
		{"SELECT 1/0", database.Data},
		{"SELECT * FROM nowhere", database.Absent},
		{"SELECT * FROM nowhere.t", database.Absent},
		{"SELECT nothing FROM t", database.Absent},
		{"SELECT * FROM secret", database.Denied},
		{"SELEC", database.Unknown},
		{"SELECT 'a\x00b'", database.Unknown},
		{"SELECT pg_terminate_backend(pg_backend_pid())", database.Away},
	} {
		_, err := db.ExecContext(t.Context(), x.statement)
		if got := dialect.Fault(err); err == nil || got != x.want {
			t.Errorf("%q: fault %d, want %d: %v", x.statement, got, x.want, err)
		}
		if strings.HasPrefix(x.statement, "INSERT") {
			x.want = database.Unknown // it is no query, and is not run
		}
		_, _, err = read(t, conn(t, db), x.statement, nil, standard)
		if got := dialect.Fault(err); err == nil || got != x.want {
			t.Errorf("%q read: fault %d, want %d: %v", x.statement, got, x.want, err)
		}
	}
}

func TestBusy(t *testing.T) {
	d, db := fresh(t)
	exec(t, db, "CREATE TABLE t (id int PRIMARY KEY, n int)", "INSERT INTO t VALUES (1, 0), (2, 0)")
	one, two := conn(t, db), conn(t, db)
	exec(t, one, "BEGIN", "UPDATE t SET n = 1 WHERE id = 1")
	exec(t, two, "BEGIN", "UPDATE t SET n = 1 WHERE id = 2")
	first := make(chan error)
	go func() {
		_, err := one.ExecContext(context.Background(), "UPDATE t SET n = 1 WHERE id = 2")
		first <- err
	}()
	_, err := two.ExecContext(t.Context(), "UPDATE t SET n = 1 WHERE id = 1")
	if other := <-first; other != nil {
		err = other
	}
	if got := dialect.Fault(err); got != database.Busy {
		t.Errorf("a deadlock is fault %d: %v", got, err)
	}
	exec(t, one, "ROLLBACK")
	exec(t, two, "ROLLBACK", "SET lock_timeout = 1")
	exec(t, one, "BEGIN", "LOCK TABLE t")
	if _, err := two.ExecContext(t.Context(), "UPDATE t SET n = 1"); dialect.Fault(err) != database.Busy {
		t.Errorf("a lock that took too long is fault %d: %v", dialect.Fault(err), err)
	}
	exec(t, one, "ROLLBACK")

	d.LockTimeout = time.Millisecond
	impatient, err := d.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer impatient.Close()
	if got := text(t, impatient, "SHOW lock_timeout").String; got != "1ms" {
		t.Errorf("lockTimeout is %s", got)
	}
}

// A statement that was prepared for a table that has changed goes well at the
// next try.
func TestTableChangesUnderStatement(t *testing.T) {
	_, db := fresh(t)
	exec(t, db, "CREATE TABLE t (id int, s text)", "INSERT INTO t VALUES (1, 'a')")
	c := conn(t, db)
	for i := range 3 {
		if _, rows, err := read(t, c, "SELECT * FROM t", nil, standard); err != nil || len(rows[0]) != 2+i {
			t.Errorf("after %d changes: %v, %v", i, rows, err)
		}
		text(t, c, "SELECT id FROM t")
		exec(t, db, "ALTER TABLE t ADD COLUMN x"+string(rune('a'+i))+" int", "ALTER TABLE t ALTER id TYPE bigint USING id, ALTER s TYPE varchar(9)")
		rows, err := c.QueryContext(t.Context(), "SELECT id FROM t")
		if err == nil {
			rows.Close()
		} else if dialect.Fault(err) != database.Busy {
			t.Errorf("fault %d: %v", dialect.Fault(err), err)
		}
	}
}

// The server goes in the middle of rows, and comes back.
func TestServerRestarts(t *testing.T) {
	t.Parallel()
	p := servertest.NewPostgres(t)
	d, db := open(t, p.Database(t))
	c := conn(t, db)
	rows, err := dialect.Rows(t.Context(), c, "SELECT g, repeat('x', 10000) FROM generate_series(1, 100000) g", nil, nil, standard)
	if err != nil {
		t.Fatal(err)
	}
	row := make([]connect.Value, 2)
	if more, err := rows.Next(row); !more || err != nil {
		t.Fatal(more, err)
	}
	p.Kill()
	for err = nil; err == nil; {
		var more bool
		if more, err = rows.Next(row); !more && err == nil {
			t.Fatal("the rows have come to their end")
		}
	}
	if got := dialect.Fault(err); got != database.Away {
		t.Errorf("a server that was killed is fault %d: %v", got, err)
	}
	if err := rows.Close(); err != nil && dialect.Fault(err) != database.Away {
		t.Errorf("close: %v", err)
	}
	c.Close()
	_, err = db.ExecContext(t.Context(), "SELECT 1")
	if got := dialect.Fault(err); got != database.Away {
		t.Errorf("a server that is not there is fault %d: %v", got, err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if got := text(t, db, "SELECT 'back'").String; got != "back" {
		t.Errorf("the server is %q", got)
	}
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Resume(); err != nil {
			t.Error(err)
		}
	}()
	d.ConnectTimeout = 200 * time.Millisecond
	frozen, err := d.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer frozen.Close()
	if err := frozen.PingContext(t.Context()); dialect.Fault(err) != database.Away {
		t.Errorf("a server that does not answer is fault %d: %v", dialect.Fault(err), err)
	}
}

// No error has the password in it, and a wrong one is final.
func TestLogin(t *testing.T) {
	l := servertest.SharedPostgres(t).Database(t)
	const wrong = "hunter2-is-wrong"
	t.Setenv("KCGEN_WRONG", wrong)
	for _, change := range []func(){
		func() { l.Password = wrong },
		func() { l.Name = "nowhere" },
		func() { l.User = "nobody" },
	} {
		good := l
		change()
		d := login(t, l)
		db, err := d.Open()
		if err != nil {
			t.Fatal(err)
		}
		err = db.PingContext(t.Context())
		if fault := dialect.Fault(err); fault != database.Denied && fault != database.Absent {
			t.Errorf("fault %d: %v", fault, err)
		}
		if strings.Contains(err.Error(), l.Password) {
			t.Errorf("the password is in %v", err)
		}
		db.Close()
		l = good
	}
}

func TestURL(t *testing.T) {
	for _, x := range []struct{ url, name, fault string }{
		{"postgresql://db/shop", "PostgreSQL at db:5432/shop", ""},
		{"jdbc:postgresql://db:7/shop", "PostgreSQL at db:7/shop", ""},
		{"postgres://[::1]:7/sh%20op", "PostgreSQL at [::1]:7/sh op", ""},
		{"postgresql://a,b:6/shop", "PostgreSQL at a:5432,b:6/shop", ""},
		{"postgresql://me:hunter2@db/shop", "PostgreSQL", "fields of their own"},
		{"postgresql://db/shop?password=hunter2", "PostgreSQL", "fields of their own"},
		{"mysql://hunter2", "PostgreSQL", "postgresql://HOST"},
		{"postgresql://db", "PostgreSQL", "name of the database"},
		{"postgresql://db:x/hunter2", "PostgreSQL", "port"},
		{"postgresql://d b/hunter2", "PostgreSQL", "host"},
		{"postgresql:///hunter2", "PostgreSQL", "host"},
	} {
		d := login(t, servertest.PostgresLogin{})
		d.URL, d.Password = x.url, secret.Secret{}
		if got := d.String(); got != x.name {
			t.Errorf("%s: %s, want %s", x.url, got, x.name)
		}
		_, err := d.Config()
		if (err == nil) != (x.fault == "") || err != nil && (!strings.Contains(err.Error(), x.fault) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: %v, want %q", x.url, err, x.fault)
		}
	}
}
