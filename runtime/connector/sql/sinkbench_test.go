package sql

import (
	"context"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

const benchRows = 3000

// BenchmarkSink writes batches through the sink. TestLargeSink does it beside the
// bare drivers.
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
