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

	"github.com/twmb/franz-go/pkg/kfake"

	"kcgen.dev/runtime/connect"
)

// misbehaviour is what a hook does instead of its work.
type misbehaviour struct {
	hook string
	how  string // "panic", "error", "block", "slow"
	hang chan struct{}
	done atomic.Int64
}

// at is called by every hook.
func (m *misbehaviour) at(hook string) error {
	if hook != m.hook {
		return nil
	}
	m.done.Add(1)
	switch m.how {
	case "panic":
		panic("told to")
	case "error":
		return errors.New("told to")
	case "block": // whatever the context says
		<-m.hang
	case "slow":
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

// badSource and badSink are well but for one hook.
type badSource struct {
	*misbehaviour
	lines
}

type badTask struct {
	*misbehaviour
	lineTask
}

func (s *badSource) Tasks(ctx context.Context, n int) ([]connect.SourceTask, error) {
	if err := s.at("Tasks"); err != nil {
		return nil, err
	}
	ts, err := s.lines.Tasks(ctx, n)
	return []connect.SourceTask{&badTask{s.misbehaviour, *ts[0].(*lineTask)}}, err
}

func (t *badTask) Open(ctx context.Context, tc connect.SourceContext) error {
	if err := t.at("Open"); err != nil {
		return err
	}
	return t.lineTask.Open(ctx, tc)
}

func (t *badTask) Poll(ctx context.Context, b *connect.Batch) error {
	if err := t.at("Poll"); err != nil {
		return err
	}
	return t.lineTask.Poll(ctx, b)
}

func (t *badTask) Committed(context.Context, *connect.SourcePartition, connect.SourceOffset) error {
	return t.at("Committed")
}

func (t *badTask) Close() error { return t.at("Close") }

func (t *badTask) Lag() (int64, string, bool) { return 7, "records", t.at("Lag") == nil }
func (t *badTask) Gauges() []connect.Gauge {
	_ = t.at("Gauges")
	return []connect.Gauge{{Name: "g", Value: 1}}
}
func (t *badTask) Snapshot() (int64, int64, bool) { return 1, 2, t.at("Snapshot") == nil }

type badSink struct {
	*misbehaviour
	memory
}

type badSinkTask struct {
	*misbehaviour
	connect.SinkTask
}

func (s *badSink) Open(ctx context.Context, sc connect.SinkContext) (connect.SinkTask, error) {
	if err := s.at("Open"); err != nil {
		return nil, err
	}
	t, err := s.memory.Open(ctx, sc)
	bad := &badSinkTask{s.misbehaviour, t}
	if s.hook == "Positions" {
		return &badKeeper{bad}, err
	}
	return bad, err
}

// badKeeper is one whose target keeps positions.
type badKeeper struct{ *badSinkTask }

func (t *badKeeper) Positions(context.Context, []connect.TopicPartition) ([]connect.Position, error) {
	return nil, t.at("Positions")
}

func (t *badKeeper) FlushAt(ctx context.Context, _ []connect.Position) error { return t.Flush(ctx) }

func (t *badSinkTask) Put(ctx context.Context, batch []connect.Record) error {
	if err := t.at("Put"); err != nil {
		return err
	}
	return t.SinkTask.Put(ctx, batch)
}

func (t *badSinkTask) Flush(ctx context.Context) error {
	if err := t.at("Flush"); err != nil {
		return err
	}
	return t.SinkTask.Flush(ctx)
}

func (t *badSinkTask) Close() error { return t.at("Close") }

func (m *misbehaviour) step() []Step {
	return []Step{{Name: "bad", Do: connect.TransformFunc(func(*connect.Record) (bool, error) { return true, m.at("transform") })}}
}

func (m *misbehaviour) converter() raw {
	f := func(string) error { return m.at("converter") }
	return raw{encode: f, decode: f}
}

// badOne is a connector of which one hook misbehaves.
type badOne struct {
	*misbehaviour
	kind, name string
	sink       *badSink
}

// add makes the connector and its records.
func (b *badOne) add(t *testing.T, c *kfake.Cluster, cfg *Config) {
	if b.kind == "source" {
		s := source(nil)
		s.Name, s.Connector = b.name, &badSource{b.misbehaviour, lines{topic: b.name, all: count(20), batch: 5}}
		s.Value, s.Steps = b.converter(), b.step()
		cfg.Sources = append(cfg.Sources, s)
		return
	}
	fill(t, c, b.name, count(20)()...)
	b.sink = &badSink{misbehaviour: b.misbehaviour}
	s := sinkOf(nil, b.name)
	s.Name, s.Connector = b.name, b.sink
	s.Value, s.Steps = b.converter(), b.step()
	cfg.Sinks = append(cfg.Sinks, s)
}

// measures says whether the hook tells figures, which no record waits for.
func (b *badOne) measures() bool {
	return slices.Contains([]string{"Lag", "Gauges", "Snapshot"}, b.hook)
}

// want is what is told of it; "" where it harms nothing.
func (b *badOne) want() string {
	hook := b.hook
	if hook == "transform" || hook == "converter" {
		hook = "its transforms and converters"
	}
	switch {
	case b.how == "slow" || b.measures() || b.how != "block" && (b.hook == "Close" || b.hook == "Committed"):
		return ""
	case b.how == "block":
		return "hangs in " + hook
	}
	return "told to"
}

func (b *badOne) check(t *testing.T, c *kfake.Cluster, s Stats, log string) {
	t.Helper()
	if b.done.Load() == 0 {
		t.Fatalf("%s: the hook was not called", b.name)
	}
	switch want := b.want(); {
	case want == "":
		if s.State != Stopped || s.Records != 20 {
			t.Errorf("%s: %+v", b.name, s)
		}
		if b.how != "slow" && !b.measures() && !strings.Contains(log, "told to") {
			t.Errorf("%s: the log says nothing of it: %s", b.name, log)
		}
	case s.State != Failed || !strings.Contains(s.Err.Error(), "connector "+b.name) || !strings.Contains(s.Err.Error(), want):
		t.Errorf("%s: %+v", b.name, s)
	}
	if b.kind == "sink" {
		if at := committed(t, c, "connect-"+b.name, b.name, 0); at > int64(len(b.sink.got())) {
			t.Errorf("%s: committed %d of which %d are in the sink", b.name, at, len(b.sink.got()))
		}
	}
}

// A hook that panics, fails, never returns or is slow harms its own task alone:
// the neighbours move everything, the fault is told by its name, and no offset
// passes what was not delivered.
func TestHooksHarmTheirOwnTaskAlone(t *testing.T) {
	t.Parallel()
	hooks := map[string][]string{
		"source": {"Tasks", "Open", "Poll", "Committed", "Close", "transform", "converter", "Lag", "Gauges", "Snapshot"},
		"sink":   {"Open", "Put", "Flush", "Positions", "Close", "transform", "converter"},
	}
	for _, how := range []string{"panic", "error", "block", "slow"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && how == "block" {
				t.Skip("it waits for 18 seconds: make test does; TestConnectorThatHangs is its short form")
			}
			c := cluster(t)
			cfg, lb := config(t, c)
			cfg.CallTimeout = 3 * time.Second // longer than a busy machine lets a call wait
			good := &memory{}
			cfg.Sources = []Source{source(&lines{topic: "good", all: count(3000), batch: 10})}
			cfg.Sinks = []Sink{sinkOf(good, "good")}
			hang := make(chan struct{})
			t.Cleanup(func() { close(hang) })
			bad := map[string]*badOne{}
			for kind, hooks := range hooks {
				for _, hook := range hooks {
					b := &badOne{misbehaviour: &misbehaviour{hook: hook, how: how, hang: hang}, kind: kind, name: kind + "-" + hook}
					b.add(t, c, &cfg)
					bad[b.name] = b
				}
			}
			stats := runScraped(t, cfg)
			if got := good.got(); !slices.Equal(got, count(3000)()) {
				t.Errorf("the neighbours moved %d records", len(got))
			}
			for _, s := range stats {
				if b := bad[s.Connector]; b != nil {
					b.check(t, c, s, lb.String())
				} else if s.State != Stopped {
					t.Errorf("neighbour %+v", s)
				}
			}
			if how == "block" && strings.Count(lb.String(), "misbehaviour") < len(bad)-4 { // in all but Tasks and what tells figures
				t.Errorf("the log lacks stacks: %s", lb)
			}
		})
	}
}

