package worker

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// TestMain has many tests run at a time: they wait more than they work.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "24"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// lines is a source that stands in for a file: it gives its lines in batches,
// each batch under one mark, and goes on where its offset says.
type lines struct {
	topic string
	all   func() []string
	batch int
	poll  func(t *lineTask, n int) error // before each poll with records
	open  func() error
	told  *told
	full  bool // records with a key and a header too
}

type told struct {
	mu  sync.Mutex
	pos int64
}

type lineTask struct {
	src *lines
	p   *connect.SourcePartition
	pos int64
	n   int
}

func (l *lines) Tasks(context.Context, int) ([]connect.SourceTask, error) {
	return []connect.SourceTask{&lineTask{src: l, p: connect.Partition("filename", "/in")}}, nil
}

func (t *lineTask) Open(_ context.Context, tc connect.SourceContext) error {
	if t.src.open != nil {
		if err := t.src.open(); err != nil {
			return err
		}
	}
	if o := tc.Offsets.Offset(t.p); o != nil {
		t.pos = o["position"].(int64)
	}
	return nil
}

func (t *lineTask) Poll(ctx context.Context, b *connect.Batch) error {
	all := t.src.all()
	if t.pos >= int64(len(all)) {
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
		return nil
	}
	t.n++
	if t.src.poll != nil {
		if err := t.src.poll(t, t.n); err != nil {
			return err
		}
	}
	for range max(t.src.batch, 1) {
		if t.pos == int64(len(all)) {
			break
		}
		r := b.Add()
		r.Topic, r.Value = t.src.topic, connect.Datum{Value: connect.String(all[t.pos])}
		if t.src.full {
			r.Key = r.Value
			r.Headers = append(r.Headers, connect.Header{Key: "h", Datum: r.Value})
		}
		t.pos++
	}
	b.Mark(t.p, connect.SourceOffset{"position": t.pos})
	return nil
}

func (t *lineTask) Close() error { return nil }

func (t *lineTask) Committed(_ context.Context, _ *connect.SourcePartition, o connect.SourceOffset) error {
	if t.src.told != nil {
		t.src.told.mu.Lock()
		defer t.src.told.mu.Unlock()
		t.src.told.pos = o["position"].(int64)
	}
	return nil
}

// count gives n lines.
func count(n int) func() []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("line-%06d", i)
	}
	return func() []string { return all }
}

// raw is a converter that gives text and bytes as they are. encode and decode
// may refuse.
type raw struct {
	encode func(s string) error
	decode func(s string) error
}

func (c raw) Open(connect.Role) (connect.Codec, error) { return c, nil }

func (c raw) Encode(_ *connect.Buffer, _ string, d connect.Datum) ([]byte, error) {
	if c.encode != nil && !d.IsNull() {
		if err := c.encode(d.Value.Str()); err != nil {
			return nil, err
		}
	}
	return d.Value.Raw(), nil
}

func (c raw) Decode(_ string, data []byte) (connect.Datum, error) {
	if data == nil {
		return connect.Datum{}, nil
	}
	if c.decode != nil {
		if err := c.decode(string(data)); err != nil {
			return connect.Datum{}, err
		}
	}
	return connect.Datum{Value: connect.Text(data)}, nil
}

// refuse is an encode or decode that fails for one text.
func refuse(bad ...string) func(string) error {
	return func(s string) error {
		for _, b := range bad {
			if s == b {
				return errors.New("refused by the test")
			}
		}
		return nil
	}
}

// memory is a sink that keeps what it is given; what was not flushed when a
// task is closed is lost, as in a buffer.
type memory struct {
	mu      sync.Mutex
	durable []string
	puts    int
	put     func(n int, batch []connect.Record) error // may refuse
	flush   func() error
	closed  chan struct{} // by Close
}

type memoryTask struct {
	m   *memory
	buf []string
}

func (m *memory) Open(context.Context, connect.SinkContext) (connect.SinkTask, error) {
	return &memoryTask{m: m}, nil
}

func (t *memoryTask) Put(_ context.Context, batch []connect.Record) error {
	t.m.mu.Lock()
	t.m.puts++
	n := t.m.puts
	t.m.mu.Unlock()
	if t.m.put != nil {
		if err := t.m.put(n, batch); err != nil {
			return err
		}
	}
	for _, r := range batch {
		t.buf = append(t.buf, r.Value.Value.Str())
	}
	return nil
}

