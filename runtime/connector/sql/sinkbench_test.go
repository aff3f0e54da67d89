package sql

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

const benchRows = 3000

// BenchmarkSink writes batches through the sink, and the same rows with the bare
// driver: one prepared statement of many rows, or COPY.
func BenchmarkSink(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *shop{"sqlite": newShop, "postgres": postgresShop, "mariadb": mariaShop} {
		b.Run(name, func(b *testing.B) {
			for mode, o := range map[string]Sink{
				"insert": {},
				"upsert": {InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"id"}},
				"exact":  {ExactlyOnce: true},
			} {
				b.Run(mode, func(b *testing.B) { benchSink(b, open(b), o) })
			}
			b.Run("bare", func(b *testing.B) { benchBare(b, open(b)) })
		})
	}
}

func benchSink(b *testing.B, s *shop, o Sink) {
	o.AutoCreate = true
	r := s.open(o)
	batch := orders(0, benchRows)
	b.ReportAllocs()
	b.ResetTimer()
	for n := range b.N {
		for i := range batch {
			batch[i].Offset = int64(n*benchRows + i)
		}
		if err := r.Put(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*benchRows)/b.Elapsed().Seconds(), "rows/s")
}

func benchBare(b *testing.B, s *shop) {
	s.exec(`CREATE TABLE orders (id BIGINT NOT NULL, name TEXT, n INTEGER)`)
	d := s.db.Dialect()
	table := database.Table{Name: "orders"}
	conn, err := s.pool.Conn(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	rows := make([][]any, benchRows)
	var flat []any
	for i := range rows {
		rows[i] = []any{int64(i), fmt.Sprint("order ", i), int64(i)}
		flat = append(flat, rows[i]...)
	}
	bulk, fast := d.(database.Bulk)
	columns, err := d.Columns(b.Context(), conn, table, database.Mapping{})
	if err != nil {
		b.Fatal(err)
	}
	stmt, err := conn.PrepareContext(b.Context(), string(d.AppendInsert(nil, table, []string{"id", "name", "n"}, benchRows)))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		tx, err := conn.BeginTx(b.Context(), nil)
		if err != nil {
			b.Fatal(err)
		}
		if fast {
			err = bulk.InsertBulk(b.Context(), conn, table, columns, rows)
		} else {
			_, err = stmt.ExecContext(b.Context(), flat...)
		}
		if err != nil {
			b.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*benchRows)/b.Elapsed().Seconds(), "rows/s")
}

// What the sink itself costs a record, apart from the database.
func BenchmarkSinkCollect(b *testing.B) {
	s := newShop(b)
	for mode, o := range map[string]Sink{"insert": {}, "upsert": {InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"id"}}} {
		o.AutoCreate, o.TableNameFormat = true, mode
		task := s.open(o).SinkTask.(*sinkTask)
		batch := orders(0, benchRows)
		if err := task.Put(context.Background(), batch); err != nil && !strings.Contains(err.Error(), "UNIQUE") {
			b.Fatal(err)
		}
		b.Run(mode, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if err := task.collect(context.Background(), batch); err != nil {
					b.Fatal(err)
				}
				for ops := task.ops; len(ops) > 0; {
					n := task.segment(ops)
					task.gather(ops[:n], false)
					ops = ops[n:]
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*benchRows), "ns/record")
		})
	}
}

var _ connect.Results = (*run)(nil)
