package postgres_test

import (
	"context"
	"log/slog"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

// manyRows are those of one transaction, and heapMost what may be held of them: a
// batch or two.
const (
	manyRows = 1_000_000
	heapMost = 32 << 20
)

// TestCaptureLarge reads a transaction of very many rows in bounded memory.
func TestCaptureLarge(t *testing.T) {
	d := adminDatabase(t)
	d.exec(captureTable)
	s := d.source()
	l := d.capture(s)
	l.untilStreaming(d)
	l.untilMark(d)
	_ = l.task.Close()
	d.exec(strings.Replace(captureInsert, "100000", strconv.Itoa(manyRows), 1))
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
	for n, polls := 0, 0; n < manyRows; polls++ {
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
	t.Logf("%.1f MiB at the most", float64(most)/(1<<20))
	if most > heapMost {
		t.Errorf("%d MiB are held: a transaction is to stream through", most>>20)
	}
}
