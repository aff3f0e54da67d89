package mysql_test

import (
	"fmt"
	"log/slog"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/servertest"
)

// BenchmarkCapture reads rows of a snapshot, and of one transaction of the log; an
// operation is a row.
func BenchmarkCapture(b *testing.B) {
	s := servertest.SharedMariaDB(b)
	for _, mode := range []string{"snapshot", "log"} {
		b.Run(mode, func(b *testing.B) {
			db := s.Database(b)
			s.Exec(b, db.Name, "CREATE TABLE t (id int PRIMARY KEY, name varchar(40), amount decimal(10,2), at datetime(6), note text)")
			fill := fmt.Sprintf("INSERT INTO t SELECT seq, CONCAT('name ', seq), seq / 7, NOW(6), 'a note of some length, as they are' FROM seq_1_to_%d", b.N)
			if mode == "snapshot" {
				s.Exec(b, db.Name, fill)
			}
			src := captureOf(b, s, db.Name)
			tasks, err := src.Tasks(b.Context(), 1)
			if err != nil {
				b.Fatal(err)
			}
			task := tasks[0]
			defer task.Close()
			if err := task.Open(b.Context(), connect.SourceContext{Name: "bench", Offsets: offsets{}, Log: slog.New(slog.DiscardHandler), Journals: memory{}}); err != nil {
				b.Fatal(err)
			}
			var batch connect.Batch
			poll := func() {
				batch.Reset()
				if err := task.Poll(b.Context(), &batch); err != nil {
					b.Fatal(err)
				}
			}
			poll() // the definitions
			if mode == "log" {
				poll()
				s.Exec(b, db.Name, fill)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for rows := 0; rows < b.N; {
				poll()
				rows += len(batch.Records)
			}
		})
	}
}
