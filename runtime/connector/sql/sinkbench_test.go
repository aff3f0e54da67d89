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
	put := sinkWriter(s, o)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		put()
	}
	b.ReportMetric(float64(b.N*benchRows)/b.Elapsed().Seconds(), "rows/s")
}

func benchBare(b *testing.B, s *shop) {
	put := bareWriter(s)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		put()
	}
	b.ReportMetric(float64(b.N*benchRows)/b.Elapsed().Seconds(), "rows/s")
}

// sinkWriter puts benchRows records, again at each call.
func sinkWriter(s *shop, o Sink) func() {
	o.AutoCreate = true
	r := s.open(o)
	batch := orders(0, benchRows)
	n := 0
	return func() {
		for i := range batch {
			batch[i].Offset = int64(n)
			n++
		}
		if err := r.Put(context.Background(), batch); err != nil {
			s.t.Fatal(err)
		}
	}
}

// bareWriter writes benchRows rows with the driver alone, in one transaction.
func bareWriter(s *shop) func() {
	s.exec(`CREATE TABLE orders (id BIGINT NOT NULL, name TEXT, n INTEGER)`)
	ctx, d := context.Background(), s.db.Dialect()
	table := database.Table{Name: "orders"}
	conn, err := s.pool.Conn(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	rows := make([][]any, benchRows)
	var flat []any
	for i := range rows {
		rows[i] = []any{int64(i), fmt.Sprint("order ", i), int64(i)}
		flat = append(flat, rows[i]...)
	}
	bulk, fast := d.(database.Bulk)
	columns, err := d.Columns(ctx, conn, table, database.Mapping{})
	if err != nil {
		s.t.Fatal(err)
	}
	stmt, err := conn.PrepareContext(ctx, string(d.AppendInsert(nil, table, []string{"id", "name", "n"}, benchRows)))
	if err != nil {
		s.t.Fatal(err)
	}
	return func() {
		tx, err := conn.BeginTx(ctx, nil)
		if err != nil {
			s.t.Fatal(err)
		}
		if fast {
			err = bulk.InsertBulk(ctx, conn, table, columns, rows)
		} else {
			_, err = stmt.ExecContext(ctx, flat...)
		}
		if err != nil {
			s.t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			s.t.Fatal(err)
		}
	}
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
