package e2e_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/proc"
)

// tables is a lab with a table of PostgreSQL that a pipeline copies to MariaDB,
// through Kafka, or the other way.
type tables struct {
	*lab
	postgres  *servertest.Postgres
	mariadb   *servertest.MySQL
	shop      *sql.DB
	warehouse *sql.DB
	env       map[string]string

	order, change string // what customers do in the shop
}

// shopSpec copies orders from PostgreSQL to MariaDB.
const shopSpec = "../../../examples/postgres-to-mariadb/pipeline.cue"

// newLabOfTables is one without a pipeline, of which the shop is PostgreSQL's.
func newLabOfTables(t *testing.T, b *servertest.Broker, pg *servertest.Postgres, maria *servertest.MySQL, name string) *tables {
	t.Helper()
	return &tables{lab: newLab(t, b, name), postgres: pg, mariadb: maria,
		order:  "INSERT INTO orders (customer, amount, changed) VALUES ($1, $2, clock_timestamp())",
		change: "UPDATE orders SET paid = NOT paid, changed = clock_timestamp() WHERE id = (SELECT max(id) - $1 FROM orders)",
	}
}

// side is a database that a pipeline reads or writes.
type side struct {
	db                  *sql.DB
	url, user, password string
}

func (l *tables) postgresSide() side {
	at := l.postgres.Database(l.t)
	return side{opened(l.t, func() (*sql.DB, error) {
		return sql.Open("pgx", fmt.Sprintf("postgres://%s:%s@%s/%s", at.User, at.Password, at.Host, at.Name))
	}), "postgresql://" + at.Host + "/" + at.Name, at.User, at.Password}
}

func (l *tables) mariadbSide() side {
	at := l.mariadb.Database(l.t)
	return side{opened(l.t, at.Open), "mariadb://" + at.Host + "/" + at.Name, at.User, at.Password}
}

// newTables makes a lab for a spec, which kcgen compiles, with a topic of the
// test's own.
func newTables(t *testing.T, name, spec string, edits ...string) *tables {
	t.Helper()
	return newTablesAt(t, servertest.SharedPostgres(t), servertest.SharedMariaDB(t), name, spec, edits...)
}

func newTablesAt(t *testing.T, pg *servertest.Postgres, maria *servertest.MySQL, name, spec string, edits ...string) *tables {
	t.Helper()
	l := newLabOfTables(t, servertest.SharedKafka(t), pg, maria, name)
	l.build(l.postgresSide(), l.mariadbSide(), spec, edits)
	return l
}

