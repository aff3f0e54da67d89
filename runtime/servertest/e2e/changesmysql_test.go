package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"

	"kcgen.dev/runtime/servertest"
)

// newMySQLChanges is a lab with a table of MariaDB whose changes come to a topic.
func newMySQLChanges(t *testing.T, rows int) *tables {
	t.Helper()
	maria := servertest.SharedMariaDB(t)
	l := &tables{lab: newLab(t, servertest.SharedKafka(t), "changesmysql"), mariadb: maria}
	prefix := l.topic
	d := maria.Admin(maria.Database(t).Name)
	l.env = map[string]string{
		"KAFKA_BROKERS": l.broker.Addr(),
		"SHOP_URL":      "mariadb://" + d.Host + "/" + d.Name, "SHOP_USER": d.User, "SHOP_PASSWORD": d.Password,
	}
	l.shop = opened(t, d.Open)
	l.topic = prefix + "." + d.Name + ".orders"
	l.broker.CreateTopic(t, l.topic, 1)
	l.compile("testdata/mysql-changes.cue", `name: "shop-orders"`, impatient(prefix),
		`"shop"`, fmt.Sprintf("%q", prefix), `"shop-history"`, fmt.Sprintf("%q", prefix+"-history"), `.*\\.`, d.Name+`\\.`)
	l.run(`CREATE TABLE orders (id bigint AUTO_INCREMENT PRIMARY KEY, customer bigint NOT NULL, note text);
		CREATE TABLE others (id int PRIMARY KEY)`)
	l.run(fmt.Sprintf(`INSERT INTO orders (customer, note) SELECT seq, REPEAT('x', 100) FROM seq_1_to_%d`, rows))
	return l
}

func (l *tables) run(statement string) {
	l.t.Helper()
	if _, err := l.shop.ExecContext(l.t.Context(), statement); err != nil {
		l.t.Fatalf("%s: %v", statement, err)
	}
}

// shoppers change orders until the context ends, in transactions of which some are
// rolled back.
func (l *tables) shoppers(ctx context.Context, n, rows int) *sync.WaitGroup {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 13))
			for ctx.Err() == nil {
				_ = l.shopping(ctx, random, rows) // two may wait for each other, and one is thrown out
			}
		})
	}
	return &all
}

func (l *tables) shopping(ctx context.Context, random *rand.Rand, rows int) error {
	tx, err := l.shop.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, statement := range []string{
		"INSERT INTO orders (customer, note) VALUES (?, 'new')",
		"INSERT INTO orders (customer) VALUES (?)",
		"UPDATE orders SET customer = customer + 1, note = 'changed' WHERE id = ?",
		"UPDATE orders SET id = -id WHERE id = ?",
		"DELETE FROM orders WHERE id = ?",
	} {
		if _, err := tx.ExecContext(ctx, statement, random.IntN(rows)+1); err != nil {
			return err
		}
	}
	if random.IntN(8) == 0 {
		return tx.Rollback()
	}
	return tx.Commit()
}

// folded are the rows that the topic's records leave, as texts.
func (l *tables) folded() map[string]string {
	l.t.Helper()
	rows := map[string]string{}
	for _, r := range l.records(l.topic) {
		var v struct {
			After *struct {
				ID       int64
				Customer int64
				Note     *string
			}
		}
		if err := json.Unmarshal(r.Value, &v); err != nil {
			l.t.Fatalf("%s: %v", r.Value, err)
		}
		if v.After == nil {
			delete(rows, string(r.Key))
			continue
		}
		note := "NULL"
		if v.After.Note != nil {
			note = *v.After.Note
		}
		rows[string(r.Key)] = fmt.Sprint(v.After.ID, " ", v.After.Customer, " ", note)
	}
	return rows
}

// A table of MariaDB is followed though the pipeline is killed at random moments, of
// the snapshot and of the log: what the records leave is what the table has.
func TestMySQLChangesCrash(t *testing.T) {
	kills, rows := 4, 30_000
	if os.Getenv("KCGEN_CRASH") != "" {
		kills, rows = 2*tableKills(t), 300_000
	}
	l := newMySQLChanges(t, rows)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	busy := l.shoppers(ctx, 2, rows)
	const over = "the snapshot is done"
	r := newReaper(l)
	within := r.reap(kills/2, over)
	l.startUntil(l.start, "reading the binary log").Kill()
	r.reap(kills/2, "")
	cancel()
	busy.Wait()
	p := l.startUntil(l.start, "reading the binary log") // a snapshot that goes on would tell of the last row too
	l.run("INSERT INTO orders VALUES (0, 0, 'the last')")
	l.wait(p, "the last change", func() bool { return strings.Contains(l.lastValue(), "the last") })
	l.stop(p)

	told := l.folded()
	there, err := l.shop.QueryContext(t.Context(), "SELECT CONCAT('{\"id\":', id, '}'), CONCAT_WS(' ', id, customer, COALESCE(note, 'NULL')) FROM orders")
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	n, wrong := 0, 0
	for ; there.Next(); n++ {
		var key, row string
		if err := there.Scan(&key, &row); err != nil {
			t.Fatal(err)
		}
		if told[key] != row {
			if wrong++; wrong < 5 {
				t.Errorf("%s is %q in the table, and %q by the records", key, row, told[key])
			}
		}
		delete(told, key)
	}
	if err := there.Err(); err != nil {
		t.Fatal(err)
	}
	if wrong+len(told) > 0 {
		t.Errorf("of %d rows %d are wrong, and %d are told of that are no more", n, wrong, len(told))
	}
	t.Logf("%d kills while rows were read, %d while changes were; %d rows", within, kills/2, n)
}
