package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"kcgen.dev/runtime/connect"
)

// committed is the group's offset of a partition; -1 where there is none.
func committed(t *testing.T, c *kfake.Cluster, group, topic string, partition int32) int64 {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	req := kmsg.NewPtrOffsetFetchRequest()
	req.Group = group
	rt := kmsg.NewOffsetFetchRequestTopic()
	rt.Topic, rt.Partitions = topic, []int32{partition}
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(context.Background(), cl)
	if err != nil {
		t.Fatal(err)
	}
	for _, rt := range resp.Topics {
		for _, p := range rt.Partitions {
			return p.Offset
		}
	}
	for _, g := range resp.Groups {
		for _, rt := range g.Topics {
			for _, p := range rt.Partitions {
				return p.Offset
			}
		}
	}
	return -1
}

// committedAll is how many records of a topic the group has committed.
func committedAll(t *testing.T, c *kfake.Cluster, group, topic string, partitions int32) (sum int64) {
	t.Helper()
	for p := range partitions {
		sum += max(committed(t, c, group, topic, p), 0)
	}
	return sum
}

func TestSinkMovesAndContinues(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	fill(t, c, "in", count(400)()...)
	m := &memory{}
	cfg, _ := config(t, c)
	cfg.Sinks = []Sink{sinkOf(m, "in")}
	cfg.Sinks[0].Consumer.MaxPollRecords = 37
	stats, err := run(t, cfg)
	if err != nil || stats[0].Records != 400 || stats[0].Bytes != 4400 {
		t.Fatalf("%v %+v", err, stats)
	}
	if x := stats[0].Actives; x.Max < 1 || x.Max > 400 || x.Count != stats[0].Batch.Count {
		t.Errorf("on their way were %+v", x)
	}
	if n := committed(t, c, "connect-snk", "in", 0); n != 400 {
		t.Errorf("committed %d", n)
	}
	fill(t, c, "in", "more")
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if got := m.got(); !slices.Equal(got, append(count(400)(), "more")) {
		t.Errorf("%d records", len(got))
	}
}

func TestSinkStopsCleanlyUnderLoad(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	all := count(20_000)()
	fill(t, c, "in", all...)
	m := &memory{}
	cfg, _ := config(t, c)
	cfg.Sinks = []Sink{sinkOf(m, "in")}
	cfg.Sinks[0].Consumer.MaxPollRecords = 100
	for range 4 {
		ctx, cancel := context.WithCancel(context.Background())
		stopAt := m.puts + 20
		m.put = func(n int, _ []connect.Record) error {
			if n == stopAt {
				cancel()
			}
			return nil
		}
		if _, err := runUntil(t, ctx, cfg); err != nil {
			t.Fatal(err)
		}
		cancel()
	}
	m.put = nil
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if got := m.got(); !slices.Equal(got, all) {
		t.Errorf("%d records, want %d in order", len(got), len(all))
	}
}

func TestSinkFailedRecord(t *testing.T) {
	t.Parallel()
	for _, bad := range []int{0, 57, 99} {
		t.Run(fmt.Sprint(bad), func(t *testing.T) {
			c := cluster(t)
			fill(t, c, "in", count(100)()...)
			m := &memory{}
			cfg, _ := config(t, c)
			cfg.Sinks = []Sink{sinkOf(m, "in")}
			cfg.Sinks[0].Value = raw{decode: refuse(fmt.Sprintf("line-%06d", bad))}
			_, err := run(t, cfg)
			for _, want := range []string{"connector snk, task 0", "VALUE_CONVERTER", fmt.Sprintf("topic in, partition 0, offset %d", bad), "refused by the test"} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Fatalf("error lacks %q: %v", want, err)
				}
			}
			if got := m.got(); !slices.Equal(got, count(100)()[:bad]) {
				t.Errorf("%d records put, want those before the failed one", len(got))
			}
			want := int64(bad)
			if bad == 0 {
				want = -1
			}
			if n := committed(t, c, "connect-snk", "in", 0); n != want {
				t.Errorf("committed %d, want %d", n, want)
			}
			cfg.Sinks[0].Value = raw{}
			if _, err := run(t, cfg); err != nil {
				t.Fatal(err)
			}
			if got := m.got(); !slices.Equal(got, count(100)()) {
				t.Errorf("%d records after the second start", len(got))
			}
		})
	}
}

