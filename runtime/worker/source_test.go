package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

func TestSourceMovesAndContinues(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	all := count(1000)()
	n := 400
	src := &lines{topic: "out", all: func() []string { return all[:n] }, batch: 7, told: &told{}}
	cfg, _ := config(t, c)
	cfg.Sources = []Source{source(src)}
	stats, err := run(t, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if stats[0].Records != 400 || stats[0].State != Stopped {
		t.Errorf("stats %+v", stats[0])
	}
	if src.told.pos != 400 {
		t.Errorf("the connector was told of position %d", src.told.pos)
	}
	n = 1000
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if got := values(read(t, c, "out", 1000)); !slices.Equal(got, all) {
		t.Fatalf("%d records, not the 1000 lines in order", len(got))
	}
	if end(t, c, "out") != 1000 {
		t.Errorf("the topic holds %d records", end(t, c, "out"))
	}
}

func TestSourceStopsCleanlyUnderLoad(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	all := count(50_000)()
	src := &lines{topic: "out", all: func() []string { return all }, batch: 50}
	cfg, _ := config(t, c)
	cfg.Sources = []Source{source(src)}
	for i := range 5 {
		ctx, cancel := context.WithCancel(context.Background())
		src.poll = func(_ *lineTask, n int) error {
			if n == 20*(i+1) {
				cancel()
			}
			return nil
		}
		if _, err := runUntil(t, ctx, cfg); err != nil {
			t.Fatal(err)
		}
		cancel()
	}
	src.poll = nil
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if got := values(read(t, c, "out", len(all))); !slices.Equal(got, all) {
		t.Fatalf("%d records where %d lines in order were expected", len(got), len(all))
	}
}

func TestSourceFailedRecordHoldsBackOffsets(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	src := &lines{topic: "out", all: count(100), batch: 10}
	cfg, lb := config(t, c)
	cfg.Sources = []Source{source(src)}
	cfg.Sources[0].Value = raw{encode: refuse("line-000057")}
	stats, err := run(t, cfg)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"connector src, task 0", "VALUE_CONVERTER", "topic out", `{"filename":"/in"}`, "record 8 of the 10", "refused by the test"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q: %v", want, err)
		}
	}
	if !strings.Contains(lb.String(), "the task has failed") || stats[0].State != Failed {
		t.Errorf("log: %s", lb)
	}
	if n := end(t, c, "out"); n != 57 {
		t.Errorf("%d records arrived, want those before the failed one", n)
	}
	cfg.Sources[0].Value = raw{}
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	got := values(read(t, c, "out", 107))
	if !slices.Equal(got[57:], count(100)()[50:]) {
		t.Errorf("the second start did not go on at the mark before the failed record: %v", got[57:60])
	}
}

func TestSourceToleratesAndDeadLetters(t *testing.T) {
	t.Parallel()
	for _, headers := range []bool{false, true} {
		t.Run(fmt.Sprint("headers=", headers), func(t *testing.T) {
			c := cluster(t)
			src := &lines{topic: "out", all: count(100), batch: 10}
			cfg, _ := config(t, c)
			cfg.Sources = []Source{source(src)}
			s := &cfg.Sources[0]
			s.Value = raw{encode: refuse("line-000003", "line-000057", "line-000099")}
			s.Errors = Errors{Tolerate: true, Log: true, LogPlace: true, DeadLetters: &DeadLetters{Topic: "dlq", ReplicationFactor: 1, ContextHeaders: headers}}
			stats, err := run(t, cfg)
			if err != nil {
				t.Fatal(err)
			}
			if stats[0].Records != 97 || stats[0].DeadLettered != 3 {
				t.Errorf("stats %+v", stats[0])
			}
			letters := read(t, c, "dlq", 3)
			if got := values(letters); !slices.Equal(got, []string{"line-000003", "line-000057", "line-000099"}) {
				t.Errorf("dead letters %v", got)
			}
			if !headers {
				if len(letters[0].Headers) != 0 {
					t.Errorf("headers %v", letters[0].Headers)
				}
				return
			}
			m := map[string]string{}
			for _, h := range letters[0].Headers {
				m[h.Key] = string(h.Value)
			}
			for k, want := range map[string]string{
				"__connect.errors.topic":             "out",
				"__connect.errors.partition":         `{"filename":"/in"}`,
				"__connect.errors.offset":            `{"position":10}`,
				"__connect.errors.connector.name":    "src",
				"__connect.errors.task.id":           "0",
				"__connect.errors.stage":             "VALUE_CONVERTER",
				"__connect.errors.class.name":        "kcgen.dev/runtime/worker.raw",
				"__connect.errors.exception.message": "refused by the test",
			} {
				if m[k] != want {
					t.Errorf("header %s = %q, want %q", k, m[k], want)
				}
			}
		})
	}
}

func TestSourceDeadLetterQueueThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	src := &lines{topic: "out", all: count(100), batch: 10}
	cfg, _ := config(t, c)
	cfg.Sources = []Source{source(src)}
	s := &cfg.Sources[0]
	s.Value = raw{encode: refuse("line-000057")}
	s.Errors = Errors{Tolerate: true, DeadLetters: &DeadLetters{Topic: "dlq", ReplicationFactor: 1}}
	h := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "dlq", Err: kerr.TopicAuthorizationFailed, Count: -1})
	_, err := run(t, cfg)
	if err == nil || !strings.Contains(err.Error(), "dead letter queue") {
		t.Fatalf("error %v", err)
	}
	h.Remove()
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if got := values(read(t, c, "dlq", 1)); !slices.Equal(got, []string{"line-000057"}) {
		t.Errorf("dead letters %v", got)
	}
	seen := map[string]bool{"line-000057": true}
	for _, v := range values(read(t, c, "out", 99)) {
		seen[v] = true
	}
	if len(seen) != 100 {
		t.Errorf("%d of 100 lines are in the topic or the queue", len(seen))
	}
}

func TestSourceRecordTooLarge(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 3000)
	all := append(append(count(10)(), big), count(10)()...)
	for _, test := range []struct {
		name  string
		topic map[string]string
		limit int64
		want  string
	}{
		{"topic", map[string]string{"max.message.bytes": "2000"}, 0, "topic out at most 2000 (its max.message.bytes)"},
		{"client", nil, 2500, "producer.maxRequestSize is 2500"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := cluster(t)
			if err := c.CreateTopic("out", 1, test.topic); err != nil {
				t.Fatal(err)
			}
			src := &lines{topic: "out", all: func() []string { return all }, batch: 4}
			cfg, _ := config(t, c)
			cfg.Sources = []Source{source(src)}
			cfg.Sources[0].Producer = kafka.Producer{MaxRequestSize: test.limit}
			_, err := run(t, cfg)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "KAFKA_PRODUCE") || !strings.Contains(err.Error(), "the record takes 30") {
				t.Fatalf("error %v", err)
			}
			if end(t, c, "out") != 10 {
				t.Errorf("%d records before the large one", end(t, c, "out"))
			}
			cfg.Sources[0].Errors.Tolerate = true
			stats, err := run(t, cfg)
			if err != nil || stats[0].Dropped != 1 {
				t.Errorf("tolerated: %v %+v", err, stats)
			}
		})
	}
}

func TestSourceSurvivesBrokerErrors(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	all := count(5000)()
	src := &lines{topic: "out", all: func() []string { return all }, batch: 20}
	cfg, _ := config(t, c)
	cfg.Sources = []Source{source(src)}
	c.Fault(
		kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "out", Err: kerr.NotLeaderForPartition, Count: 3},
		kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "connect-offsets", Err: kerr.NotEnoughReplicas, Count: 3},
		kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Err: kerr.NotController, Count: 1},
		kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, Err: kerr.CoordinatorLoadInProgress, Count: 1},
	)
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if got := values(read(t, c, "out", len(all))); !slices.Equal(got, all) {
		t.Fatalf("%d records, not the lines in order", len(got))
	}
}

