package worker

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// ExactlyOnce: a lines source gives from its position on, whatever was before.
func (l *lines) ExactlyOnce() error { return nil }

// once makes a source an exactly-once one.
func once(s Source, boundary string) Source {
	s.ExactlyOnce = &ExactlyOnce{Group: "g", Boundary: boundary, Interval: 30 * time.Millisecond, Timeout: time.Minute}
	return s
}

// settled reads what a topic holds for readers of committed records, to its
// end.
func settled(t *testing.T, c *kfake.Cluster, topic string) []*kgo.Record {
	t.Helper()
	return readLevel(t, c, topic, kgo.ReadCommitted())
}

// readLevel reads a topic up to a mark that is put behind it.
func readLevel(t *testing.T, c *kfake.Cluster, topic string, level kgo.IsolationLevel) []*kgo.Record {
	t.Helper()
	const mark = "the end of the test"
	parts := len(c.PartitionInfos(topic))
	for p := range parts {
		fillPartition(t, c, topic, int32(p), mark)
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(level),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var out []*kgo.Record
	for marks := 0; marks < parts; {
		fs := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("topic %s: its end does not come: a transaction is open", topic)
		}
		for _, r := range fs.Records() {
			if string(r.Value) == mark {
				marks++
				continue
			}
			out = append(out, r)
		}
	}
	return out
}

// exact fails the test where topic does not hold the lines once each, in order.
func exact(t *testing.T, c *kfake.Cluster, topic string, want []string) {
	t.Helper()
	got := values(settled(t, c, topic))
	if !slices.Equal(got, want) {
		t.Errorf("topic %s holds %d committed records, want %d; the first difference: %s", topic, len(got), len(want), difference(got, want))
	}
}

func difference(got, want []string) string {
	for i := range want {
		if i >= len(got) {
			return fmt.Sprintf("record %d is missing", i)
		}
		if got[i] != want[i] {
			return fmt.Sprintf("record %d is %q, want %q", i, got[i], want[i])
		}
	}
	return fmt.Sprintf("%d records too many", len(got)-len(want))
}

func TestExactlyOnce(t *testing.T) {
	t.Parallel()
	for _, boundary := range []string{AtPoll, AtInterval} {
		t.Run(boundary, func(t *testing.T) {
			c := cluster(t)
			cfg, _ := config(t, c)
			all := count(1000)
			l := &lines{topic: "out", all: all, batch: 10, told: &told{}}
			cfg.Sources = []Source{once(source(l), boundary)}
			stats, err := run(t, cfg)
			if err != nil {
				t.Fatal(err)
			}
			exact(t, c, "out", all())
			if stats[0].Records != 1000 {
				t.Errorf("%d records are counted", stats[0].Records)
			}
			if x := stats[0].Transactions; x.Sum != 1000 || x.Count == 0 || x.Max == 0 {
				t.Errorf("of transactions is counted %+v", x)
			}
			if x := stats[0].Actives; x.Max < 10 || x.Max > 1000 {
				t.Errorf("at most %d records were on their way", x.Max)
			}
			if l.told.pos != 1000 {
				t.Errorf("the connector was told of %d", l.told.pos)
			}
			if _, err = run(t, cfg); err != nil {
				t.Fatal(err)
			}
			exact(t, c, "out", all())
			offsets := settled(t, c, "connect-offsets")
			if last := offsets[len(offsets)-1]; string(last.Key) != `["src",{"filename":"/in"}]` || string(last.Value) != `{"position":1000}` {
				t.Errorf("the last offset is %s %s", last.Key, last.Value)
			}
		})
	}
}