// newTablesBack makes a lab with a table of MariaDB that a pipeline copies to
// PostgreSQL. MariaDB does not tell which transactions are open: rows are read
// when they are older than any of them.
func newTablesBack(t *testing.T, name string, edits ...string) *tables {
	t.Helper()
	l := newLabOfTables(t, servertest.SharedKafka(t), servertest.SharedPostgres(t), servertest.SharedMariaDB(t), name)
	l.order = "INSERT INTO orders (customer, amount, changed) VALUES (?, ?, SYSDATE(6))"
	l.change = "UPDATE orders SET paid = NOT paid, changed = SYSDATE(6) WHERE id = (SELECT max(id) - ? FROM orders)"
	l.build(l.mariadbSide(), l.postgresSide(), shopSpec, append(edits,
		`postgres.#Database & {url: "${env:SHOP_URL}"`, `mysql.#Database & {url: "${env:SHOP_URL}"`,
		`mysql.#Database & {url: "${env:WAREHOUSE_URL}"`, `postgres.#Database & {url: "${env:WAREHOUSE_URL}"`,
		`pollInterval:           "500ms"`, `pollInterval: "500ms", timestampDelayInterval: "3s"`))
	for _, text := range []string{
		`CREATE TABLE orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, customer VARCHAR(50) NOT NULL, amount DECIMAL(10, 2) NOT NULL,
			paid BOOLEAN NOT NULL DEFAULT FALSE, changed TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), INDEX (changed, id))`,
		`INSERT INTO orders (customer, amount, paid) VALUES ('Ada', 12.50, TRUE), ('Zoë', 0.01, FALSE)`,
	} {
		if _, err := l.shop.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// build compiles the pipeline from the shop to the warehouse.
func (l *tables) build(shop, warehouse side, spec string, edits []string) {
	l.t.Helper()
	l.env = map[string]string{
		"KAFKA_BROKERS": l.broker.Addr(), "TOPIC_PREFIX": l.topic + "-",
		"SHOP_URL": shop.url, "SHOP_USER": shop.user, "SHOP_PASSWORD": shop.password,
		"WAREHOUSE_URL": warehouse.url, "WAREHOUSE_USER": warehouse.user, "WAREHOUSE_PASSWORD": warehouse.password,
	}
	l.shop, l.warehouse = shop.db, warehouse.db
	l.topic += "-orders"
	l.broker.CreateTopic(l.t, l.topic, 1)
	l.compile(spec, append(edits, `name: "shop-orders"`, impatient(l.topic), `topicPrefix:            "shop-"`, fmt.Sprintf("topicPrefix: %q", strings.TrimSuffix(l.topic, "orders")), `"shop-orders"`, fmt.Sprintf("%q", l.topic))...)
}

// impatient has a killed pipeline forgotten soon, and what it has done known.
func impatient(group string) string {
	return fmt.Sprintf(`name: "shop-orders"
	worker: {
		group: {id: "%[1]s", sessionTimeout: "1s", heartbeatInterval: "300ms"}
		consumer: {sessionTimeout: "1s", heartbeatInterval: "300ms"}
		offsetStorageTopic: "%[1]s-offsets" // tests have connectors and tables of one name
		offsetFlushInterval: "1s"
	}`, group)
}

func opened(t *testing.T, open func() (*sql.DB, error)) *sql.DB {
	t.Helper()
	db, err := open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// compile builds a spec in which words were replaced by others.
func (l *tables) compile(spec string, edits ...string) {
	l.t.Helper()
	dir, err := binaries()
	if err != nil {
		l.t.Fatal(err)
	}
	text, err := os.ReadFile(spec)
	if err != nil {
		l.t.Fatal(err)
	}
	file := filepath.Join(l.t.TempDir(), "pipeline.cue")
	if err := os.WriteFile(file, []byte(strings.NewReplacer(edits...).Replace(string(text))), 0o666); err != nil {
		l.t.Fatal(err)
	}
	cmd := exec.CommandContext(l.t.Context(), "go", "run", "kcgen.dev/cmd/kcgen", "build", "-o", filepath.Join(dir, l.program), file)
	if out, err := cmd.CombinedOutput(); err != nil {
		l.t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
}

func (l *tables) start(args ...string) *proc.Process { return l.startIn(l.env, args...) }

// makeShop makes the table of orders.
func (l *tables) makeShop() {
	l.t.Helper()
	l.makeTables("../../../examples/postgres-to-mariadb/shop.sql")
}

// makeTables runs a file of statements in the shop.
func (l *tables) makeTables(file string) {
	l.t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		_, err = l.shop.ExecContext(l.t.Context(), string(text))
	}
	if err != nil {
		l.t.Fatal(err)
	}
}

// customers are at work until the context ends: each transaction inserts some
// orders, changes others, and takes its time before it commits, so that later
// numbers are committed first. Some are rolled back.
func (l *tables) customers(ctx context.Context, n int, changes bool) *sync.WaitGroup {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 7))
			for ctx.Err() == nil {
				if err := l.transaction(random, changes); err != nil && ctx.Err() == nil {
					time.Sleep(50 * time.Millisecond) // the database may be away
				}
			}
		})
	}
	return &all
}

func (l *tables) transaction(random *rand.Rand, changes bool) error {
	tx, err := l.shop.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for range 1 + random.IntN(20) {
		name := fmt.Sprintf("customer %d of %c", random.IntN(1000), 'A'+rune(random.IntN(26)))
		if _, err := tx.Exec(l.order, name, random.IntN(100000)); err != nil {
			return err
		}
	}
	if changes {
		if _, err := tx.Exec(l.change, random.IntN(50)); err != nil {
			return err
		}
	}
	time.Sleep(time.Duration(random.IntN(30)) * time.Millisecond)
	if random.IntN(10) == 0 {
		return tx.Rollback()
	}
	return tx.Commit()
}

