package postgres_test

import (
	"context"
	"log/slog"
	"syscall"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
)

const captureRows = 100000

const captureTable = `CREATE TABLE wide (id bigint PRIMARY KEY, customer text, total numeric(10,2), at timestamptz, day date, flag boolean, n int, note text)`

const captureInsert = `INSERT INTO wide SELECT i, 'customer ' || i, i / 7.0, now(), '2024-02-29', i % 2 = 0, i, 'a note of some length for row ' || i FROM generate_series(1, 100000) i`

// BenchmarkCaptureStream reads a transaction of 100,000 rows out of the log.
func BenchmarkCaptureStream(b *testing.B) {
	d := adminDatabase(b)
	d.exec(captureTable)
	s := d.source()
	l := d.capture(s)
	l.untilStreaming(d)
	l.untilMark(d)
	_ = l.task.Close()
	d.exec(captureInsert)
	benchCapture(b, d, l.offset)
}

// BenchmarkCaptureSnapshot reads as many rows of a table.
func BenchmarkCaptureSnapshot(b *testing.B) {
	d := adminDatabase(b)
	d.exec(captureTable)
	d.exec(captureInsert)
	benchCapture(b, d, nil)
}

func benchCapture(b *testing.B, d *captured, from connect.SourceOffset) {
	b.ReportAllocs()
	before := cpu()
	for b.Loop() {
		tasks, err := d.source().Tasks(context.Background(), 1)
		if err != nil {
			b.Fatal(err)
		}
		task := tasks[0]
		err = task.Open(context.Background(), connect.SourceContext{Name: "bench", Offsets: positions{from}, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			b.Fatal(err)
		}
		var batch connect.Batch
		for n := 0; n < captureRows; n += len(batch.Records) {
			batch.Reset()
			if err := task.Poll(context.Background(), &batch); err != nil {
				b.Fatal(err)
			}
		}
		_ = task.Close()
	}
	rows := float64(b.N * captureRows)
	b.ReportMetric(rows/(cpu()-before).Seconds(), "rows/cpu-s")
	b.ReportMetric(rows/b.Elapsed().Seconds(), "rows/s")
}

// cpu is the time that the process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
