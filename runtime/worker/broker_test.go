package worker

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
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

// freePort is a port on which nobody listens, another one at each call. It is
// below those that the kernel gives to outgoing connections, of which one could
// take it while a test's broker is down.
func freePort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		port := 20000 + int(lastPort.Add(1)%12000)
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

var lastPort atomic.Uint32

func init() { lastPort.Store(rand.Uint32N(12000)) }

// waitLog waits until the log holds a text.
func waitLog(ctx context.Context, lb *logBuffer, text string) {
	for !strings.Contains(lb.String(), text) && ctx.Err() == nil {
		time.Sleep(5 * time.Millisecond)
	}
}

func brokerAt(t *testing.T, port int, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	return cluster(t, append(opts, kfake.Ports(port))...)
}

func TestBrokerDownAtStart(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	first := brokerAt(t, port)
	cfg, lb := config(t, first)
	first.Close()
	cfg.StartTimeout = -1
	m := &memory{}
	cfg.Sources = []Source{source(&lines{topic: "out", all: count(10)})}
	cfg.Sinks = []Sink{sinkOf(m, "out")}
	begun := time.Now()
	done := make(chan error, 1)
	go func() { _, err := run(t, cfg); done <- err }()
	waitLog(t.Context(), lb, "a broker does not answer; trying again")
	brokerAt(t, port)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.got(), count(10)()) {
		t.Errorf("got %v", m.got())
	}
	most := 3 + int(time.Since(begun)/(10*time.Second)) // it is said every ten seconds
	if !strings.Contains(lb.String(), "a broker answers again") || strings.Count(lb.String(), "does not answer") > most {
		t.Errorf("log %s", lb)
	}
}

func TestBrokerDownAtStartGivesUp(t *testing.T) {
	t.Parallel()
	c := brokerAt(t, freePort(t))
	cfg, _ := config(t, c)
	c.Close()
	cfg.StartTimeout = 5 * time.Second // time enough for one try
	cfg.Sources = []Source{source(&lines{topic: "out", all: count(10)})}
	_, err := run(t, cfg)
	if !errors.Is(err, kafka.ErrUnreachable) || !strings.Contains(err.Error(), "refused") {
		t.Fatalf("error %v", err)
	}
}

func TestStopWhileWaitingForABroker(t *testing.T) {
	t.Parallel()
	c := brokerAt(t, freePort(t))
	cfg, lb := config(t, c)
	c.Close()
	cfg.StartTimeout = -1
	cfg.Sources = []Source{source(&lines{topic: "out", all: count(10)})}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { waitLog(t.Context(), lb, "does not answer"); cancel() }()
	if _, err := runUntil(t, ctx, cfg); err != nil {
		t.Fatal(err)
	}
}

func TestBrokerGoesAwayUnderLoad(t *testing.T) {
	t.Parallel()
	port, dir := freePort(t), t.TempDir()
	first := brokerAt(t, port, kfake.DataDir(dir), kfake.SyncWrites())
	all := count(3000)()
	away, back := make(chan struct{}), make(chan struct{})
	src := &lines{topic: "out", all: func() []string { return all }, batch: 10, poll: func(_ *lineTask, n int) error {
		if n == 100 {
			close(away)
		}
		if n == 110 {
			<-back // more came in while there was no broker
		}
		return nil
	}}
	cfg, _ := config(t, first)
	cfg.Sources = []Source{source(src)}
	done := make(chan error, 1)
	go func() { _, err := run(t, cfg); done <- err }()
	<-away
	first.Close()
	second := brokerAt(t, port, kfake.DataDir(dir), kfake.SyncWrites())
	close(back)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	got := values(read(t, second, "out", len(all)))
	seen := slices.Clone(got)
	slices.Sort(seen)
	if seen = slices.Compact(seen); !slices.Equal(seen, all) {
		t.Errorf("%d of %d lines arrived", len(seen), len(all))
	}
}

func TestStopWithoutABroker(t *testing.T) {
	t.Parallel()
	c := brokerAt(t, freePort(t))
	cfg, lb := config(t, c)
	cfg.StopTimeout, cfg.IdleExit = time.Second, 0
	all := count(1000)()
	src := &lines{topic: "out", all: func() []string { return all }, batch: 10}
	closed := make(chan struct{})
	src.poll = func(_ *lineTask, n int) error {
		if n == 10 {
			c.Close()
			close(closed)
		}
		return nil
	}
	cfg.Sources = []Source{source(src)}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { <-closed; waitLog(t.Context(), lb, "does not answer"); cancel() }()
	_, err := runUntil(t, ctx, cfg)
	if err == nil || !strings.Contains(err.Error(), "read again") {
		t.Fatalf("error %v", err)
	}
}

