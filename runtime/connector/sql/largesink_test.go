package sql

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"kcgen.dev/runtime/connect"
)

// fewRows are enough to see that memory does not grow.
const fewRows = 60_000

// Every way of writing beside the bare driver doing the same to a table of the
// same shape, in turns, in constant memory. "make bench-sql" is ten million rows.
func TestLargeSink(t *testing.T) {
	for _, server := range []struct {
		name string
		open func(testing.TB) *shop
		bare func(*shop) map[string]func(rows [][]any) error
	}{{"PostgreSQL", postgresShop, barePostgres}, {"MariaDB", mariaShop, bareMaria}} {
		t.Run(server.name, func(t *testing.T) {
			s := server.open(t)
			for _, table := range []string{"orders", "bare"} {
				s.exec(`CREATE TABLE ` + table + ` (id BIGINT NOT NULL PRIMARY KEY, name TEXT, n INTEGER)`)
			}
			bare := server.bare(s)
			keyed := Sink{PkMode: "record_key", PkFields: []string{"id"}}
			mode := func(insertMode string, more func(*Sink)) Sink {
				o := keyed
				o.InsertMode = insertMode
				if more != nil {
					more(&o)
				}
				return o
			}
			exact := func(o *Sink) { o.ExactlyOnce = true }
			for _, lap := range []struct {
				what, bare string
				o          Sink
				empty      bool // the tables are emptied before
			}{
				{"insert", "insert", mode("insert", nil), true},
				{"insert, exactly once", "insert", mode("insert", exact), true},
				{"upsert of new rows", "upsert", mode("upsert", nil), true},
				{"upsert of rows that are there", "upsert", mode("upsert", nil), false},
				{"update", "update", mode("update", nil), false},
				{"delete", "delete", mode("upsert", func(o *Sink) { o.DeleteEnabled = true }), false},
			} {
				if lap.empty {
					s.exec(`TRUNCATE TABLE orders; TRUNCATE TABLE bare`)
				}
				s.lap(t, lap.what, lap.o, lap.bare == "delete", bare[lap.bare])
			}
		})
	}
}

// lap writes so many rows by the sink and by the bare driver, batch by batch in
// turns, and tells how long each took.
func (s *shop) lap(t *testing.T, what string, o Sink, deletes bool, bare func([][]any) error) {
	t.Helper()
	all := *manyRows
	if *leastRatio == 0 {
		all = min(all, fewRows)
	}
	r := s.open(o)
	defer r.close()
	before, most := heap(), uint64(0)
	var took [2]time.Duration
	n := 0
	for turn := 0; n < all; turn++ {
		batch, rows := lapBatch(n, turn, deletes)
		for i := range 2 {
			begun := time.Now()
			var err error
			if (turn+i)%2 == 0 {
				err = r.Put(context.Background(), batch)
			} else {
				err = bare(rows)
			}
			took[(turn+i)%2] += time.Since(begun)
			if err != nil || len(r.refused) > 0 {
				t.Fatalf("%s: %v, %v", what, err, r.refused)
			}
		}
		if n += len(batch); turn%10 == 0 {
			most = max(most, heap())
		}
	}
	rate, ratio := float64(n)/took[0].Seconds(), float64(took[1])/float64(took[0])
	t.Logf("%-30s %d rows, %.0f rows/s, %.2f of the bare driver", what, n, rate, ratio)
	if most > before+mostGrown {
		t.Errorf("%s: %d KiB more at the most", what, (most-before)>>10)
	}
	if ratio < *leastRatio {
		t.Errorf("%s: %.2f of the bare driver", what, ratio)
	}
	if orders, bare := s.rows(`SELECT count(*), sum(n) FROM orders`), s.rows(`SELECT count(*), sum(n) FROM bare`); orders != bare {
		t.Errorf("%s: the sink's table has %s, the bare driver's %s", what, orders, bare)
	}
}

