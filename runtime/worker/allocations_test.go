package worker

import (
	"context"
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/fuse"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/offset"
	"kcgen.dev/runtime/transform"
)

// few is how many records are taken at once, and mostChunks how many pieces of
// memory these may take: the chunks that slabs and buffers are made of.
const (
	few        = 500
	mostChunks = few / 10
)

var allocationSteps = []chain.Step{
	{Do: transform.HoistField{On: "value", Field: "line"}},
	{Do: transform.InsertField{On: "value", StaticField: "site", StaticValue: "eu", ReplaceNullWithDefault: true}},
}

// TestSourceAllocations: what the worker does to a poll, from the first record
// to the account of all, allocates by the poll and not by the record: with
// headers and without, with a mark for each record and with one for all.
func TestSourceAllocations(t *testing.T) {
	header := []connect.Header{one("h", connect.String("x")), one("n", connect.Int64(7))}
	for name, c := range map[string]struct {
		headers []connect.Header
		steps   []chain.Step
		fused   fuse.Func
	}{
		"plain":   {nil, allocationSteps, nil},
		"headers": {header, nil, nil},
		"fused": {nil, allocationSteps, func(t *fuse.Task, r *connect.Record) (key, value []byte, ok bool) {
			return nil, t.Finish(append(t.Start(), r.Value.Value.Raw()...)), true
		}},
	} {
		t.Run(name, func(t *testing.T) {
			task := sourceInMemory(t, &Source{Steps: c.steps, Key: convert.String{}, Value: convert.JSON{}, Header: convert.SimpleHeader{}, Fused: c.fused})
			records := make([]connect.Record, few)
			b := &connect.Batch{}
			part := &connect.SourcePartition{Pairs: []connect.Pair{{Key: "file", Value: "a"}}}
			place := connect.SourceOffset{"position": 7}
			if got := testing.AllocsPerRun(20, func() {
				for i := range records {
					records[i] = connect.Record{Topic: "t", Partition: connect.NoPartition, Value: connect.Datum{Value: connect.String("a line")}, Headers: c.headers}
				}
				b.Reset()
				b.Records = append(b.Records, records...)
				b.Mark(part, place)
				f := task.newFlight(b)
				if at, err := task.convertFrom(context.Background(), 0, b.Records, f); err != nil || at != few {
					t.Fatal(at, err)
				}
				f.seal()
				if err := f.account(); err != nil {
					t.Fatal(err)
				}
				f.out.Discard()
				f.reset()
				task.flights = append(task.flights, f)
			}); got > mostChunks {
				t.Errorf("%v allocations for %d records", got, few)
			}
			if n := task.tracker.Count(offset.Acked); n < few {
				t.Errorf("%d records were acknowledged", n)
			}
		})
	}
}

// sourceInMemory is a task that does all but to poll and to produce.
func sourceInMemory(t *testing.T, s *Source) *sourceTask {
	t.Helper()
	c, err := chain.Open(s.chain())
	if err != nil {
		t.Fatal(err)
	}
	task := &sourceTask{cfg: s, chain: c, tracker: offset.NewTracker(), writer: &kafka.Writer{}}
	task.init(about{connector: "c"})
	task.topic = topicLimit{name: "t", bytes: 1 << 20}
	return task
}

// TestSinkAllocations: what the worker does to what it read.
func TestSinkAllocations(t *testing.T) {
	runs := polled(t, few)
	s := &Sink{Steps: allocationSteps, Key: convert.String{}, Value: convert.String{}, Header: convert.SimpleHeader{}}
	c, err := chain.Open(s.chain())
	if err != nil {
		t.Fatal(err)
	}
	task := &sinkTask{cfg: s, chain: c, runs: runs}
	task.init(about{connector: "c"})
	if got := testing.AllocsPerRun(20, func() {
		task.batch, task.origin = task.batch[:0], task.origin[:0]
		if at, err := task.decodeFrom(stopPoint{}); err != nil || at.run != len(runs) {
			t.Fatal(at, err)
		}
	}); got > mostChunks {
		t.Errorf("%v allocations for %d records", got, few)
	}
	if r := task.batch[few-1]; len(task.batch) != few || len(r.Headers) != 1 || len(r.Value.Value.Struct().Slots) != 2 {
		t.Errorf("%d records, the last is %v", len(task.batch), r)
	}
}

// polled are n records with a header that were read from a topic.
func polled(t *testing.T, n int) (runs []kafka.Run) {
	t.Helper()
	c := cluster(t)
	var recs []*kgo.Record
	for i := range n {
		recs = append(recs, &kgo.Record{Topic: "in", Key: []byte("k"), Value: fmt.Appendf(nil, "line %d", i), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("some text")}}})
	}
	produce(t, c, 0, recs)
	cfg, _ := config(t, c)
	conn, err := kafka.Connect(cfg.Cluster, cfg.Kafka)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	reader, err := conn.Reader(kafka.Consumer{}, "reader", kafka.Subscription{Group: "g", Topics: []string{"in"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close(context.Background()) })
	for got := 0; got < n; {
		more, err := reader.Poll(t.Context(), n, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range more {
			got += more[i].Len()
		}
		runs = append(runs, more...)
	}
	return runs
}
