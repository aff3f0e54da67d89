package postgres_test

import (
	"database/sql"
	"fmt"
	"maps"
	"testing"
	"time"

	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/servertest"
)

var settles = dialect.(database.Settles)

func writers(t testing.TB, q database.Querier, table string, all bool) map[string]bool {
	t.Helper()
	w, err := settles.Writers(t.Context(), q, database.Table{Schema: "public", Name: table}, all)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// waits reports whether one who has seen the first writers must still wait.
func waits(seen, now map[string]bool) bool {
	for name := range seen {
		if now[name] {
			return true
		}
	}
	return false
}

// A row that is committed late is lost by who goes by what is seen, and not by
// who waits for the writers.
func TestLateCommit(t *testing.T) {
	_, db := fresh(t)
	exec(t, db, "CREATE TABLE orders (id bigserial PRIMARY KEY, what text)")
	slow, quick, reader := conn(t, db), conn(t, db), conn(t, db)
	exec(t, slow, "BEGIN", "INSERT INTO orders (what) VALUES ('slow')")
	exec(t, quick, "INSERT INTO orders (what) VALUES ('quick')")

	since := func(id int64) (ids []int64) {
		_, rows, err := read(t, reader, "SELECT id FROM orders WHERE id > $1 ORDER BY id", nil, standard, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			ids = append(ids, r[0].Int())
		}
		return ids
	}
	seen := since(0)
	if len(seen) != 1 || seen[0] != 2 {
		t.Fatalf("what is seen first is %v", seen)
	}
	open := writers(t, reader, "orders", false)
	if len(open) == 0 {
		t.Fatal("nobody writes, it seems")
	}
	exec(t, slow, "COMMIT")
	if naive := since(seen[0]); len(naive) != 0 {
		t.Fatalf("the row is not late: %v", naive)
	}
	if waits(open, writers(t, reader, "orders", false)) {
		t.Error("the writer is done, and still waited for")
	}
	if settled := since(0); len(settled) != 2 {
		t.Errorf("behind the writers there are %v", settled)
	}
}

func TestWriters(t *testing.T) {
	_, db := fresh(t)
	exec(t, db, `CREATE TABLE plain (id serial)`, `CREATE TABLE other (id serial)`,
		`CREATE TABLE named (id bigint GENERATED ALWAYS AS IDENTITY)`, `CREATE SEQUENCE shared`,
		`CREATE TABLE defaults (id bigint DEFAULT nextval('shared'))`, `CREATE TABLE otherwise (id bigint DEFAULT nextval('shared'))`,
		`CREATE TABLE whole (id serial) PARTITION BY RANGE (id)`, `CREATE TABLE part PARTITION OF whole FOR VALUES FROM (0) TO (1000)`,
		`CREATE TABLE parent (id serial)`, `CREATE TABLE child () INHERITS (parent)`, `CREATE VIEW seen AS SELECT * FROM (SELECT id FROM whole) w`)
	one, reader := conn(t, db), conn(t, db)
	for _, x := range []struct {
		name, do string
		busy     []string
		idle     []string
	}{
		{"insert", "INSERT INTO plain DEFAULT VALUES", []string{"plain"}, []string{"other", "whole"}},
		{"copy of nothing", "INSERT INTO plain SELECT WHERE false", []string{"plain"}, []string{"other"}},
		{"through the whole", "INSERT INTO whole DEFAULT VALUES", []string{"whole", "part", "seen"}, []string{"plain"}},
		{"into the part", "INSERT INTO part VALUES (1)", []string{"whole", "part", "seen"}, []string{"plain"}},
		{"into the child", "INSERT INTO child VALUES (1)", []string{"parent", "child"}, []string{"plain"}},
		{"drawing a number", "SELECT nextval('plain_id_seq')", []string{"plain"}, []string{"other"}},
		{"drawing an identity", "SELECT nextval('named_id_seq')", []string{"named"}, []string{"plain"}},
		{"drawing from a default's sequence", "SELECT nextval('shared')", []string{"defaults", "otherwise"}, []string{"plain"}},
		{"drawing for the whole", "SELECT nextval('whole_id_seq')", []string{"whole", "part", "seen"}, []string{"plain"}},
		{"reading", "SELECT * FROM plain", nil, []string{"plain"}},
		{"analysing", "ANALYZE plain", nil, []string{"plain"}},
	} {
		exec(t, one, "BEGIN", x.do)
		for _, table := range x.busy {
			if len(writers(t, reader, table, false)) == 0 {
				t.Errorf("%s: nobody writes to %s", x.name, table)
			}
		}
		for _, table := range x.idle {
			if w := writers(t, reader, table, false); len(w) != 0 {
				t.Errorf("%s: %v write to %s", x.name, w, table)
			}
		}
		if w := writers(t, reader, "plain", true); len(w) == 0 {
			t.Errorf("%s: no transaction is open", x.name)
		}
		exec(t, one, "ROLLBACK")
		if w := writers(t, reader, "plain", true); len(w) != 0 {
			t.Errorf("%s: %v are open behind its end", x.name, w)
		}
	}
	// One's own transaction is none.
	exec(t, reader, "BEGIN", "INSERT INTO plain DEFAULT VALUES")
	if a, b := writers(t, reader, "plain", false), writers(t, reader, "plain", true); len(a)+len(b) != 0 {
		t.Errorf("one's own transaction is %v, %v", a, b)
	}
	exec(t, reader, "ROLLBACK")
}

// Who stands by is no writer, for as long as the transaction lasts; who is to
// write in it is refused.
func TestStandBy(t *testing.T) {
	_, db := fresh(t)
	exec(t, db, "CREATE TABLE plain (id serial)")
	one, reader := conn(t, db), conn(t, db)
	by := dialect.(database.Bystanders)
	tx, err := one.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(writers(t, reader, "plain", true)) == 0 {
		t.Error("a transaction that is not marked is left out")
	}
	if err := by.StandBy(t.Context(), tx); err != nil {
		t.Fatal(err)
	}
	if w := writers(t, reader, "plain", true); len(w) != 0 {
		t.Errorf("%v are waited for", w)
	}
	if _, err := tx.Exec("INSERT INTO plain DEFAULT VALUES"); !by.Wrote(err) {
		t.Errorf("it may write: %v", err)
	}
	_ = tx.Rollback()
	exec(t, one, "BEGIN")
	if len(writers(t, reader, "plain", true)) == 0 {
		t.Error("the next transaction of the session is left out")
	}
	exec(t, one, "ROLLBACK")
}

// A name stands for one transaction: the next one of a session has another, and
// one that is prepared keeps one of its names, over a crash too.
func TestWritersNames(t *testing.T) {
	t.Parallel()
	p := servertest.NewPostgres(t)
	l := p.Database(t)
	_, db := open(t, l)
	exec(t, db, "CREATE TABLE plain (id serial)")
	one, reader := conn(t, db), conn(t, db)
	before := map[string]bool{}
	for range 5 {
		exec(t, one, "BEGIN", "INSERT INTO plain DEFAULT VALUES")
		now := writers(t, reader, "plain", false)
		if waits(before, now) {
			t.Errorf("a name of %v is used again: %v", before, now)
		}
		maps.Copy(before, now)
		exec(t, one, "COMMIT")
	}
	for _, all := range []bool{false, true} {
		exec(t, one, "BEGIN", "INSERT INTO plain DEFAULT VALUES")
		seen := writers(t, reader, "plain", all)
		gid := fmt.Sprintf("p%v", all)
		exec(t, one, "PREPARE TRANSACTION '"+gid+"'")
		if !waits(seen, writers(t, reader, "plain", all)) {
			t.Errorf("all=%v: a prepared transaction is lost: %v became %v", all, seen, writers(t, reader, "plain", all))
		}
		if err := p.Restart(); err != nil {
			t.Fatal(err)
		}
		one, reader = conn(t, db), conn(t, db)
		if !waits(seen, writers(t, reader, "plain", all)) {
			t.Errorf("all=%v: a prepared transaction is lost over a crash: %v became %v", all, seen, writers(t, reader, "plain", all))
		}
		exec(t, one, "COMMIT PREPARED '"+gid+"'")
		if waits(seen, writers(t, reader, "plain", all)) {
			t.Errorf("all=%v: a committed transaction is waited for", all)
		}
	}
}

// The user needs no rights but those of reading.
func TestWritersRights(t *testing.T) {
	p := servertest.SharedPostgres(t)
	l := p.Database(t)
	_, db := open(t, l)
	exec(t, db, "CREATE TABLE plain (id serial)")
	reader := p.Database(t)
	reader.Name = l.Name
	_, other := open(t, reader)
	one := conn(t, db)
	exec(t, one, "BEGIN", "INSERT INTO plain DEFAULT VALUES")
	if a, b := writers(t, other, "plain", false), writers(t, other, "plain", true); len(a) == 0 || len(b) == 0 {
		t.Errorf("a user without rights sees %v, %v", a, b)
	}
}

// On a standby the locks of the primary are not to be seen; who has written
// anything is.
func TestWritersOfStandby(t *testing.T) {
	t.Parallel()
	p := servertest.NewPostgres(t)
	l := p.Database(t)
	_, db := open(t, l)
	exec(t, db, "CREATE TABLE plain (id serial)")
	standby := p.Standby(t)
	l.Host = standby.Addr()
	d, reader := open(t, l)
	one := conn(t, db)
	exec(t, one, "BEGIN", "INSERT INTO plain DEFAULT VALUES")
	exec(t, db, "INSERT INTO plain DEFAULT VALUES")
	for begun := time.Now(); text(t, reader, "SELECT count(*) FROM plain").String != "1"; time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > servertest.Patience {
			t.Fatal("the standby never has what the primary has")
		}
	}
	seen := writers(t, reader, "plain", false)
	if len(seen) != 1 {
		t.Errorf("the writers are %v", seen)
	}
	exec(t, one, "COMMIT")
	for begun := time.Now(); waits(seen, writers(t, reader, "plain", false)); time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > servertest.Patience {
			t.Fatal("the writer is done, and still waited for")
		}
	}
	if got := text(t, reader, "SELECT count(*) FROM plain").String; got != "2" {
		t.Errorf("behind the writers there are %s rows", got)
	}
	d.TargetServerType, d.URL = "secondary", "postgresql://"+p.Addr()+","+standby.Addr()+"/"+l.Name
	if _, err := ping(t, d); err != nil {
		t.Errorf("the standby is not taken: %v", err)
	}
	d.TargetServerType, d.URL = "primary", "postgresql://"+standby.Addr()+"/"+l.Name
	if fault, err := ping(t, d); fault != database.Away {
		t.Errorf("a standby for a primary is fault %d: %v", fault, err)
	}
	if _, err := reader.ExecContext(t.Context(), "INSERT INTO plain DEFAULT VALUES"); dialect.Fault(err) != database.Away {
		t.Errorf("a write to a standby is fault %d: %v", dialect.Fault(err), err)
	}
}