// A task that starts looks for torn transactions in all topics that the one
// before may have written to.
func TestExactlyOnceLooksForTornTransactions(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	s := once(source(&lines{topic: "out", all: count(10), batch: 10}), AtPoll)
	s.Errors = Errors{Tolerate: true, DeadLetters: &DeadLetters{Topic: "dlq", ReplicationFactor: 1}}
	cfg.Sources = []Source{s}
	cfg.Wrote = func(connector string) []string { return []string{connector + "-earlier", "out"} }
	for _, topic := range []string{"src-earlier", "out"} {
		fillPartition(t, c, topic, 0, "")
	}
	var mu sync.Mutex
	asked := map[string]bool{}
	c.ControlKey(int16(kmsg.DescribeProducers), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		mu.Lock()
		defer mu.Unlock()
		for _, t := range req.(*kmsg.DescribeProducersRequest).Topics {
			asked[t.Topic] = true
		}
		return nil, nil, false
	})
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if got, want := slices.Sorted(maps.Keys(asked)), []string{"connect-offsets", "dlq", "out", "src-earlier"}; !slices.Equal(got, want) {
		t.Errorf("it looked in %v, want %v", got, want)
	}
}

// Nobody sees records of an open transaction, and the one that is killed leaves
// nothing behind.
func TestExactlyOnceFailure(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	all := count(100)
	l := &lines{topic: "out", all: all, batch: 10}
	l.poll = func(_ *lineTask, n int) error {
		if n == 5 {
			return errors.New("broken")
		}
		return nil
	}
	s := once(source(l), AtInterval)
	s.ExactlyOnce.Interval = time.Hour
	cfg.Sources = []Source{s}
	if _, err := run(t, cfg); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Fatal(err)
	}
	exact(t, c, "out", nil)
	l.poll, s.ExactlyOnce.Interval = nil, time.Second
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	exact(t, c, "out", all())
}

// A record that fails takes its poll with it, and no more; its dead letters are
// in the transaction too.
func TestExactlyOnceBadRecord(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	all := count(100)
	s := once(source(&lines{topic: "out", all: all, batch: 10}), AtPoll)
	s.Value = raw{encode: refuse("line-000057")}
	cfg.Sources = []Source{s}
	if _, err := run(t, cfg); err == nil || !strings.Contains(err.Error(), "refused by the test") {
		t.Fatal(err)
	}
	exact(t, c, "out", all()[:50])

	s.Errors = Errors{Tolerate: true, DeadLetters: &DeadLetters{Topic: "dlq", ReplicationFactor: 1}}
	cfg.Sources = []Source{s}
	stats, err := run(t, cfg)
	if err != nil {
		t.Fatal(err)
	}
	exact(t, c, "out", slices.Delete(slices.Clone(all()), 57, 58))
	exact(t, c, "dlq", []string{"line-000057"})
	if stats[0].DeadLettered != 1 || stats[0].Records != 49 {
		t.Errorf("%+v", stats[0])
	}
}

// A second start fences the first, whose open transaction is aborted before
// the second reads where to go on.
func TestExactlyOnceZombie(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	all := count(200)
	reached, release := make(chan struct{}), make(chan struct{})
	first := &lines{topic: "out", all: all, batch: 10}
	first.poll = func(_ *lineTask, n int) error {
		if n == 6 {
			close(reached)
			<-release
		}
		return nil
	}
	zombie := cfg
	s := once(source(first), AtInterval)
	s.ExactlyOnce.Interval = time.Hour
	zombie.Sources = []Source{s}
	ended := make(chan error, 1)
	go func() {
		_, err := run(t, zombie)
		ended <- err
	}()
	<-reached
	cfg.Sources = []Source{once(source(&lines{topic: "out", all: all, batch: 10}), AtPoll)}
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	close(release)
	if err := <-ended; !errors.Is(err, kafka.ErrFenced) {
		t.Errorf("the zombie ends with %v", err)
	}
	exact(t, c, "out", all())
}

// bounds is a lines source that ends transactions itself.
type bounds struct {
	*lines
	end func(b *connect.Batch, line int64) // behind each line
}

type boundTask struct {
	*lineTask
	src *bounds
	tc  connect.SourceContext
}

func (s *bounds) Transactional() error { return nil }

func (s *bounds) Tasks(context.Context, int) ([]connect.SourceTask, error) {
	return []connect.SourceTask{&boundTask{lineTask: &lineTask{src: s.lines, p: connect.Partition("filename", "/in")}, src: s}}, nil
}

func (t *boundTask) Open(ctx context.Context, tc connect.SourceContext) error {
	t.tc = tc
	return t.lineTask.Open(ctx, tc)
}