func TestSinkDeadLetters(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.AllowAutoTopicCreation())
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	at := time.UnixMilli(1700000000123)
	bad := &kgo.Record{Topic: "in", Key: []byte{0, 1}, Value: []byte("bad"), Timestamp: at, Headers: []kgo.RecordHeader{{Key: "h", Value: []byte{0xff}}}}
	if err := cl.ProduceSync(context.Background(), &kgo.Record{Topic: "in", Value: []byte("good")}, bad, &kgo.Record{Topic: "in", Value: []byte("fine")}, &kgo.Record{Topic: "in", Key: []byte("k")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	m := &memory{}
	cfg, lb := config(t, c)
	cfg.Sinks = []Sink{sinkOf(m, "in")}
	cfg.Sinks[0].Value = raw{decode: refuse("bad")}
	cfg.Sinks[0].Errors = Errors{Tolerate: true, Log: true, LogPlace: true, DeadLetters: &DeadLetters{Topic: "dlq", ReplicationFactor: 1, ContextHeaders: true}}
	stats, err := run(t, cfg)
	if err != nil || stats[0].Records != 3 || stats[0].DeadLettered != 1 {
		t.Fatalf("%v %+v", err, stats)
	}
	if got := m.got(); !slices.Equal(got, []string{"good", "fine", ""}) {
		t.Errorf("put %q", got)
	}
	if !strings.Contains(lb.String(), "topic in, partition 0, offset 1") {
		t.Errorf("log %s", lb)
	}
	l := read(t, c, "dlq", 1)[0]
	if string(l.Key) != "\x00\x01" || string(l.Value) != "bad" || !l.Timestamp.Equal(at) {
		t.Errorf("dead letter %+v", l)
	}
	var names []string
	values := map[string]string{}
	for _, h := range l.Headers {
		names = append(names, strings.TrimPrefix(h.Key, "__connect.errors."))
		values[h.Key] = string(h.Value)
	}
	want := []string{"h", "topic", "partition", "offset", "connector.name", "task.id", "stage", "class.name", "exception.class.name", "exception.message", "exception.stacktrace"}
	if !slices.Equal(names, want) {
		t.Errorf("headers %v", names)
	}
	for k, v := range map[string]string{"h": "\xff", "__connect.errors.topic": "in", "__connect.errors.partition": "0", "__connect.errors.offset": "1", "__connect.errors.stage": "VALUE_CONVERTER"} {
		if values[k] != v {
			t.Errorf("header %s = %q", k, values[k])
		}
	}
	if n := committed(t, c, "connect-snk", "in", 0); n != 4 {
		t.Errorf("committed %d", n)
	}
}

// Kafka Connect loses these records: it commits though neither the sink nor
// the queue has them.
func TestSinkDeadLetterQueueThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for _, err := range []*kerr.Error{kerr.TopicAuthorizationFailed, kerr.MessageTooLarge, kerr.InvalidRecord} {
		t.Run(err.Message, func(t *testing.T) {
			c := cluster(t)
			fill(t, c, "in", "a", "bad", "b")
			m := &memory{}
			cfg, _ := config(t, c)
			cfg.Sinks = []Sink{sinkOf(m, "in")}
			cfg.Sinks[0].Value = raw{decode: refuse("bad")}
			cfg.Sinks[0].Errors = Errors{Tolerate: true, DeadLetters: &DeadLetters{Topic: "dlq", ReplicationFactor: 1}}
			h := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "dlq", Err: err, Count: -1})
			_, rerr := run(t, cfg)
			if rerr == nil || !strings.Contains(rerr.Error(), "dead letter queue") || !strings.Contains(rerr.Error(), "offset 1") {
				t.Fatalf("error %v", rerr)
			}
			if n := committed(t, c, "connect-snk", "in", 0); n > 1 {
				t.Errorf("committed %d, past the record that is nowhere", n)
			}
			h.Remove()
			if _, err := run(t, cfg); err != nil {
				t.Fatal(err)
			}
			if got := values(read(t, c, "dlq", 1)); !slices.Equal(got, []string{"bad"}) || !slices.Equal(m.got(), []string{"a", "b"}) {
				t.Errorf("queue %v, sink %v", got, m.got())
			}
		})
	}
}