// rows are a table's, as one text each.
func (l *tables) rows(db *sql.DB) []string {
	l.t.Helper()
	rows, err := db.QueryContext(l.t.Context(), "SELECT id, customer, amount, paid FROM orders ORDER BY id")
	if err != nil {
		if strings.Contains(err.Error(), "1146") || strings.Contains(err.Error(), "42P01") { // there is no such table yet
			return nil
		}
		l.t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var id int64
		var customer, amount string
		var paid bool
		if err := rows.Scan(&id, &customer, &amount, &paid); err != nil {
			l.t.Fatal(err)
		}
		all = append(all, fmt.Sprint(id, " ", customer, " ", amount, " ", paid))
	}
	if err := rows.Err(); err != nil {
		l.t.Fatal(err)
	}
	return all
}

// arrive waits until the warehouse has as many orders as the shop, and wants
// them to be the same.
func (l *tables) arrive(p *proc.Process) {
	l.t.Helper()
	want := l.rows(l.shop)
	begun := time.Now()
	l.wait(p, "as many orders in the warehouse", func() bool {
		var n int
		if time.Since(begun) > servertest.Patience/2 { // wait gives up then
			l.t.Fatalf("they do not come: %s", l.whereabouts())
		}
		return l.warehouse.QueryRowContext(l.t.Context(), "SELECT count(*) FROM orders").Scan(&n) == nil && n >= len(want)
	})
	// Changes may be on their way still; what is wrong stays wrong.
	for range 100 {
		if different(want, l.rows(l.warehouse)) == "" {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	got := l.rows(l.warehouse)
	l.t.Fatalf("%d orders in the shop, %d in the warehouse: %s", len(want), len(got), different(want, got))
}

// different is the first difference between the rows of two tables.
func different(want, got []string) string {
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(got):
			return fmt.Sprintf("%q is missing", want[i])
		case i >= len(want):
			return fmt.Sprintf("%q is too many", got[i])
		case want[i] != got[i]:
			return fmt.Sprintf("%q, want %q", got[i], want[i])
		}
	}
	return ""
}

// tableKills is how many kills crashSize asks for; a taste of them by default.
func tableKills(t *testing.T) int {
	kills, _ := crashSize(t)
	if os.Getenv("KCGEN_CRASH") == "" {
		kills = 5
	}
	return int(kills)
}

// crashing kills the pipeline again and again while customers are at work.
func (l *tables) crashing(kills int, changes bool) {
	l.t.Helper()
	ctx, cancel := context.WithCancel(l.t.Context())
	busy := l.customers(ctx, 4, changes)
	seed := uint64(time.Now().UnixNano())
	l.t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range kills {
		p := l.start()
		time.Sleep(time.Duration(random.Int64N(int64(3 * time.Second))))
		p.Kill()
	}
	cancel()
	busy.Wait()
}

// A pipeline from table to table that is killed again and again loses no row,
// and with upserts has none twice, though transactions commit late and rows
// change all the time.
func TestTablesCrash(t *testing.T) {
	l := newTables(t, "tables", shopSpec)
	l.makeShop()
	l.survives(true)
	if refused := l.records("shop-orders-refused"); len(refused) > 0 {
		t.Errorf("%d dead letters", len(refused))
	}
}

// The same the other way.
func TestTablesCrashBack(t *testing.T) {
	newTablesBack(t, "tables-back").survives(true)
}

// onceAtBothEnds has both ends deliver exactly once, and nothing hide a row that
// came twice: rows are inserted, without a key.
var onceAtBothEnds = []string{
	`insertMode:      "upsert"`, `exactlyOnce: true`,
	`pkMode:          "record_key"`, ``,
	`sources: shop: {`, "sources: shop: {\nexactlyOnce: {}\n",
	`sinks: warehouse: {`, "sinks: warehouse: {\nconsumer: isolationLevel: \"read_committed\"\n",
}

// The same where a row that came twice would be seen.
func TestTablesCrashExactlyOnce(t *testing.T) {
	l := newTables(t, "tables-once", shopSpec, append(slices.Clone(onceAtBothEnds),
		`mode:                   "timestamp+incrementing"`, `mode: "incrementing"`,
		`timestampColumnName:    ["changed"]`, ``)...)
	l.makeShop()
	l.survives(false)
}