func (t *boundTask) Poll(ctx context.Context, b *connect.Batch) error {
	var part connect.Batch
	from := t.pos
	if err := t.lineTask.Poll(ctx, &part); err != nil || len(part.Records) == 0 {
		return err
	}
	for i, r := range part.Records {
		*b.Add() = r
		b.Mark(t.p, connect.SourceOffset{"position": from + int64(i) + 1})
		if !t.tc.Transactions || !t.tc.ExactlyOnce {
			return errors.New("the context does not speak of transactions")
		}
		t.src.end(b, from+int64(i))
	}
	return nil
}

// Transactions end where the connector says: within a poll, and over several.
// What it aborts nobody sees, now or later; what it leaves open is not there.
func TestExactlyOnceBoundaries(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	all := count(100)
	l := &bounds{lines: &lines{topic: "out", all: all, batch: 7, told: &told{}}}
	l.end = func(b *connect.Batch, line int64) {
		switch {
		case line == 19 || line == 20 || line == 59 || line == 94:
			b.Commit()
		case line == 49:
			b.Abort()
		}
	}
	s := once(source(l.lines), AtConnector)
	s.Connector = l
	cfg.Sources = []Source{s}
	for range 2 {
		if _, err := run(t, cfg); err != nil {
			t.Fatal(err)
		}
		exact(t, c, "out", slices.Delete(slices.Clone(all()[:95]), 21, 50))
		if l.told.pos != 95 {
			t.Errorf("the connector was told of %d", l.told.pos)
		}
	}
	l.end = func(b *connect.Batch, line int64) { b.Commit() }
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	exact(t, c, "out", slices.Delete(slices.Clone(all()), 21, 50))
}

// What is wrong with the cluster, the rights or the settings is said, with what
// to do.
func TestExactlyOnceRefusals(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name, says string
		harm       func(c *kfake.Cluster, s *Source)
	}{
		{"transaction.version", "kafka-features.sh upgrade --feature transaction.version=2", func(c *kfake.Cluster, _ *Source) {
			setFeature(t, c, "transaction.version", 1)
		}},
		{"transactional id", "grant the principal Write and Describe on the transactional id g-src-0", func(c *kfake.Cluster, _ *Source) {
			c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, TopLevel: true, Count: -1, Err: kerr.TransactionalIDAuthorizationFailed})
		}},
		{"time-out", "transaction.max.timeout.ms", func(_ *kfake.Cluster, s *Source) { s.ExactlyOnce.Timeout = 24 * time.Hour }},
		{"topic", "grant the principal Write on the topic", func(c *kfake.Cluster, _ *Source) {
			c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "out", Count: -1, Err: kerr.TopicAuthorizationFailed})
		}},
		{"offsets topic", "grant the principal Write on the topic", func(c *kfake.Cluster, _ *Source) {
			c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "connect-offsets", Count: -1, Err: kerr.TopicAuthorizationFailed})
		}},
		{"own offsets topic", "connect-offsets, the topic of the sources' offsets", func(_ *kfake.Cluster, s *Source) {
			s.Connector.(*lines).topic = "connect-offsets"
		}},
		{"group", "needs worker.group", func(_ *kfake.Cluster, s *Source) { s.ExactlyOnce.Group = "" }},
		{"boundary", "does not say where transactions end", func(_ *kfake.Cluster, s *Source) { s.ExactlyOnce.Boundary = AtConnector }},
		{"connector", "leave exactlyOnce out", func(_ *kfake.Cluster, s *Source) { s.Connector = struct{ connect.Source }{s.Connector} }},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := cluster(t, kfake.SeedTopics(1, "out", "connect-offsets"))
			setTopic(t, c, "connect-offsets", "cleanup.policy", "compact")
			cfg, _ := config(t, c)
			s := once(source(&lines{topic: "out", all: count(10)}), AtPoll)
			x.harm(c, &s)
			cfg.Sources = []Source{s}
			w, err := New(cfg)
			if err == nil {
				err = w.Run(t.Context())
			}
			if err == nil || !strings.Contains(err.Error(), x.says) {
				t.Errorf("%v, want one with %q", err, x.says)
			}
		})
	}
}