func TestSinkDeadLetterTooLargeForTheQueue(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	if err := c.CreateTopic("dlq", 1, map[string]string{"max.message.bytes": "1000"}); err != nil {
		t.Fatal(err)
	}
	bad := strings.Repeat("x", 2000)
	fill(t, c, "in", "a", bad)
	cfg, _ := config(t, c)
	cfg.Sinks = []Sink{sinkOf(&memory{}, "in")}
	cfg.Sinks[0].Value = raw{decode: refuse(bad)}
	cfg.Sinks[0].Errors = Errors{Tolerate: true, DeadLetters: &DeadLetters{Topic: "dlq", ReplicationFactor: 1}}
	_, err := run(t, cfg)
	if err == nil || !strings.Contains(err.Error(), "its limit is 1000") {
		t.Fatalf("error %v", err)
	}
	if n := committed(t, c, "connect-snk", "in", 0); n > 1 {
		t.Errorf("committed %d", n)
	}
}

func TestSinkPutErrors(t *testing.T) {
	t.Parallel()
	t.Run("retried", func(t *testing.T) {
		c := cluster(t)
		fill(t, c, "in", count(50)()...)
		m := &memory{put: func(n int, _ []connect.Record) error {
			if n <= 3 {
				return connect.Retry(errors.New("busy"))
			}
			return nil
		}}
		cfg, _ := config(t, c)
		cfg.Sinks = []Sink{sinkOf(m, "in")}
		if _, err := run(t, cfg); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(m.got(), count(50)()) {
			t.Errorf("%d records", len(m.got()))
		}
	})
	t.Run("retried no longer than errors.retryTimeout", func(t *testing.T) {
		c := cluster(t)
		fill(t, c, "in", "a")
		m := &memory{put: func(int, []connect.Record) error { return connect.Retry(errors.New("busy")) }}
		cfg, _ := config(t, c)
		cfg.Sinks = []Sink{sinkOf(m, "in")}
		cfg.Sinks[0].Errors = Errors{RetryTimeout: 50 * time.Millisecond, RetryMax: 5 * time.Millisecond}
		_, err := run(t, cfg)
		if err == nil || !strings.Contains(err.Error(), "TASK_PUT") || m.puts < 2 {
			t.Fatalf("%v after %d puts", err, m.puts)
		}
	})
	t.Run("final", func(t *testing.T) {
		c := cluster(t)
		fill(t, c, "in", count(50)()...)
		m := &memory{put: func(n int, _ []connect.Record) error {
			if n == 3 {
				return errors.New("no space left on device")
			}
			return nil
		}}
		cfg, _ := config(t, c)
		cfg.Sinks = []Sink{sinkOf(m, "in")}
		cfg.Sinks[0].Consumer.MaxPollRecords = 10
		cfg.FlushInterval = time.Hour
		_, err := run(t, cfg)
		if err == nil || !strings.Contains(err.Error(), "TASK_PUT failed for the record at topic in, partition 0, offsets 20 to 29: no space left on device") {
			t.Fatalf("error %v", err)
		}
		if n := committed(t, c, "connect-snk", "in", 0); n != -1 {
			t.Errorf("committed %d though nothing was flushed", n)
		}
	})
	t.Run("flush", func(t *testing.T) {
		c := cluster(t)
		fill(t, c, "in", "a")
		m := &memory{flush: func() error { return errors.New("fsync failed") }}
		cfg, _ := config(t, c)
		cfg.Sinks = []Sink{sinkOf(m, "in")}
		_, err := run(t, cfg)
		if err == nil || !strings.Contains(err.Error(), "fsync failed") {
			t.Fatalf("error %v", err)
		}
		if n := committed(t, c, "connect-snk", "in", 0); n != -1 {
			t.Errorf("committed %d though nothing was flushed", n)
		}
	})
	t.Run("panic", func(t *testing.T) {
		c := cluster(t)
		fill(t, c, "in", "a")
		m := &memory{put: func(int, []connect.Record) error { panic("boom") }}
		cfg, _ := config(t, c)
		cfg.Sinks = []Sink{sinkOf(m, "in")}
		if _, err := run(t, cfg); err == nil || !strings.Contains(err.Error(), "panic: boom") {
			t.Fatalf("error %v", err)
		}
	})
}

