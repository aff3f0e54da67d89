package mysql_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/worker"
)

// TestWorker runs a capture in a worker, twice, with Kafka: the second run finds the
// offset and the schema history of the first, and goes on.
func TestWorker(t *testing.T) {
	s := servertest.SharedMariaDB(t)
	db := s.Database(t)
	topic := "p." + db.Name + ".t"
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, topic))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	s.Exec(t, db.Name, "CREATE TABLE t (id int PRIMARY KEY, v varchar(10)); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
	src := captureOf(t, s, db.Name)
	src.TableIncludeList = []string{db.Name + `\.t`}
	run := func() {
		t.Helper()
		w, err := worker.New(worker.Config{
			Cluster: kafka.Cluster{Brokers: cluster.ListenAddrs()}, Log: slog.New(slog.DiscardHandler),
			OffsetTopic:   kafka.NewTopic{Name: "connect-offsets", Partitions: 1, ReplicationFactor: 1},
			FlushInterval: 50 * time.Millisecond, FlushTimeout: 20 * time.Second, StopTimeout: 30 * time.Second, StartTimeout: time.Minute, IdleExit: 2 * time.Second,
			Sources: []worker.Source{{
				Name: "capture", Connector: src, MaxTasks: 1,
				Key: convert.JSON{}, Value: convert.JSON{}, Header: convert.JSON{},
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), servertest.Patience)
		defer cancel()
		if err := w.Run(ctx); err != nil {
			t.Fatalf("the worker: %v", err)
		}
	}
	run()
	s.Exec(t, db.Name, "INSERT INTO t VALUES (3, 'c'); ALTER TABLE t ADD w int; UPDATE t SET w = id WHERE id = 3; DELETE FROM t WHERE id = 1")
	run()
	want := []string{`r {"id":1,"v":"a"}`, `r {"id":2,"v":"b"}`, `c {"id":3,"v":"c"}`, `u {"id":3,"v":"c","w":3}`, "d null", "tombstone"}
	if got := consume(t, cluster, topic, len(want)); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// consume reads so many envelopes, in short.
func consume(t *testing.T, cluster *kfake.Cluster, topic string, n int) (all []string) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), servertest.Patience)
	defer cancel()
	for len(all) < n && ctx.Err() == nil {
		cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			if r.Value == nil {
				all = append(all, "tombstone")
				return
			}
			text := string(r.Value)
			_, op, _ := strings.Cut(text, `"op":"`)
			_, after, _ := strings.Cut(text, `"after":`)
			after, _, _ = strings.Cut(after, `,"source"`)
			all = append(all, op[:1]+" "+after)
		})
	}
	return all
}