// lapBatch are rows as records, and as the driver takes them.
func lapBatch(first, turn int, deletes bool) ([]connect.Record, [][]any) {
	batch, rows := orders(first, benchRows), make([][]any, benchRows)
	for i := range batch {
		id, name, n := int64(first+i), fmt.Sprint("order ", first+i), int32(turn)
		if deletes {
			batch[i] = tombstone(id, id)
		} else {
			batch[i].Value = structOf(orderSchema, connect.Int64(id), connect.String(name), connect.Int32(n))
		}
		rows[i] = []any{id, name, n}
	}
	return batch, rows
}

// barePostgres is what a program does with pgx alone: COPY, and statements over
// arrays.
func barePostgres(s *shop) map[string]func([][]any) error {
	ctx := context.Background()
	conn, err := s.pool.Conn(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	raw := func(do func(*pgx.Conn) error) error {
		return conn.Raw(func(driver any) error { return do(driver.(*stdlib.Conn).Conn()) })
	}
	arrays := func(text string, most int) func([][]any) error {
		return func(rows [][]any) error {
			ids, names, ns := make([]int64, len(rows)), make([]string, len(rows)), make([]int32, len(rows))
			for i, row := range rows {
				ids[i], names[i], ns[i] = row[0].(int64), row[1].(string), row[2].(int32)
			}
			return raw(func(c *pgx.Conn) error {
				_, err := c.Exec(ctx, text, []any{ids, names, ns}[:most]...)
				return err
			})
		}
	}
	const unnest = ` FROM unnest($1::bigint[], $2::text[], $3::integer[])`
	return map[string]func([][]any) error{
		"insert": func(rows [][]any) error {
			return raw(func(c *pgx.Conn) error {
				_, err := c.CopyFrom(ctx, pgx.Identifier{"bare"}, []string{"id", "name", "n"}, pgx.CopyFromRows(rows))
				return err
			})
		},
		"upsert": arrays(`INSERT INTO bare (id, name, n) SELECT *`+unnest+` ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, n = EXCLUDED.n`, 3),
		"update": arrays(`UPDATE bare SET name = u.name, n = u.n`+unnest+` AS u(id, name, n) WHERE bare.id = u.id`, 3),
		"delete": arrays(`DELETE FROM bare WHERE id = ANY($1)`, 1),
	}
}

// bareMaria is what a program does with the driver alone: statements of many
// rows, and for updates a join with a list of so many rows as go well at once.
func bareMaria(s *shop) map[string]func([][]any) error {
	prepare := func(text string) *stdsql.Stmt {
		stmt, err := s.pool.Prepare(s.spoken(text))
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(func() { _ = stmt.Close() })
		return stmt
	}
	many := func(tuple string) string { return strings.TrimSuffix(strings.Repeat(tuple+",", benchRows), ",") }
	insert := prepare(`INSERT INTO bare (id, name, n) VALUES ` + many("(?,?,?)"))
	upsert := prepare(`INSERT INTO bare (id, name, n) VALUES ` + many("(?,?,?)") + ` ON DUPLICATE KEY UPDATE name = VALUES(name), n = VALUES(n)`)
	const some = benchRows / 12
	update := `UPDATE bare JOIN (SELECT ? AS id, ? AS name, ? AS n` + strings.Repeat(` UNION ALL SELECT ?,?,?`, some-1) + `) u ON bare.id = u.id SET bare.name = u.name, bare.n = u.n`
	remove := prepare(`DELETE FROM bare WHERE id IN (` + many("?") + `)`)
	once := func(stmt *stdsql.Stmt, width int) func([][]any) error {
		return func(rows [][]any) error {
			var args []any
			for _, row := range rows {
				args = append(args, row[:width]...)
			}
			_, err := stmt.Exec(args...)
			return err
		}
	}
	return map[string]func([][]any) error{
		"insert": once(insert, 3), "upsert": once(upsert, 3), "delete": once(remove, 1),
		"update": func(rows [][]any) error {
			tx, err := s.pool.Begin()
			if err != nil {
				return err
			}
			defer tx.Rollback()
			for part := range slices.Chunk(rows, some) {
				if _, err := tx.Exec(update, slices.Concat(part...)...); err != nil {
					return err
				}
			}
			return tx.Commit()
		},
	}
}
