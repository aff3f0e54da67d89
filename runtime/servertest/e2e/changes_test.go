package e2e_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/proc"
)

// mirrored are the tables of examples/postgres-changes: a query gives each row
// as one text. Long notes are compared by their hashes.
var mirrored = map[string]string{
	"customers": `SELECT row(id, name, email)::text FROM customers ORDER BY id`,
	"orders":    `SELECT row(id, customer, amount, paid, placed, md5(note))::text FROM orders ORDER BY id`,
}

// mirror is a lab with two tables of PostgreSQL that a pipeline captures, and
// writes to another database.
type mirror struct {
	*tables // its warehouse is the mirror
	prefix  string
}

func newMirror(t *testing.T) *mirror {
	t.Helper()
	pg := servertest.SharedPostgres(t)
	l := &mirror{tables: &tables{lab: newLab(t, servertest.SharedKafka(t), "mirror"), postgres: pg}}
	l.prefix = l.topic
	from, to := pg.Database(t), pg.Database(t)
	l.env = map[string]string{
		"KAFKA_BROKERS": l.broker.Addr(),
		"SHOP_URL":      "postgresql://" + from.Host + "/" + from.Name, "SHOP_USER": from.User, "SHOP_PASSWORD": from.Password,
		"MIRROR_URL": "postgresql://" + to.Host + "/" + to.Name, "MIRROR_USER": to.User, "MIRROR_PASSWORD": to.Password,
	}
	l.shop, l.warehouse = opened(t, openPostgres(from)), opened(t, openPostgres(to))
	for table := range mirrored {
		l.broker.CreateTopic(t, l.topicOf(table), 1)
	}
	l.compile("../../../examples/postgres-changes/pipeline.cue",
		`name: "shop-mirror"`, impatient(l.prefix),
		`timePrecisionMode: `, "snapshotChunkSize: 1000\n timePrecisionMode: ",
		`"shop_mirror"`, fmt.Sprintf("%q", strings.ReplaceAll(l.prefix, "-", "_")),
		`"shop"`, fmt.Sprintf("%q", l.prefix),
		`"shop.public.`, fmt.Sprintf(`"%s.public.`, l.prefix))
	return l
}

func openPostgres(d servertest.PostgresLogin) func() (*sql.DB, error) {
	return func() (*sql.DB, error) {
		return sql.Open("pgx", fmt.Sprintf("postgres://%s:%s@%s/%s", d.User, d.Password, d.Host, d.Name))
	}
}

func (l *mirror) topicOf(table string) string { return l.prefix + ".public." + table }

// clerks are at work until the context ends.
func (l *mirror) clerks(ctx context.Context, n int) *sync.WaitGroup {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 11))
			for ctx.Err() == nil {
				_ = l.work(random) // two may wait for each other, and one is thrown out
			}
		})
	}
	return &all
}

// work is one transaction of all kinds of changes; some are rolled back.
func (l *mirror) work(random *rand.Rand) error {
	tx, err := l.shop.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var note any // of several pages, which PostgreSQL stores apart
	if random.IntN(4) == 0 {
		note = letters(random, 6000)
	}
	for range 1 + random.IntN(10) {
		if _, err := tx.Exec("INSERT INTO orders (customer, amount, note) VALUES ($1, $2, $3)", random.IntN(1000), random.IntN(100000), note); err != nil {
			return err
		}
	}
	for _, statement := range []string{
		"INSERT INTO customers (name, email) VALUES ('Zoë ' || $1::int, NULL)",
		"INSERT INTO customers (name) VALUES ('Ada ' || $1::int)",
		"UPDATE customers SET email = name || '@example.com' WHERE id = (SELECT max(id) - $1 FROM customers)",
		"UPDATE orders SET paid = NOT paid WHERE id = (SELECT max(id) - $1 FROM orders)",
		"UPDATE orders SET id = -id WHERE id = (SELECT max(id) - $1 FROM orders)",
		"DELETE FROM orders WHERE id = (SELECT max(id) - $1 FROM orders)",
		"DELETE FROM customers WHERE id = (SELECT max(id) - $1 FROM customers)",
	} {
		if _, err := tx.Exec(statement, random.IntN(50)); err != nil {
			return err
		}
	}
	if random.IntN(10) == 0 {
		return tx.Rollback()
	}
	time.Sleep(time.Duration(random.IntN(30)) * time.Millisecond) // others are between
	return tx.Commit()
}