func (t *memoryTask) Flush(context.Context) error {
	if t.m.flush != nil {
		if err := t.m.flush(); err != nil {
			return err
		}
	}
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	t.m.durable = append(t.m.durable, t.buf...)
	t.buf = nil
	return nil
}

func (t *memoryTask) Close() error {
	if t.m.closed != nil {
		close(t.m.closed)
	}
	return nil
}

func (m *memory) got() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.durable...)
}

// cluster starts a fake broker.
func cluster(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1), kfake.AllowAutoTopicCreation(), kfake.DefaultNumPartitions(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// config is a worker's configuration with short intervals, and limits that no
// busy machine meets.
func config(t *testing.T, c *kfake.Cluster) (Config, *logBuffer) {
	t.Helper()
	lb := &logBuffer{}
	return Config{
		Cluster:       kafka.Cluster{Brokers: c.ListenAddrs()},
		Log:           slog.New(slog.NewTextHandler(lb, nil)),
		OffsetTopic:   kafka.NewTopic{Name: "connect-offsets", Partitions: 5, ReplicationFactor: 1},
		FlushInterval: 50 * time.Millisecond,
		FlushTimeout:  20 * time.Second,
		StopTimeout:   30 * time.Second,
		StartTimeout:  time.Minute,
		IdleExit:      200 * time.Millisecond,
	}, lb
}

func source(l *lines) Source {
	return Source{Name: "src", Connector: l, MaxTasks: 1, Key: raw{}, Value: raw{}, Header: raw{}}
}

func sinkOf(m *memory, topics ...string) Sink {
	return Sink{Name: "snk", Topics: topics, Connector: m, Tasks: 1, Key: raw{}, Value: raw{}, Header: raw{}}
}

// patience is longer than anything here takes.
const patience = 5 * time.Minute

// run runs a worker to its end. It may be called from any goroutine.
func run(t *testing.T, cfg Config) ([]Stats, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return runUntil(t, ctx, cfg)
}

func runUntil(t *testing.T, ctx context.Context, cfg Config) ([]Stats, error) {
	t.Helper()
	w, err := New(cfg)
	if err != nil {
		t.Error(err)
		return nil, err
	}
	err = w.Run(ctx)
	if ctx.Err() == context.DeadlineExceeded {
		t.Error("the worker did not end")
	}
	return w.Stats(), err
}

// read reads n records of a topic as read_committed, from its start.
func read(t *testing.T, c *kfake.Cluster, topic string, n int) []*kgo.Record {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics(topic), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var out []*kgo.Record
	for len(out) < n && ctx.Err() == nil {
		out = append(out, cl.PollFetches(ctx).Records()...)
	}
	if len(out) < n {
		t.Fatalf("topic %s: %d records of %d", topic, len(out), n)
	}
	return out
}

// values are the records' values.
func values(rs []*kgo.Record) []string {
	var out []string
	for _, r := range rs {
		out = append(out, string(r.Value))
	}
	return out
}

// end is the number of records that were ever written to a topic.
func end(t *testing.T, c *kfake.Cluster, topic string) int64 {
	t.Helper()
	var n int64
	for _, p := range c.PartitionInfos(topic) {
		n += p.HighWatermark
	}
	return n
}

// fill writes records to a topic.
func fill(t *testing.T, c *kfake.Cluster, topic string, values ...string) {
	t.Helper()
	fillPartition(t, c, topic, -1, values...)
}

// fillPartition writes records to one partition; -1 leaves the choice.
func fillPartition(t *testing.T, c *kfake.Cluster, topic string, partition int32, values ...string) {
	t.Helper()
	var rs []*kgo.Record
	for _, v := range values {
		rs = append(rs, &kgo.Record{Topic: topic, Partition: partition, Value: []byte(v)})
	}
	produce(t, c, partition, rs)
}

// fillFull writes records whose key and header are their value.
func fillFull(t *testing.T, c *kfake.Cluster, topic string, values ...string) {
	t.Helper()
	var rs []*kgo.Record
	for _, v := range values {
		rs = append(rs, &kgo.Record{Topic: topic, Key: []byte(v), Value: []byte(v), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte(v)}}})
	}
	produce(t, c, -1, rs)
}

func produce(t *testing.T, c *kfake.Cluster, partition int32, rs []*kgo.Record) {
	t.Helper()
	opts := []kgo.Opt{kgo.SeedBrokers(c.ListenAddrs()...), kgo.AllowAutoTopicCreation()}
	if partition >= 0 {
		opts = append(opts, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	}
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if err := cl.ProduceSync(context.Background(), rs...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// logBuffer keeps a log.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