// A task that was left behind does no more harm when its call comes back: it
// commits nothing, and its partitions are another's by then.
func TestHangingPutComesBack(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	fill(t, c, "in", count(10)()...)
	back, closed := make(chan struct{}), make(chan struct{})
	m := &memory{put: func(n int, _ []connect.Record) error {
		if n == 1 {
			<-back
		}
		return nil
	}, closed: closed}
	cfg, lb := config(t, c)
	cfg.CallTimeout = 500 * time.Millisecond
	cfg.Sinks = []Sink{sinkOf(m, "in")}
	if _, err := run(t, cfg); err == nil || !strings.Contains(err.Error(), "hangs in Put") {
		t.Fatalf("error %v", err)
	}
	cfg.CallTimeout = 0
	again := &memory{}
	cfg.Sinks[0].Connector = again
	if _, err := run(t, cfg); err != nil || !slices.Equal(again.got(), count(10)()) {
		t.Fatalf("%v: the next one got %d records", err, len(again.got()))
	}
	close(back)
	<-closed // by the goroutine that was left behind
	if len(m.got()) != 0 {
		t.Errorf("it flushed %v; log %s", m.got(), lb)
	}
	if at := committed(t, c, "connect-snk", "in", 0); at != 10 {
		t.Errorf("committed %d", at)
	}
}