func TestSourcePanicsAreFailures(t *testing.T) {
	t.Parallel()
	boom := func(string) error { panic("boom") }
	t.Run("converter", func(t *testing.T) {
		c := cluster(t)
		cfg, lb := config(t, c)
		cfg.Sources = []Source{source(&lines{topic: "out", all: count(10)}), source(&lines{topic: "fine", all: count(10)})}
		cfg.Sources[0].Value = raw{encode: boom}
		cfg.Sources[1].Name = "fine"
		stats, err := run(t, cfg)
		if err == nil || !strings.Contains(err.Error(), "panic: boom") {
			t.Fatalf("error %v", err)
		}
		if stats[1].Records != 10 || stats[1].State != Stopped {
			t.Errorf("the other connector: %+v", stats[1])
		}
		if !strings.Contains(lb.String(), "source_test.go") {
			t.Errorf("the log has no stack: %s", lb)
		}
	})
	t.Run("tolerated", func(t *testing.T) {
		c := cluster(t)
		cfg, _ := config(t, c)
		cfg.Sources = []Source{source(&lines{topic: "out", all: count(10), batch: 5})}
		cfg.Sources[0].Value = raw{encode: func(s string) error {
			if s == "line-000004" {
				panic("boom")
			}
			return nil
		}}
		cfg.Sources[0].Errors.Tolerate = true
		stats, err := run(t, cfg)
		if err != nil || stats[0].Records != 9 || stats[0].Dropped != 1 {
			t.Fatalf("%v %+v", err, stats)
		}
	})
	t.Run("poll", func(t *testing.T) {
		c := cluster(t)
		cfg, _ := config(t, c)
		cfg.Sources = []Source{source(&lines{topic: "out", all: count(10), poll: func(*lineTask, int) error { panic("boom") }})}
		if _, err := run(t, cfg); err == nil || !strings.Contains(err.Error(), "TASK_POLL: panic: boom") {
			t.Fatalf("error %v", err)
		}
	})
}

func TestSourceRetries(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	var opens, polls, encodes atomic.Int32
	src := &lines{topic: "out", all: count(20), batch: 5,
		open: func() error {
			if opens.Add(1) < 3 {
				return connect.Retry(errors.New("not yet"))
			}
			return nil
		},
		poll: func(*lineTask, int) error {
			if polls.Add(1) == 2 {
				return connect.Retry(errors.New("not now"))
			}
			return nil
		},
	}
	cfg, _ := config(t, c)
	cfg.Sources = []Source{source(src)}
	cfg.Sources[0].Value = raw{encode: func(s string) error {
		if s == "line-000007" && encodes.Add(1) < 3 {
			return connect.Retry(errors.New("registry down"))
		}
		return nil
	}}
	cfg.Sources[0].Errors = Errors{RetryTimeout: time.Minute, RetryMax: 10 * time.Millisecond}
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if got := values(read(t, c, "out", 20)); !slices.Equal(got, count(20)()) {
		t.Errorf("records %v", got)
	}
	if encodes.Load() != 3 {
		t.Errorf("%d tries", encodes.Load())
	}
}

func TestSourceFilterMovesOffsets(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	src := &lines{topic: "out", all: count(50), batch: 10, told: &told{}}
	cfg, _ := config(t, c)
	cfg.Sources = []Source{source(src)}
	cfg.Sources[0].Steps = []Step{{Do: filter{}, Unless: even{}}}
	stats, err := run(t, cfg)
	if err != nil || stats[0].Records != 25 || stats[0].Dropped != 25 || src.told.pos != 50 {
		t.Fatalf("%v %+v, position %d", err, stats, src.told.pos)
	}
}

type filter struct{}

func (filter) Open() (connect.Apply, error) {
	return func(*connect.Record) (bool, error) { return false, nil }, nil
}

type even struct{}

func (even) Open() (connect.Test, error) {
	return func(r *connect.Record) bool { s := r.Value.Value.Str(); return (s[len(s)-1]-'0')%2 == 0 }, nil
}

