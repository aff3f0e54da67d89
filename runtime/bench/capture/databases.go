package main

import (
	"context"
	"database/sql"
	"fmt"

	_ "github.com/jackc/pgx/v5/stdlib" // for database/sql

	"kcgen.dev/runtime/servertest/cdc"
)

// prefix begins the topics' names.
const prefix = "bench"

// columns are those of both tables, after their key.
const columns = `customer INT NOT NULL, status VARCHAR(20), amount NUMERIC(10,2), quantity SMALLINT, paid BOOLEAN, placed TIMESTAMP NULL, note VARCHAR(100)`

// values are a row's, by a number n.
const values = `n %% 1000, 'shipped', n %% 100000 / 100.0, n %% 7, true, '2026-01-02 03:04:05', concat('the order of the customer with the number ', n %% 1000)`

// dialect is what the databases say differently.
type dialect struct {
	fill   string // n rows at once
	stream string // n transactions of a thousand rows
}

var dialects = map[string]dialect{
	"postgres": {
		fill:   "INSERT INTO orders SELECT n, " + values + " FROM generate_series(1, %d) n",
		stream: "DO $$ BEGIN FOR i IN 0..%[1]d - 1 LOOP INSERT INTO changes SELECT n, " + values + " FROM generate_series(i*1000+1, i*1000+1000) n; COMMIT; END LOOP; END $$",
	},
	"mariadb": {
		fill:   "INSERT INTO orders SELECT seq, " + values + " FROM (SELECT seq, seq n FROM seq_1_to_%d) s",
		stream: "BEGIN NOT ATOMIC FOR i IN 0..%[1]d - 1 DO INSERT INTO changes SELECT i*1000 + seq, " + values + " FROM (SELECT seq, seq n FROM seq_1_to_1000) s; END FOR; END",
	},
}

// makeTables makes a run's database.
func (w *work) makeTables(ctx context.Context, rows int) error {
	if err := w.server.Make(ctx, w.name); err != nil {
		return err
	}
	for _, s := range []string{
		"CREATE TABLE orders (id BIGINT PRIMARY KEY, " + columns + ")",
		"CREATE TABLE changes (id BIGINT PRIMARY KEY, " + columns + ")",
		fmt.Sprintf(dialects[w.db].fill, rows),
	} {
		if err := w.server.Exec(ctx, w.name, s); err != nil {
			return err
		}
	}
	return nil
}

// write writes changes, a thousand in a transaction.
func (w *work) write(ctx context.Context, changes int) error {
	return w.server.Exec(ctx, w.name, fmt.Sprintf(dialects[w.db].stream, changes/1000))
}

// url is the database's, from Debezium's properties.
func (w *work) url(p map[string]string) string {
	scheme := map[string]string{"postgres": "postgresql", "mariadb": "mariadb"}[w.db]
	return fmt.Sprintf("%s://%s:%s/%s", scheme, p["database.hostname"], p["database.port"], w.name)
}

// open gives a connection that writes single rows.
func (w *work) open() (*sql.DB, error) {
	if s, ok := w.server.(cdc.MySQL); ok {
		return s.Admin(w.name).Open()
	}
	l := w.server.(cdc.Postgres).Admin(w.name)
	return sql.Open("pgx", fmt.Sprintf("postgresql://%s:%s@%s/%s", l.User, l.Password, l.Host, l.Name))
}