func TestTablesCrashExactlyOnceBack(t *testing.T) {
	newTablesBack(t, "tables-once-back", onceAtBothEnds...).survives(false)
}

// survives kills the pipeline again and again, and wants all rows to arrive.
func (l *tables) survives(changes bool) {
	l.t.Helper()
	kills := tableKills(l.t)
	l.crashing(kills, changes)
	p := l.start()
	l.arrive(p)
	l.stop(p)
	l.t.Logf("%d kills, %d orders, %d records in the topic", kills, len(l.rows(l.shop)), l.end())
}

// Both databases go away in turn, without a word and with kill -9, while rows
// come: the pipeline waits, and goes on by itself.
func TestTablesRideOutDatabases(t *testing.T) {
	l := newTablesAt(t, servertest.NewPostgres(t), servertest.NewMariaDB(t), "tables-away", shopSpec)
	l.makeShop()
	p := l.start()
	l.arrive(p)
	ctx, cancel := context.WithCancel(t.Context())
	busy := l.customers(ctx, 2, true)
	for range 2 {
		for _, s := range []interface {
			Kill()
			Start() error
		}{l.postgres, l.mariadb} {
			time.Sleep(time.Second)
			s.Kill()
			time.Sleep(time.Second)
			if err := s.Start(); err != nil {
				t.Fatal(err)
			}
		}
	}
	cancel()
	busy.Wait()
	l.arrive(p)
	l.stop(p)
}

// Columns are added, renamed and dropped while the pipeline runs.
func TestTablesChange(t *testing.T) {
	l := newTables(t, "tables-change", shopSpec)
	l.makeShop()
	p := l.start()
	l.arrive(p)
	exec := func(text string) {
		t.Helper()
		if _, err := l.shop.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	exec(`ALTER TABLE orders ADD note text`)
	exec(`INSERT INTO orders (customer, amount, note) VALUES ('Alan', 3, 'with a note')`)
	l.wait(p, "a column more", l.says(`SELECT count(*) FROM orders WHERE note = 'with a note'`, 1))
	exec(`ALTER TABLE orders RENAME note TO remark`)
	exec(`INSERT INTO orders (customer, amount, remark) VALUES ('Alan', 4, 'with a remark')`)
	l.wait(p, "the column's new name", l.says(`SELECT count(*) FROM orders WHERE remark = 'with a remark'`, 1))
	exec(`ALTER TABLE orders DROP remark`)
	exec(`INSERT INTO orders (customer, amount) VALUES ('Alan', 5)`)
	l.wait(p, "a row without it", l.says(`SELECT count(*) FROM orders WHERE customer = 'Alan'`, 3))
	l.stop(p)
}

// says is a question for wait: whether a query of the warehouse gives n.
func (l *tables) says(query string, n int) func() bool {
	return func() bool {
		var got int
		return l.warehouse.QueryRowContext(l.t.Context(), query).Scan(&got) == nil && got == n
	}
}

// whereabouts says which orders got how far, of those that are missing.
func (l *tables) whereabouts() string {
	count := map[string]int{}
	for _, r := range l.records(l.topic, kgo.FetchIsolationLevel(kgo.ReadCommitted())) {
		var v struct{ Payload struct{ ID int64 } }
		if err := json.Unmarshal(r.Value, &v); err != nil {
			l.t.Error(err)
		}
		count[fmt.Sprint(v.Payload.ID)]++
	}
	have := map[string]int{}
	for _, r := range l.rows(l.warehouse) {
		id, _, _ := strings.Cut(r, " ")
		have[id]++
	}
	var b strings.Builder
	for _, r := range l.rows(l.shop) {
		id, _, _ := strings.Cut(r, " ")
		if count[id] != 1 || have[id] != 1 {
			fmt.Fprintf(&b, "order %s: %d in the topic, %d in the warehouse\n", id, count[id], have[id])
		}
	}
	return fmt.Sprintf("%d records, offset %d\n%s", len(count), l.end(), b.String())
}