func TestTopicCreation(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	cfg.Sources = []Source{source(&lines{topic: "orders.eu", all: count(10)})}
	cfg.Sources[0].Topics = &TopicRules{
		Default: TopicRule{Partitions: 1, ReplicationFactor: 1},
		Groups: []TopicRule{
			{Name: "no", Include: []string{"orders"}, Partitions: 9, ReplicationFactor: 1},
			{Name: "not", Include: []string{"orders.*"}, Exclude: []string{".*eu"}, Partitions: 8, ReplicationFactor: 1},
			{Name: "yes", Include: []string{"x", `orders\..*`}, Partitions: 3, ReplicationFactor: 1, Configs: map[string]string{"retention.ms": "1234"}},
		},
	}
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if n := len(c.PartitionInfos("orders.eu")); n != 3 {
		t.Errorf("%d partitions", n)
	}
	if v := c.TopicInfo("orders.eu").Configs["retention.ms"]; v == nil || *v != "1234" {
		t.Errorf("retention.ms %v", v)
	}
}

func TestTopicThatCannotBeCreated(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	cfg.Sources = []Source{source(&lines{topic: "out", all: count(10)})}
	cfg.Sources[0].Topics = &TopicRules{Default: TopicRule{Partitions: 1, ReplicationFactor: 1}}
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Topic: "out", Err: kerr.PolicyViolation, Count: -1})
	_, err := run(t, cfg)
	if err == nil || !strings.Contains(err.Error(), "create topic out") || !strings.Contains(err.Error(), "POLICY_VIOLATION") {
		t.Fatalf("error %v", err)
	}
}

func TestUnknownTopicIsSaid(t *testing.T) {
	t.Parallel()
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cfg, lb := config(t, c)
	cfg.IdleExit = 0
	cfg.Sources = []Source{source(&lines{topic: "out", all: count(10)})}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		for !strings.Contains(lb.String(), "the topic does not exist") && ctx.Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
		_ = c.CreateTopic("out", 1, nil)
		for end(t, c, "out") < 10 && ctx.Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
	}()
	if _, err := runUntil(t, ctx, cfg); err != nil {
		t.Fatal(err)
	}
	if end(t, c, "out") != 10 {
		t.Errorf("%d records", end(t, c, "out"))
	}
}

func TestOffsetsTopicNotCompacted(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	if err := c.CreateTopic("connect-offsets", 1, map[string]string{"cleanup.policy": "delete"}); err != nil {
		t.Fatal(err)
	}
	cfg, _ := config(t, c)
	cfg.Sources = []Source{source(&lines{topic: "out", all: count(10)})}
	_, err := run(t, cfg)
	if err == nil || !strings.Contains(err.Error(), "cleanup.policy=delete") || !strings.Contains(err.Error(), "cleanup.policy=compact") {
		t.Fatalf("error %v", err)
	}
	if end(t, c, "out") != 0 {
		t.Error("records were written")
	}
}

func TestOffsetsTopicThatCannotBeCreated(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	cfg.IdleExit = 0
	cfg.Sources = []Source{source(&lines{topic: "out", all: count(10)})}
	cfg.OffsetTopic.ReplicationFactor = 3 // of one broker
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Topic: "connect-offsets", Err: kerr.InvalidReplicationFactor, Count: -1})
	_, err := run(t, cfg)
	if err == nil || !strings.Contains(err.Error(), "the offsets topic") || !strings.Contains(err.Error(), "set a replication factor") {
		t.Fatalf("error %v", err)
	}
}

func TestConnectorThatHangs(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	src := &lines{topic: "out", all: count(100), batch: 10, poll: func(_ *lineTask, n int) error {
		if n == 5 {
			cancel()
			<-hang
		}
		return nil
	}}
	cfg, _ := config(t, c)
	// It waits for half of StopTimeout; the other half is for the commit.
	cfg.StopTimeout, cfg.FlushInterval = 12*time.Second, time.Hour
	cfg.Sources = []Source{source(src)}
	if _, err := runUntil(t, ctx, cfg); err != nil {
		t.Fatal(err)
	}
	src.poll = nil
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if got := values(read(t, c, "out", 100)); !slices.Equal(got, count(100)()) {
		t.Errorf("%d records: what was acknowledged before the connector hung was not committed", len(got))
	}
}