func TestSinkCommitErrors(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	fill(t, c, "in", count(100)()...)
	m := &memory{}
	cfg, _ := config(t, c)
	cfg.Sinks = []Sink{sinkOf(m, "in")}
	h := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.CoordinatorLoadInProgress, Count: 3})
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if h.Hits() == 0 || committed(t, c, "connect-snk", "in", 0) != 100 || len(m.got()) != 100 {
		t.Errorf("hits %d, committed %d, %d records", h.Hits(), committed(t, c, "connect-snk", "in", 0), len(m.got()))
	}
	fill(t, c, "in", "more")
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.GroupAuthorizationFailed, Count: -1})
	if _, err := run(t, cfg); err == nil || !strings.Contains(err.Error(), "GROUP_AUTHORIZATION_FAILED") {
		t.Fatalf("error %v", err)
	}
}

// The last commit is tried again while there is time. Where the group went on
// without the task it did nothing wrong, and its records come again.
func TestSinkLastCommit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err       *kerr.Error
		times     int
		committed int64
		want      string // in the error
		said      string // in the log
	}{
		{kerr.RequestTimedOut, 2, 5, "", ""},
		{kerr.RequestTimedOut, -1, 5, "The request timed out.; the last offsets were not committed, and their records will be read again", ""},
		{kerr.UnknownMemberID, -1, -1, "", "the group went on without the task; their records will be read again"},
		{kerr.IllegalGeneration, -1, -1, "", "the group went on without the task"},
		{kerr.GroupAuthorizationFailed, -1, -1, "GROUP_AUTHORIZATION_FAILED", ""},
	} {
		t.Run(fmt.Sprint(test.err.Message, test.times), func(t *testing.T) {
			t.Parallel()
			c := cluster(t)
			fill(t, c, "in", count(5)()...)
			cfg, lb := config(t, c)
			cfg.StopTimeout, cfg.IdleExit, cfg.FlushInterval = 2*time.Second, 0, time.Hour
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			left := 5
			cfg.Sinks = []Sink{sinkOf(&memory{put: func(_ int, b []connect.Record) error {
				if left -= len(b); left == 0 {
					cancel()
				}
				return nil
			}}, "in")}
			h := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: test.err, Count: test.times})
			_, err := runUntil(t, ctx, cfg)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if !strings.Contains(lb.String(), test.said) || h.Hits() == 0 {
				t.Errorf("%d hits, the log: %s", h.Hits(), lb)
			}
			if got := committed(t, c, "connect-snk", "in", 0); got != test.committed {
				t.Errorf("committed %d, want %d", got, test.committed)
			}
		})
	}
}