func setFeature(t *testing.T, c *kfake.Cluster, name string, level int16) {
	t.Helper()
	req := kmsg.NewPtrUpdateFeaturesRequest()
	f := kmsg.NewUpdateFeaturesRequestFeatureUpdate()
	f.Feature, f.MaxVersionLevel, f.UpgradeType = name, level, 3
	req.FeatureUpdates = append(req.FeatureUpdates, f)
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if resp, err := req.RequestWith(t.Context(), cl); err != nil || resp.ErrorCode != 0 {
		t.Fatal(resp, err)
	}
}

func setTopic(t *testing.T, c *kfake.Cluster, topic, key, value string) {
	t.Helper()
	req := kmsg.NewPtrIncrementalAlterConfigsRequest()
	r := kmsg.NewIncrementalAlterConfigsRequestResource()
	r.ResourceType, r.ResourceName = kmsg.ConfigResourceTypeTopic, topic
	e := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
	e.Name, e.Value = key, &value
	r.Configs = append(r.Configs, e)
	req.Resources = append(req.Resources, r)
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if resp, err := req.RequestWith(t.Context(), cl); err != nil || resp.Resources[0].ErrorCode != 0 {
		t.Fatal(resp, err)
	}
}

// Offsets are read behind the fence: what the one before commits until then is
// not done again.
func TestExactlyOnceFenceBeforeRead(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	all := count(200)
	let, commits := make(chan struct{}, 100), make(chan struct{}, 100)
	c.ControlKey(int16(kmsg.EndTxn), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		select {
		case commits <- struct{}{}:
		default:
		}
		return nil, nil, false
	})
	first := &lines{topic: "out", all: all, batch: 10, poll: func(*lineTask, int) error { <-let; return nil }}
	zombie := cfg
	zombie.Sources = []Source{once(source(first), AtPoll)}
	ended := make(chan error, 1)
	go func() {
		_, err := run(t, zombie)
		ended <- err
	}()
	further := func() {
		let <- struct{}{}
		<-commits
	}
	further()
	c.ControlKey(int16(kmsg.InitProducerID), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.SleepControl(func() {
			further()
			further()
			time.Sleep(50 * time.Millisecond) // the commit that was asked for last is done
		})
		c.DropControl()
		return nil, nil, false
	})
	cfg.Sources = []Source{once(source(&lines{topic: "out", all: all, batch: 10}), AtPoll)}
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	close(let)
	if err := <-ended; !errors.Is(err, kafka.ErrFenced) {
		t.Errorf("the zombie ends with %v", err)
	}
	exact(t, c, "out", all())
}

// A sink in the same pipeline gets all that is committed before the pipeline
// calls it a day.
func TestExactlyOnceIdle(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	all := count(500)
	s := once(source(&lines{topic: "out", all: all, batch: 10}), AtInterval)
	s.ExactlyOnce.Interval = time.Second // longer than IdleExit
	cfg.Sources = []Source{s}
	m := &memory{}
	k := sinkOf(m, "out")
	k.Consumer.IsolationLevel = "read_committed"
	cfg.Sinks = []Sink{k}
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if got := m.got(); !slices.Equal(got, all()) {
		t.Errorf("the sink has %d records of 500", len(got))
	}
}

// The time without work begins when a commit that took long is done: brokers
// show readers what is in it a little later (the markers of its end come to the
// partitions behind the answer).
func TestExactlyOnceIdleBehindASlowCommit(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	cfg.IdleExit = 100 * time.Millisecond
	var answered atomic.Int64
	c.ControlKey(int16(kmsg.EndTxn), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		c.SleepControl(func() { time.Sleep(4 * cfg.IdleExit) })
		answered.Store(time.Now().UnixNano())
		return nil, nil, false
	})
	cfg.Sources = []Source{once(source(&lines{topic: "out", all: count(10), batch: 10}), AtPoll)}
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if since := time.Since(time.Unix(0, answered.Load())); since < cfg.IdleExit {
		t.Errorf("it called it a day %v behind its last commit, want %v or more", since, cfg.IdleExit)
	}
}