func TestFailedConnectorLeavesTheOthers(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	cfg.Sources = []Source{
		source(&lines{topic: "a", all: count(10), open: func() error { return errors.New("no such file") }}),
		source(&lines{topic: "b", all: count(10)}),
	}
	cfg.Sources[1].Name = "other"
	stats, err := run(t, cfg)
	if err == nil || !strings.Contains(err.Error(), "connector src, task 0: open: no such file") {
		t.Fatalf("error %v", err)
	}
	if stats[0].State != Failed || stats[1].State != Stopped || stats[1].Records != 10 {
		t.Errorf("stats %+v", stats)
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	good := Config{Cluster: kafka.Cluster{Brokers: []string{"x:1"}}, Sinks: []Sink{sinkOf(&memory{}, "in")}}
	for name, test := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"nothing":     {func(c *Config) { c.Sinks = nil }, "neither sources nor sinks"},
		"two names":   {func(c *Config) { c.Sinks = append(c.Sinks, c.Sinks[0]) }, "used twice"},
		"topic":       {func(c *Config) { c.Sinks[0].Topics = []string{"a b"} }, `"a b" is no topic name`},
		"no topics":   {func(c *Config) { c.Sinks[0].Topics = nil }, "either topics or topicsRegex"},
		"own letters": {func(c *Config) { c.Sinks[0].Errors.DeadLetters = &DeadLetters{Topic: "in"} }, "its own dead letter queue"},
		"brokers":     {func(c *Config) { c.Cluster.Brokers = []string{" , "} }, "no brokers"},
		"broker":      {func(c *Config) { c.Cluster.Brokers = []string{"http://x:1"} }, "must be HOST:PORT"},
	} {
		cfg := good
		cfg.Sinks = slices.Clone(good.Sinks)
		test.change(&cfg)
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(good); err != nil {
		t.Error(err)
	}
}

func TestIdle(t *testing.T) {
	t.Parallel()
	now := time.Now()
	old, fresh := now.Add(-time.Minute), now.Add(-time.Millisecond)
	quiet := idleness{ready: true, last: old, seen: now}
	for name, test := range map[string]struct {
		tasks []idleness
		want  bool
	}{
		"quiet":           {[]idleness{quiet, quiet}, true},
		"one works":       {[]idleness{quiet, {ready: true, last: fresh, seen: now}}, false},
		"on its way":      {[]idleness{{ready: true, busy: true, last: old, seen: now}}, false},
		"not open":        {[]idleness{{last: old, seen: now}}, false},
		"has not looked":  {[]idleness{{ready: true, last: old}}, false},
		"looked long ago": {[]idleness{{ready: true, last: old, seen: old.Add(time.Millisecond)}}, false},
		"failed":          {[]idleness{{ended: true}, quiet}, true},
	} {
		if got := idle(test.tasks, time.Second); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Slow is not idle: neither a broker that does not yet serve, nor a connector
// that takes its time.
func TestSlowIsNotIdle(t *testing.T) {
	t.Parallel()
	t.Run("broker", func(t *testing.T) {
		c := cluster(t)
		fill(t, c, "in", count(10)()...)
		m := &memory{}
		cfg, _ := config(t, c)
		cfg.IdleExit = 10 * time.Millisecond
		cfg.Sinks = []Sink{sinkOf(m, "in")}
		h := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.NotLeaderForPartition, Count: 5})
		if _, err := run(t, cfg); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(m.got(), count(10)()) || h.Hits() < 5 {
			t.Errorf("%d records, %d faults", len(m.got()), h.Hits())
		}
	})
	t.Run("connectors", func(t *testing.T) {
		c := cluster(t)
		m := &memory{put: func(int, []connect.Record) error { time.Sleep(100 * time.Millisecond); return nil }}
		cfg, _ := config(t, c)
		cfg.IdleExit = 10 * time.Millisecond
		cfg.Sources = []Source{source(&lines{topic: "out", all: count(3), poll: func(*lineTask, int) error {
			time.Sleep(100 * time.Millisecond)
			return nil
		}})}
		cfg.Sinks = []Sink{sinkOf(m, "out")}
		if _, err := run(t, cfg); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(m.got(), count(3)()) {
			t.Errorf("%d records", len(m.got()))
		}
	})
}

// A stop whose time is over before a task has ended is no clean one.
func TestStopThatTakesTooLong(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	cfg.StopTimeout, cfg.IdleExit = 100*time.Millisecond, 0
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	fill(t, c, "in", "a")
	m := &memory{put: func(int, []connect.Record) error { cancel(); <-hang; return nil }}
	cfg.Sinks = []Sink{sinkOf(m, "in")}
	if _, err := runUntil(t, ctx, cfg); err == nil || !strings.Contains(err.Error(), "will be read again") {
		t.Errorf("error %v", err)
	}
}
