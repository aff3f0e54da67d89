package worker

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"kcgen.dev/runtime/connect"
)

// quiet is a source that finds nothing to send and yet moves on, as one does
// that reads a log in which other tables change.
type quiet struct {
	told chan int64 // positions that are safe
	pos  int64
	from int64 // where it was opened
}

func (q *quiet) Tasks(context.Context, int) ([]connect.SourceTask, error) {
	return []connect.SourceTask{q}, nil
}

var quietPart = connect.Partition("server", "db")

func (q *quiet) Open(_ context.Context, tc connect.SourceContext) error {
	if o := tc.Offsets.Offset(quietPart); o != nil {
		q.pos = o["lsn"].(int64)
	}
	q.from = q.pos
	return nil
}

func (q *quiet) Poll(ctx context.Context, b *connect.Batch) error {
	select {
	case <-ctx.Done():
	case <-time.After(time.Millisecond):
		q.pos++
		b.Mark(quietPart, connect.SourceOffset{"lsn": q.pos})
	}
	return nil
}

func (q *quiet) Committed(_ context.Context, _ *connect.SourcePartition, o connect.SourceOffset) error {
	select {
	case q.told <- o["lsn"].(int64):
	default:
	}
	return nil
}

func (q *quiet) Close() error { return nil }

// A mark without records is a heartbeat: the offset is committed, the connector
// is told so (a replication slot may advance), and the next start goes on there.
func TestQuietSourceMovesItsOffset(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	q := &quiet{told: make(chan int64, 1)}
	poll(t, c, q, func() { <-q.told; <-q.told })
	if end(t, c, "out") != 0 {
		t.Error("a heartbeat made records")
	}
	next := &quiet{told: make(chan int64, 1)}
	poll(t, c, next, func() { <-next.told })
	if next.from == 0 || next.from > q.pos {
		t.Errorf("it was at %d and went on at %d", q.pos, next.from)
	}
}

// A heartbeat never passes a record that has no end yet: it waits its turn.
func TestHeartbeatWaitsForRecords(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	src := &lines{topic: "out", all: count(1)}
	cfg.Sources = []Source{source(src)}
	cfg.Sources[0].Connector = marks{src}
	cfg.Sources[0].Value = raw{encode: refuse("line-000000")}
	if _, err := run(t, cfg); err == nil {
		t.Fatal("the record did not fail")
	}
	cfg.Sources[0].Value = raw{}
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if got := values(read(t, c, "out", 1)); fmt.Sprint(got) != "[line-000000]" {
		t.Errorf("a heartbeat behind the failed record was committed: %v", got)
	}
}

// marks adds a heartbeat behind each poll.
type marks struct{ *lines }

type marksTask struct{ *lineTask }

func (m marks) Tasks(ctx context.Context, n int) ([]connect.SourceTask, error) {
	ts, err := m.lines.Tasks(ctx, n)
	return []connect.SourceTask{marksTask{ts[0].(*lineTask)}}, err
}

func (t marksTask) Poll(ctx context.Context, b *connect.Batch) error {
	err := t.lineTask.Poll(ctx, b)
	b.Mark(t.p, connect.SourceOffset{"position": t.pos})
	return err
}

func poll(t *testing.T, c *kfake.Cluster, q *quiet, until func()) {
	t.Helper()
	cfg, _ := config(t, c)
	cfg.IdleExit = 0
	s := source(nil)
	s.Connector = q
	cfg.Sources = []Source{s}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { until(); cancel() }()
	if _, err := runUntil(t, ctx, cfg); err != nil {
		t.Fatal(err)
	}
}