// Where nobody knows what became of a commit, it is found out.
func TestExactlyOnceUnknownEnd(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]harm{"lost": cutAnswer, "not done": 0, "done": unknownAnswer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := cluster(t)
			cfg, lb := config(t, c)
			all := count(120)
			if harm == 0 {
				c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, TopLevel: true, Count: 10, Err: kerr.UnknownServerError, When: oneIn(3)})
			} else {
				cfg.Kafka.Dial = harm.dial(kmsg.EndTxn, oneIn(3))
			}
			slowly := func(*lineTask, int) error { time.Sleep(15 * time.Millisecond); return nil } // many commits
			cfg.Sources = []Source{once(source(&lines{topic: "out", all: all, batch: 4, poll: slowly}), AtPoll)}
			if _, err := run(t, cfg); err != nil {
				t.Fatal(err)
			}
			exact(t, c, "out", all())
			if harm != cutAnswer && !strings.Contains(lb.String(), "starting over") {
				t.Error("it never started over")
			}
		})
	}
}

// A transaction that breaks while the task is told to stop is not begun anew:
// it is said what is known of it, and the next start finds out.
func TestExactlyOnceUnknownEndAtStop(t *testing.T) {
	t.Parallel()
	for i := range 8 { // by chance the loop hears first of the stop, or of the end
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			c := cluster(t)
			cfg, lb := config(t, c)
			cfg.IdleExit = 0
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			h := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, TopLevel: true, Count: 1, Err: kerr.UnknownServerError})
			all := count(40)
			src := &lines{topic: "out", all: all, batch: 4, poll: func(_ *lineTask, n int) error {
				if n > 1 {
					for h.Hits() == 0 && ctx.Err() == nil {
						time.Sleep(time.Millisecond)
					}
					time.Sleep(10 * time.Millisecond) // the answer comes
					cancel()
				}
				return nil
			}}
			cfg.Sources = []Source{once(source(src), AtPoll)}
			_, err := runUntil(t, ctx, cfg)
			const want = "the last transaction was not committed, as far as is known"
			if over := strings.Contains(lb.String(), "starting over"); !over && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("error %v, want %q", err, want) // over: the answer came before the second poll
			}
			src.poll = nil
			cfg.IdleExit = 200 * time.Millisecond
			if _, err := run(t, cfg); err != nil {
				t.Fatal(err)
			}
			exact(t, c, "out", all())
		})
	}
}

// oneIn is true for one request in n.
func oneIn(n int32) func(kmsg.Request) bool {
	var i atomic.Int32
	return func(kmsg.Request) bool { return i.Add(1)%n == 0 }
}

// harm is what happens to the answer of a request that the broker has done.
type harm int

const (
	cutAnswer     harm = iota + 1 // the connection ends instead
	unknownAnswer                 // it says UNKNOWN_SERVER_ERROR
)

// dial opens connections on which answers to requests of a kind are harmed.
func (h harm) dial(key kmsg.Key, which func(kmsg.Request) bool) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, host string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, host)
		if err != nil {
			return nil, err
		}
		return &harmed{Conn: c, harm: h, key: int16(key), which: which}, nil
	}
}

// harmed is a connection of one request at a time.
type harmed struct {
	net.Conn
	harm  harm
	key   int16
	which func(kmsg.Request) bool
	due   atomic.Bool
	rest  []byte // of an answer that was read
}

func (c *harmed) Write(b []byte) (int, error) {
	if len(b) > 6 && int16(binary.BigEndian.Uint16(b[4:])) == c.key && c.which(nil) {
		c.due.Store(true)
	}
	return c.Conn.Write(b)
}

func (c *harmed) Read(b []byte) (int, error) {
	if len(c.rest) == 0 {
		n, err := c.Conn.Read(b[:min(len(b), 4)])
		if err != nil || !c.due.Swap(false) {
			return n, err
		}
		if c.harm == cutAnswer {
			c.Conn.Close()
			return 0, io.ErrUnexpectedEOF
		}
		frame := make([]byte, 4+binary.BigEndian.Uint32(b))
		copy(frame, b[:4])
		if _, err := io.ReadFull(c.Conn, frame[4:]); err != nil {
			return 0, err
		}
		copy(frame[4+4+1+4:], []byte{0xff, 0xff}) // behind the header and the throttle time
		c.rest = frame
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}
