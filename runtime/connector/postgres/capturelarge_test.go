package postgres_test

import (
	"context"
	"log/slog"
	"runtime"
	"testing"

	"kcgen.dev/runtime/connect"
)

// TestCaptureLarge reads a transaction of very many rows in bounded memory: what
// is held is a batch or two.
func TestCaptureLarge(t *testing.T) {
	const rows = 2 * captureRows
	d := adminDatabase(t)
	d.exec(captureTable)
	s := d.source()
	l := d.capture(s)
	l.untilStreaming(d)
	l.untilMark(d)
	_ = l.task.Close()
	d.exec("BEGIN; " + captureInsert + "; DELETE FROM wide; COMMIT")
	tasks, err := s.Tasks(context.Background(), 1)
	if err != nil {
		t.Fatal(err)
	}
	task := tasks[0]
	defer task.Close()
	if err := task.Open(context.Background(), connect.SourceContext{Name: "large", Offsets: positions{l.offset}, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	var b connect.Batch
	var most uint64
	for n, polls := 0, 0; n < rows; polls++ {
		b.Reset()
		if err := task.Poll(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
		if n += len(b.Records); polls%20 == 0 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	t.Logf("%d MiB at the most", most>>20)
	if most > 64<<20 {
		t.Errorf("%d MiB are held: a transaction is to stream through", most>>20)
	}
}
