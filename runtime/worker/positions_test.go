package worker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"kcgen.dev/runtime/connect"
)

// vault is a target that keeps positions with its data.
type vault struct {
	mu     sync.Mutex
	data   []string
	at     map[connect.TopicPartition]int64
	opened int
	refuse error
	bad    string // refused, when
	when   string // "put", "async" or "flush"
	letter func() // asked before positions become durable
}

type vaultTask struct {
	v       *vault
	buf     []string
	results connect.Results
	late    func()
}

func (v *vault) Open(_ context.Context, sc connect.SinkContext) (connect.SinkTask, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.opened++
	return &vaultTask{v: v, results: sc.Results}, nil
}

func (t *vaultTask) Put(_ context.Context, batch []connect.Record) error {
	for i, r := range batch {
		v := r.Value.Value.Str()
		if v != t.v.bad || t.v.when == "" {
			t.buf = append(t.buf, v)
			continue
		}
		k, cause := t.results.Ticket(i), errors.New("the target refuses it")
		switch t.v.when {
		case "put":
			t.results.Refuse(k, cause)
		case "async":
			t.late = func() { t.results.Refuse(k, cause) }
			defer func() { t.late(); t.late = nil }()
		case "flush":
			t.late = func() { t.results.Refuse(k, cause) }
		}
	}
	return nil
}

func (t *vaultTask) Flush(context.Context) error {
	return errors.New("Flush is called of a target with positions")
}

func (t *vaultTask) FlushAt(_ context.Context, ps []connect.Position) error {
	t.v.mu.Lock()
	defer t.v.mu.Unlock()
	if t.v.letter != nil {
		t.v.letter()
	}
	if t.late != nil {
		t.late()
	}
	t.v.data = append(t.v.data, t.buf...)
	t.buf = nil
	for _, p := range ps {
		t.v.at[p.TopicPartition] = p.Offset
	}
	return nil
}

func (t *vaultTask) Positions(_ context.Context, ps []connect.TopicPartition) (out []connect.Position, err error) {
	t.v.mu.Lock()
	defer t.v.mu.Unlock()
	for _, p := range ps {
		if o, ok := t.v.at[p]; ok {
			out = append(out, connect.Position{TopicPartition: p, Offset: o})
		}
	}
	return out, t.v.refuse
}

func (t *vaultTask) Close() error { return nil }

func vaultSink(v *vault) Sink {
	s := sinkOf(nil, "in")
	s.Connector = v
	return s
}

// The target's word counts, whatever the group's offsets are.
func TestPositionsOfTheTarget(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.SeedTopics(1, "in"))
	cfg, _ := config(t, c)
	all := count(100)()
	fill(t, c, "in", all[:60]...)
	part := connect.TopicPartition{Topic: "in"}
	v := &vault{at: map[connect.TopicPartition]int64{part: 20}}
	s := vaultSink(v)
	s.Value = raw{decode: refuse(all[59])}
	s.Errors = Errors{Tolerate: true}
	cfg.Sinks = []Sink{s}
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(v.data, all[20:59]) || v.at[part] != 60 {
		t.Errorf("the target holds %q, at %v", v.data, v.at)
	}
	v.data, v.at[part] = nil, 50 // a backup
	fill(t, c, "in", all[60:]...)
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if want := slices.Concat(all[50:59], all[60:]); !slices.Equal(v.data, want) || v.at[part] != 100 {
		t.Errorf("the target holds %q, at %v", v.data, v.at)
	}
}

// A record that the target refuses is in the dead letter queue before the
// target's position passes it; one that is refused later fails the task.
func TestPositionsBehindLetters(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"put", "async", "flush"} {
		c := cluster(t, kfake.SeedTopics(1, "in", "dlq"))
		cfg, _ := config(t, c)
		all := count(10)()
		fill(t, c, "in", all...)
		v := &vault{at: map[connect.TopicPartition]int64{}, bad: all[4], when: when}
		letters := int64(-1)
		v.letter = func() { letters = max(letters, end(t, c, "dlq")) }
		s := vaultSink(v)
		s.Errors = Errors{Tolerate: true, DeadLetters: &DeadLetters{Topic: "dlq", ReplicationFactor: 1}}
		cfg.Sinks = []Sink{s}
		_, err := run(t, cfg)
		switch {
		case when == "flush" && (err == nil || !strings.Contains(err.Error(), "called durable")):
			t.Errorf("%s: %v", when, err)
		case when != "flush" && (err != nil || letters != 1 || !slices.Equal(v.data, slices.Delete(slices.Clone(all), 4, 5))):
			t.Errorf("%s: %v: %d letters before the flush, the target holds %q", when, err, letters, v.data)
		}
	}
}

func TestPositionsUnknown(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.SeedTopics(1, "in"))
	cfg, _ := config(t, c)
	fill(t, c, "in", "a")
	v := &vault{at: map[connect.TopicPartition]int64{}, refuse: errors.New("the table is gone")}
	cfg.Sinks = []Sink{vaultSink(v)}
	if _, err := run(t, cfg); !errors.Is(err, v.refuse) {
		t.Errorf("%v", err)
	}
}

// A commit to the group that fails, again and again, changes nothing.
func TestPositionsWithoutGroup(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.SeedTopics(1, "in"))
	cfg, _ := config(t, c)
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Count: -1, Err: kerr.RebalanceInProgress})
	all := count(200)()
	v := &vault{at: map[connect.TopicPartition]int64{}}
	cfg.Sinks = []Sink{vaultSink(v)}
	for i := range 4 {
		fill(t, c, "in", all[50*i:50*i+50]...)
		_, _ = run(t, cfg) // it says that its offsets were not committed
	}
	if !slices.Equal(v.data, all) {
		t.Errorf("the target holds %q", v.data)
	}
}

// What was put of partitions that the group has given to others is taken back,
// and comes again where they are.
func TestPositionsAfterLoss(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.SeedTopics(1, "in"))
	cfg, lb := config(t, c)
	cfg.FlushInterval = time.Hour // what is put is not flushed
	all := count(100)()
	fill(t, c, "in", all[:50]...)
	v := &vault{at: map[connect.TopicPartition]int64{}}
	s := vaultSink(v)
	s.Consumer.SessionTimeout, s.Consumer.HeartbeatInterval = 6*time.Second, 50*time.Millisecond
	cfg.Sinks = []Sink{s}
	cfg.IdleExit = 0
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	w, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	put := func(n uint64) {
		for ctx.Err() == nil && (len(w.Stats()) == 0 || w.Stats()[0].Records < n) {
			time.Sleep(time.Millisecond)
		}
	}
	put(50)
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, TopLevel: true, Err: kerr.UnknownMemberID})
	waitLog(ctx, lb, "taking back")
	fill(t, c, "in", all[50:]...)
	put(150)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(v.data, all) || v.opened != 2 {
		t.Errorf("the target was opened %d times and holds %q", v.opened, v.data)
	}
}