// The partitions of a task that hangs go to the others, which put its records.
func TestPartitionsOfAHangingTaskGoToOthers(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.SeedTopics(2, "in"))
	all := count(20)()
	fillPartition(t, c, "in", 0, all[:10]...)
	fillPartition(t, c, "in", 1, all[10:]...)
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	var hung atomic.Bool
	m := &memory{put: func(_ int, batch []connect.Record) error {
		if batch[0].Value.Value.Str() == all[0] && hung.CompareAndSwap(false, true) {
			<-hang
		}
		return nil
	}}
	cfg, lb := config(t, c)
	cfg.CallTimeout = time.Second
	cfg.Sinks = []Sink{sinkOf(m, "in")}
	cfg.Sinks[0].Tasks = 2
	cfg.IdleExit = 0 // the other is idle until the group has heard of it
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	go func() {
		for len(m.got()) < len(all) && ctx.Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
	}()
	_, err := runUntil(t, ctx, cfg)
	if err == nil || !strings.Contains(err.Error(), "hangs in Put") {
		t.Fatalf("error %v", err)
	}
	got := m.got()
	slices.Sort(got)
	if !slices.Equal(got, all) {
		t.Errorf("got %v; log %s", got, lb)
	}
}

// A stop ends in its time though every hook hangs, with a watchdog or without.
func TestStopWithConnectorsThatHang(t *testing.T) {
	t.Parallel()
	for _, limit := range []time.Duration{0, time.Hour} {
		for _, hook := range []string{"Open", "Poll", "Put", "Flush", "Positions", "Committed", "transform", "converter"} {
			t.Run(fmt.Sprint(limit, hook), func(t *testing.T) {
				t.Parallel() // it waits
				m := &misbehaviour{hook: hook, how: "block", hang: make(chan struct{})}
				t.Cleanup(func() { close(m.hang) })
				c := cluster(t)
				cfg, _ := config(t, c)
				cfg.CallTimeout, cfg.StopTimeout, cfg.IdleExit = limit, 400*time.Millisecond, 0
				src := source(nil)
				src.Connector, src.Value, src.Steps = &badSource{m, lines{topic: "in", all: count(10)}}, m.converter(), m.step()
				snk := sinkOf(nil, "in")
				snk.Connector = &badSink{misbehaviour: m}
				cfg.Sources, cfg.Sinks = []Source{src}, []Sink{snk}
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				go func() {
					for m.done.Load() == 0 {
						time.Sleep(time.Millisecond)
					}
					cancel()
				}()
				if _, err := runUntil(t, ctx, cfg); err == nil && (hook == "Put" || hook == "Flush") {
					t.Error("nobody says that what was put is read again")
				}
			})
		}
	}
}