func TestSinkOffsetOutOfRange(t *testing.T) {
	t.Parallel()
	for _, reset := range []string{"", "earliest", "latest"} {
		t.Run("reset="+reset, func(t *testing.T) {
			c := cluster(t)
			fill(t, c, "in", count(10)()...)
			m := &memory{}
			cfg, _ := config(t, c)
			cfg.Sinks = []Sink{sinkOf(m, "in")}
			if _, err := run(t, cfg); err != nil {
				t.Fatal(err)
			}
			fill(t, c, "in", count(20)()...)
			if err := c.DeleteRecords("in", 0, 15); err != nil {
				t.Fatal(err)
			}
			cfg.Sinks[0].Consumer.AutoOffsetReset = reset
			_, err := run(t, cfg)
			if reset == "" {
				if err == nil || !strings.Contains(err.Error(), "autoOffsetReset") || !strings.Contains(err.Error(), "in-0") {
					t.Fatalf("error %v", err)
				}
				if n := committed(t, c, "connect-snk", "in", 0); n != 10 {
					t.Errorf("committed %d", n)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if want := map[string]int{"earliest": 25, "latest": 10}[reset]; len(m.got()) != want {
				t.Errorf("%d records, want %d", len(m.got()), want)
			}
		})
	}
}

func TestSinkRegexLeavesOutItsDeadLetterQueue(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	fill(t, c, "log-a", "a", "bad")
	fill(t, c, "log-b", "b")
	fill(t, c, "xlog-c", "c")
	m := &memory{}
	cfg, _ := config(t, c)
	s := sinkOf(m)
	s.Regex, s.Value = "log-.*", raw{decode: refuse("bad")}
	s.Errors = Errors{Tolerate: true, DeadLetters: &DeadLetters{Topic: "log-dlq", ReplicationFactor: 1}}
	cfg.Sinks = []Sink{s}
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	got := m.got()
	slices.Sort(got)
	if !slices.Equal(got, []string{"a", "b"}) || end(t, c, "log-dlq") != 1 {
		t.Errorf("got %v, %d dead letters", got, end(t, c, "log-dlq"))
	}
}

// Two instances share a group; a third comes and goes. Every record arrives,
// and with clean hand-overs none arrives twice.
func TestSinkRebalance(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	if err := c.CreateTopic("in", 6, nil); err != nil {
		t.Fatal(err)
	}
	m := &memory{put: func(_ int, b []connect.Record) error { time.Sleep(time.Millisecond); return nil }}
	cfg, _ := config(t, c)
	cfg.IdleExit = 0
	cfg.Sinks = []Sink{sinkOf(m, "in")}
	cfg.Sinks[0].Consumer.MaxPollRecords = 50
	cfg.Sinks[0].Consumer.HeartbeatInterval = 20 * time.Millisecond
	cfg.Sinks[0].Tasks = 2

	all := count(30_000)()
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; i < len(all); i += 1000 {
			fill(t, c, "in", all[i:i+1000]...)
			time.Sleep(10 * time.Millisecond)
		}
	})
	first := make(chan error, 1)
	firstCtx, stopFirst := context.WithTimeout(context.Background(), patience)
	defer stopFirst()
	go func() { _, err := runUntil(t, firstCtx, cfg); first <- err }()
	for range 3 {
		ctx, cancel := context.WithCancel(context.Background())
		second := make(chan error, 1)
		before := len(m.got())
		go func() { _, err := runUntil(t, ctx, cfg); second <- err }()
		if _, err := c.WaitGroupStable(t.Context(), "connect-snk", 4); err != nil {
			t.Fatal(err)
		}
		for i := 0; len(m.got()) == before && i < 200; i++ {
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
		if err := <-second; err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	for committedAll(t, c, "connect-snk", "in", 6) < int64(len(all)) && firstCtx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	stopFirst()
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	got := m.got()
	slices.Sort(got)
	if !slices.Equal(got, all) {
		t.Errorf("%d records, want %d; %d distinct", len(got), len(all), len(slices.Compact(got)))
	}
}

// A put that waits to be tried again does not hold a rebalance up, and records
// of partitions that went away are not put by the old owner.
func TestSinkRebalanceWhilePutIsRetried(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	if err := c.CreateTopic("in", 2, nil); err != nil {
		t.Fatal(err)
	}
	fillPartition(t, c, "in", 0, count(100)()...)
	fillPartition(t, c, "in", 1, count(200)()[100:]...)
	var mu sync.Mutex
	refusing := true
	m := &memory{put: func(int, []connect.Record) error {
		mu.Lock()
		defer mu.Unlock()
		if refusing {
			return connect.Retry(errors.New("busy"))
		}
		return nil
	}}
	cfg, _ := config(t, c)
	cfg.IdleExit = 0
	cfg.Sinks = []Sink{sinkOf(m, "in")}
	cfg.Sinks[0].Consumer.HeartbeatInterval = 20 * time.Millisecond
	cfg.Sinks[0].Errors.RetryMax = 20 * time.Millisecond
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ends := make(chan error, 2)
	for range 2 {
		go func() { _, err := runUntil(t, ctx, cfg); ends <- err }()
		time.Sleep(20 * time.Millisecond)
	}
	if _, err := c.WaitGroupStable(t.Context(), "connect-snk", 2); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	refusing = false
	mu.Unlock()
	for committedAll(t, c, "connect-snk", "in", 2) < 200 && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	for range 2 {
		if err := <-ends; err != nil {
			t.Fatal(err)
		}
	}
	got := m.got()
	slices.Sort(got)
	if !slices.Equal(got, count(200)()) {
		t.Errorf("%d records, %d distinct", len(got), len(slices.Compact(got)))
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	m := &memory{}
	cfg, _ := config(t, c)
	cfg.Sources = []Source{source(&lines{topic: "loop", all: count(5000), batch: 100})}
	cfg.Sinks = []Sink{sinkOf(m, "loop")}
	cfg.Sinks[0].Consumer.HeartbeatInterval = 20 * time.Millisecond
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.got(), count(5000)()) {
		t.Errorf("%d records", len(m.got()))
	}
}