func letters(random *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a' + byte(random.IntN(26))
	}
	return string(b)
}

// texts are the rows that a query gives; none where there is no table yet.
func (l *mirror) texts(db *sql.DB, query string) []string {
	l.t.Helper()
	rows, err := db.QueryContext(l.t.Context(), query)
	if fault := new(pgconn.PgError); errors.As(err, &fault) && fault.Code == "42P01" {
		return nil
	}
	if err != nil {
		l.t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			l.t.Fatal(err)
		}
		all = append(all, text)
	}
	if err := rows.Err(); err != nil {
		l.t.Fatal(err)
	}
	return all
}

// same waits until the mirror has the shop's rows, and no others, as long as it
// gets nearer. Nobody may be at work.
func (l *mirror) same(p *proc.Process) {
	l.t.Helper()
	for table, query := range mirrored {
		want := l.texts(l.shop, query)
		d, last := "nothing was compared", ""
		for moved := time.Now(); d != "" && time.Since(moved) < 2*time.Minute; {
			got := l.texts(l.warehouse, query)
			if d = different(want, got); d == "" {
				break
			}
			if now := fmt.Sprint(len(got), d); now != last {
				last, moved = now, time.Now()
			}
			select {
			case <-p.Done():
				l.t.Fatalf("the pipeline ended before %s were the same: %s", table, d)
			case <-time.After(200*time.Millisecond + time.Duration(len(want))*2*time.Microsecond):
			}
		}
		if d != "" {
			l.t.Errorf("%s: %s", table, d)
		}
	}
	if l.t.Failed() {
		l.t.FailNow()
	}
}

// operations counts the kinds of changes in a table's topic; a tombstone's is
// "".
func (l *mirror) operations(table string) map[string]int {
	l.t.Helper()
	count := map[string]int{}
	for _, r := range l.records(l.topicOf(table)) {
		var v struct{ Payload struct{ Op string } }
		if r.Value != nil {
			if err := json.Unmarshal(r.Value, &v); err != nil {
				l.t.Fatal(err)
			}
		}
		count[v.Payload.Op]++
	}
	return count
}

// Two tables are mirrored by their changes: what is there at first, and what
// clerks insert, update, delete and give other keys, though the pipeline is
// killed at random moments of the snapshot and of the stream.
func TestChangesCrash(t *testing.T) {
	kills, rows := 4, 20_000
	if os.Getenv("KCGEN_CRASH") != "" {
		kills, rows = 2*tableKills(t), 200_000
	}
	l := newMirror(t)
	l.makeTables("../../../examples/postgres-changes/shop.sql")
	if _, err := l.shop.ExecContext(t.Context(), "INSERT INTO orders (customer, amount) SELECT i % 1000, i FROM generate_series(1, $1::int) i", rows); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	busy := l.clerks(ctx, 3)
	r := newReaper(l.tables)
	within := r.reap(kills/2, "the snapshot has ended")
	p := l.start()
	l.waitLog(p, "the snapshot has ended")
	p.Kill()
	r.reap(kills/2, "")
	cancel()
	busy.Wait()
	p = l.start()
	l.same(p)
	l.stop(p)

	t.Logf("%d kills while %d rows were read, %d while changes were", within, rows, kills/2)
	for table, query := range mirrored {
		count := l.operations(table)
		t.Logf("%d %s, changes by kind %v", len(l.texts(l.shop, query)), table, count)
		for _, kind := range []string{"r", "c", "u", "d", ""} {
			if count[kind] == 0 {
				t.Errorf("%s: no change of kind %q in the topic", table, kind)
			}
		}
	}
}

// The example's check finds all that it needs, and a column that the shop gets
// while the pipeline runs comes to the mirror.
func TestChangesEvolve(t *testing.T) {
	l := newMirror(t)
	l.makeTables("../../../examples/postgres-changes/shop.sql")
	if err := l.start("check").Wait(t.Context()); err != nil {
		t.Fatalf("check: %v", err)
	}
	p := l.start()
	l.same(p)
	if _, err := l.shop.ExecContext(t.Context(), `ALTER TABLE orders ADD channel text; INSERT INTO orders (customer, amount, channel) VALUES (1, 3, 'web')`); err != nil {
		t.Fatal(err)
	}
	l.wait(p, "the new column in the mirror", l.says(`SELECT count(*) FROM orders WHERE channel = 'web'`, 1))
	l.same(p)
	l.stop(p)
}
