package state

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/servertest"
)

// eager are settings of a topic that the broker compacts all the time.
var eager = map[string]string{
	"cleanup.policy": "compact", "segment.ms": "100",
	"min.cleanable.dirty.ratio": "0.001", "delete.retention.ms": "0", "min.compaction.lag.ms": "0",
}

// On a real broker that compacts all the time and is killed meanwhile, what was
// asked and said is known again after each restart, and followers go on.
func TestUnderCompaction(t *testing.T) {
	b := servertest.Kafka(t, servertest.KafkaProperty("log.cleaner.backoff.ms", "50"),
		servertest.KafkaProperty("log.segment.delete.delay.ms", "100"),
		servertest.KafkaProperty("group.initial.rebalance.delay.ms", "0"))
	connection := func() *kafka.Conn {
		conn, err := kafka.Connect(kafka.Cluster{Brokers: []string{b.Addr()}}, kafka.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conn.Close)
		return conn
	}
	conn := connection()
	for _, topic := range []string{"configs", "statuses", "offsets"} {
		if err := conn.Create(within(t), kafka.NewTopic{Name: topic, Partitions: 1, ReplicationFactor: 1, Configs: eager}); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("config", func(t *testing.T) { configUnderCompaction(t, b, conn, connection) })
	t.Run("transactions", func(t *testing.T) { transactionsUnderCompaction(t, b, conn, connection) })
}

func configUnderCompaction(t *testing.T, b *servertest.Broker, conn *kafka.Conn, connection func() *kafka.Conn) {
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	heard := newRecorder()
	config, err := OpenConfig(within(t), t.Context(), conn, kafka.NewTopic{Name: "configs"}, quiet, heard.requests())
	if err != nil {
		t.Fatal(err)
	}
	wg.Go(func() {
		if err := config.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	want := map[string]Target{}
	var told []string
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 200 {
		name := fmt.Sprint("c", r.IntN(5))
		target := []Target{Started, Paused, Stopped}[r.IntN(3)]
		if was, ok := want[name]; (ok && was != target) || (!ok && target != Started) {
			told = append(told, fmt.Sprintf("%s %s", name, target))
		}
		want[name] = target
		if i == 100 {
			if err := b.Restart(); err != nil {
				t.Fatal(err)
			}
		}
		if err := config.SetTarget(patient(t), name, target); err != nil {
			t.Fatal(err)
		}
		if i%50 == 49 {
			fresh, err := OpenConfig(patient(t), t.Context(), connection(), kafka.NewTopic{Name: "configs"}, quiet, Requests{})
			if err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(fresh.Targets(), want) {
				t.Fatalf("after %d edits it is read as %v, want %v", i+1, fresh.Targets(), want)
			}
		}
	}
	heard.await(t, told...)
}

// patient is for what waits for a broker that was killed.
func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// transactionsUnderCompaction holds what is read from the start against what was
// committed last, while the ends of transactions are cleaned away with them.
func transactionsUnderCompaction(t *testing.T, b *servertest.Broker, conn *kafka.Conn, connection func() *kafka.Conn) {
	spec := kafka.NewTopic{Name: "offsets"}
	read := func() (map[string]string, int) {
		t.Helper()
		got, n := map[string]string{}, 0
		_, err := connection().OpenLog(patient(t), t.Context(), spec, func(e kafka.Entry) {
			got[string(e.Key)], n = string(e.Value), n+1
		}, func(err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		return got, n
	}
	log, err := conn.OpenLog(patient(t), t.Context(), spec, func(kafka.Entry) {}, nil)
	if err != nil {
		t.Fatal(err)
	}
	aborter := b.Client(t, kgo.TransactionalID("aborter"))
	want, written := map[string]string{}, 0
	round := func(i int) {
		value := fmt.Sprintf("%d-%0100d", i, i)
		for id := range 3 {
			var entries []kafka.Entry
			for k := range 4 {
				if (i+k)%3 == 0 {
					continue
				}
				key := fmt.Sprint("k", id, "-", k)
				entries = append(entries, kafka.Entry{Key: []byte(key), Value: []byte(value)})
				want[key] = value
				written++
			}
			if err := log.AppendAtomically(patient(t), fmt.Sprint("id", id), entries); err != nil {
				t.Fatal(err)
			}
		}
		if err := aborter.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := aborter.ProduceSync(patient(t), &kgo.Record{Topic: "offsets", Key: []byte("k0-0"), Value: []byte("aborted")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := aborter.EndTransaction(patient(t), kgo.TryAbort); err != nil {
			t.Fatal(err)
		}
	}
	cleaned := false
	for i := 0; i < 20 || !cleaned; i++ {
		round(i)
		got, n := read()
		if !maps.Equal(got, want) {
			t.Fatalf("after round %d, %d of %d records are read:\n%v\nwant\n%v", i, n, written, got, want)
		}
		cleaned = cleaned || n < written*2/3
		if i == 500 {
			t.Fatalf("the broker does not compact: %d of %d records are there", n, written)
		}
	}
}
