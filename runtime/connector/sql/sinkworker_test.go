package sql

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/worker"
)

// A worker delivers exactly once, while the connection is cut here and there and
// records go to the dead letter queue.
func TestSinkWorkerExactlyOnce(t *testing.T) {
	t.Parallel()
	for _, cut := range []int{0, 6, 9, 11, 14, 20} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("cut=%d,after=%v", cut, after), func(t *testing.T) {
				t.Parallel()
				exactlyOnceWorker(t, cut, after)
			})
		}
	}
}

func exactlyOnceWorker(t *testing.T, cut int, after bool) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "orders"), kfake.SeedTopics(1, "dlq"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.DefaultProduceTopic("orders"), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	s := newShop(t)
	s.exec(`CREATE TABLE orders (__connect_topic TEXT, __connect_partition INTEGER, __connect_offset INTEGER, record_value TEXT CHECK (record_value <> 'bad'))`)
	f := &flaky{Database: s.db}
	f.cutAt(cut, after)
	const n, bad = 200, 4
	good := 0
	for round := range 3 {
		if round < 2 {
			for i := range n {
				value := fmt.Sprint(good)
				if i%(n/bad) == 20 {
					value = "bad"
				} else {
					good++
				}
				cl.Produce(context.Background(), &kgo.Record{Value: []byte(value)}, nil)
			}
			if err := cl.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		runWorker(t, c, s.sink(Sink{Connection: f, ExactlyOnce: true, PkMode: "kafka"}))
		s.want(`SELECT count(*), count(DISTINCT record_value) FROM orders`, fmt.Sprintf("%d|%[1]d", good))
	}
	s.want(`SELECT sum("offset") FROM kcgen_offsets`, fmt.Sprint(2*n))
	if got := c.PartitionInfo("dlq", 0).HighWatermark; got < 2*bad {
		t.Errorf("%d dead letters, want %d", got, 2*bad)
	}
}

func runWorker(t *testing.T, c *kfake.Cluster, o Sink) {
	t.Helper()
	w, err := worker.New(worker.Config{
		Cluster: kafka.Cluster{Brokers: c.ListenAddrs()}, Log: slog.New(slog.DiscardHandler),
		OffsetTopic:   kafka.NewTopic{Name: "connect-offsets", Partitions: 1, ReplicationFactor: 1},
		FlushInterval: 50 * time.Millisecond, FlushTimeout: 20 * time.Second, StopTimeout: 30 * time.Second, StartTimeout: time.Minute, IdleExit: 300 * time.Millisecond,
		Sinks: []worker.Sink{{
			Name: "orders", Topics: []string{"orders"}, Connector: o, Tasks: 1,
			Key: convert.String{Encoding: "UTF-8"}, Value: convert.String{Encoding: "UTF-8"}, Header: convert.ByteArray{},
			Errors: worker.Errors{Tolerate: true, DeadLetters: &worker.DeadLetters{Topic: "dlq", ReplicationFactor: 1}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), servertest.Patience)
	defer cancel()
	if err := w.Run(ctx); err != nil {
		t.Errorf("the worker: %v", err)
	}
}
