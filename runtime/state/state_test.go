package state

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"

	"kcgen.dev/runtime/kafka"
)

var quiet = slog.New(slog.DiscardHandler)

// recorded are the records of a topic that Kafka Connect 4.3.1 wrote.
func recorded(t *testing.T, file string) []kafka.Entry {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	field := regexp.MustCompile(`(?m)^p=(\d+) o=(\d+) ts=(\d+) k\((\d+)\)=`)
	var out []kafka.Entry
	for _, m := range field.FindAllSubmatchIndex(text, -1) {
		n := func(i int) int64 {
			v, _ := strconv.ParseInt(string(text[m[2*i]:m[2*i+1]]), 10, 64)
			return v
		}
		rest := text[m[1]:]
		e := kafka.Entry{Partition: int32(n(1)), Offset: n(2), Timestamp: n(3), Key: rest[:n(4)]}
		var size int
		if _, err := fmt.Sscanf(string(rest[n(4):]), " v(%d)=", &size); err != nil {
			t.Fatalf("%s: record %+v: %v", file, e, err)
		}
		if size >= 0 {
			rest = rest[bytes.IndexByte(rest[n(4):], '=')+int(n(4))+1:]
			e.Value = rest[:size]
		}
		out = append(out, e)
	}
	return out
}

func TestConfigReadsConnects(t *testing.T) {
	var log bytes.Buffer
	told := newRecorder()
	c := NewConfig(told.requests())
	c.skipped.log = slog.New(slog.NewTextHandler(&log, nil))
	for _, e := range recorded(t, "connect-configs.txt") {
		c.read(e)
	}
	if log.Len() > 0 {
		t.Errorf("the log says %s", &log)
	}
	for _, want := range []string{"src-st STOPPED", "src-pa PAUSED", "src PAUSED", "src STOPPED", "src STARTED", "restart src true false"} {
		if !slices.Contains(told.lines, want) {
			t.Errorf("%q was not told", want)
		}
	}
}

// What is written is what Kafka Connect wrote for the same requests.
func TestConfigWritesConnectsBytes(t *testing.T) {
	values := map[string]string{} // the last of each kind, by key
	for _, e := range recorded(t, "connect-configs.txt") {
		values[string(e.Key)+"="+string(e.Value)] = ""
	}
	for _, want := range []struct {
		key   string
		value any
	}{
		{"target-state-src-st", targetOf(Stopped)},
		{"target-state-src-pa", targetOf(Paused)},
		{"target-state-src", targetOf(Started)},
		{"restart-connector-src", restartValue{IncludeTasks: true}},
	} {
		if _, ok := values[want.key+"="+string(encode(want.value))]; !ok {
			t.Errorf("Kafka Connect did not write %s=%s", want.key, encode(want.value))
		}
	}
}

func TestStatusesReadConnects(t *testing.T) {
	var log bytes.Buffer
	s := NewStatuses()
	s.skipped.log = slog.New(slog.NewTextHandler(&log, nil))
	bytesOf := 0
	for _, e := range recorded(t, "connect-status.txt") {
		s.read(e)
		if bytes.Contains(e.Value, []byte(`"version":null`)) { // as we write it
			name := strings.TrimPrefix(string(e.Key), connectorKey)
			got, ok := s.Connector(name)
			if id, err := parseTask(strings.TrimPrefix(string(e.Key), taskKey)); strings.HasPrefix(string(e.Key), taskKey) && err == nil {
				got, ok = s.Task(id)
			}
			if !ok {
				t.Fatalf("%s is not known", e.Key)
			}
			if e.Value != nil && string(statusBytes(got)) == string(e.Value) {
				bytesOf++
			}
		}
	}
	if log.Len() > 0 || bytesOf < 10 {
		t.Errorf("%d statuses were written back as they were read; the log says %s", bytesOf, &log)
	}
}

func statusBytes(st Status) []byte {
	v := statusValue{State: st.Phase, Worker: st.Worker, Generation: st.Generation}
	if st.Trace != "" {
		v.Trace = &st.Trace
	}
	return encode(v)
}

func TestSkipsWhatIsNotConnects(t *testing.T) {
	var log bytes.Buffer
	told := 0
	c := NewConfig(Requests{
		Target:  func(string, Target) { told++ },
		Restart: func(Restart) { told++ }, RestartTask: func(TaskID) { told++ }, Level: func(string, string) { told++ },
	})
	s := NewStatuses()
	c.skipped.log = slog.New(slog.NewTextHandler(&log, nil))
	s.skipped.log = c.skipped.log
	bad := []string{"", "{", "[]", "1", `"x"`, `{}`, `{"state":1}`, `{"state":"ASLEEP"}`, `{"state":"RUNNING"}`, `{"state.v2":"GONE","state":"STARTED"}`,
		`{"state":"RUNNING","worker_id":"w","generation":"x"}`, `{"state":"RUNNING","worker_id":"w","generation":99999999999}`, `{"include-tasks":7}`, `{"level":7}`, strings.Repeat("[", 100000)}
	for _, v := range bad {
		for _, k := range []string{"target-state-c", "nonsense", "restart-task-c", "restart-task-c-x", "restart-task--0"} {
			if k == "restart-task-c" && v == "" {
				continue
			}
			c.read(kafka.Entry{Key: []byte(k), Value: []byte(v)})
		}
		for _, k := range []string{"status-connector-c", "status-task-c-0", "status-task-c", "status-topic-t", "status-topic-:connector-c", "x"} {
			s.read(kafka.Entry{Key: []byte(k), Value: []byte(v)})
		}
	}
	c.read(kafka.Entry{})
	s.read(kafka.Entry{})
	if told > 0 || c.Skipped() == 0 || s.Skipped() == 0 {
		t.Errorf("%d requests were told; %d and %d records skipped", told, c.Skipped(), s.Skipped())
	}
	if n := strings.Count(log.String(), "\n"); n != 2 {
		t.Errorf("%d lines in the log, want one each:\n%s", n, &log)
	}
	if _, ok := s.Connector("c"); ok || c.Target("c") != Started {
		t.Error("something was taken from it")
	}
}

// Statuses of instances that the group went on without do not replace newer
// ones (KAFKA-9472, R38).
func TestStatusesOfZombies(t *testing.T) {
	id := TaskID{"c", 0}
	at := func(p Phase, worker string, generation int) Status {
		return Status{Phase: p, Worker: worker, Generation: generation}
	}
	for _, test := range []struct {
		name   string
		said   []Status
		joined int // after all was said; 0 is not
		then   []Status
		want   Status
	}{
		{"in order", []Status{at(Running, "a", 1), at(Unassigned, "a", 1), at(Running, "b", 2)}, 0, nil, at(Running, "b", 2)},
		{"given up late", []Status{at(Running, "a", 1), at(Running, "b", 2), at(Unassigned, "a", 1)}, 0, nil, at(Running, "b", 2)},
		{"given up late in one generation", []Status{at(Running, "b", 2), at(Unassigned, "a", 2)}, 0, nil, at(Running, "b", 2)},
		{"given up", []Status{at(Running, "a", 2), at(Unassigned, "a", 2)}, 0, nil, at(Unassigned, "a", 2)},
		{"a zombie failed", []Status{at(Running, "b", 7), at(Failed, "a", 6)}, 9, nil, at(Running, "b", 7)},
		{"a zombie runs on", []Status{at(PausedPhase, "b", 7), at(Running, "a", 6)}, 7, nil, at(PausedPhase, "b", 7)},
		{"a group that begins anew", []Status{at(Running, "a", 57), at(Running, "b", 1)}, 2, nil, at(Running, "b", 1)},
		{"and goes on", []Status{at(Running, "a", 57)}, 2, []Status{at(Unassigned, "b", 2), at(Running, "c", 3), at(Failed, "b", 2)}, at(Running, "c", 3)},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := NewStatuses()
			say := func(list []Status) {
				for _, st := range list {
					s.read(kafka.Entry{Key: []byte("status-task-c-0"), Value: statusBytes(st)})
				}
			}
			say(test.said)
			if test.joined > 0 {
				s.Joined(test.joined)
			}
			say(test.then)
			if got, _ := s.Task(id); got != test.want {
				t.Errorf("it is %+v, want %+v", got, test.want)
			}
		})
	}
	s := NewStatuses()
	s.PutTask(id, at(Running, "b", 2))
	s.PutTask(id, at(Failed, "a", 1)) // it would not even write that
	if got, _ := s.Task(id); got != at(Running, "b", 2) {
		t.Errorf("a zombie wrote %+v", got)
	}
	s.PutTask(id, Status{Phase: DestroyedTask, Worker: "b", Generation: 3})
	if _, ok := s.Task(id); ok || len(s.Tasks("c")) > 0 {
		t.Error("a status that was taken away is there")
	}
}

// twins runs a test in memory, and on a topic that two instances share.
func twins(t *testing.T, test func(t *testing.T, open func(Requests) (*Config, *Statuses), shared bool)) {
	t.Run("alone", func(t *testing.T) {
		test(t, func(on Requests) (*Config, *Statuses) { return NewConfig(on), NewStatuses() }, false)
	})
	t.Run("shared", func(t *testing.T) {
		cl, err := kfake.NewCluster(kfake.NumBrokers(2))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(cl.Close)
		test(t, func(on Requests) (*Config, *Statuses) { return open(t, cl, on) }, true)
	})
}

func open(t *testing.T, cl *kfake.Cluster, on Requests) (*Config, *Statuses) {
	t.Helper()
	conn := connect(t, cl)
	c, err := OpenConfig(within(t), t.Context(), conn, kafka.NewTopic{Name: "configs", ReplicationFactor: 1}, quiet, on)
	if err != nil {
		t.Fatal(err)
	}
	s, err := OpenStatuses(within(t), t.Context(), conn, kafka.NewTopic{Name: "statuses", Partitions: 3, ReplicationFactor: 1}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, run := range []func(context.Context) error{c.Run, s.Run} {
		wg.Go(func() {
			if err := run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() { stop(); wg.Wait() })
	return c, s
}

func connect(t *testing.T, cl *kfake.Cluster) *kafka.Conn {
	t.Helper()
	conn, err := kafka.Connect(kafka.Cluster{Brokers: cl.ListenAddrs()}, kafka.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// recorder writes down what it is told.
type recorder struct {
	mu    sync.Mutex
	lines []string
	more  chan struct{}
}

func newRecorder() *recorder { return &recorder{more: make(chan struct{}, 1)} }

func (r *recorder) say(format string, args ...any) {
	r.mu.Lock()
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
	r.mu.Unlock()
	select {
	case r.more <- struct{}{}:
	default:
	}
}

func (r *recorder) requests() Requests {
	return Requests{
		Target:      func(c string, t Target) { r.say("%s %s", c, t) },
		Restart:     func(q Restart) { r.say("restart %s %v %v", q.Connector, q.IncludeTasks, q.OnlyFailed) },
		RestartTask: func(id TaskID) { r.say("restart %s", id) },
		Level:       func(l, v string) { r.say("%s=%s", l, v) },
	}
}

func (r *recorder) await(t *testing.T, want ...string) {
	t.Helper()
	ctx := within(t)
	for {
		r.mu.Lock()
		got := slices.Clone(r.lines)
		r.mu.Unlock()
		if len(got) >= len(want) {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatal(diff)
			}
			return
		}
		select {
		case <-r.more:
		case <-ctx.Done():
			t.Fatalf("told %q, want %q", got, want)
		}
	}
}

func TestConfig(t *testing.T) {
	twins(t, func(t *testing.T, open func(Requests) (*Config, *Statuses), shared bool) {
		one, two := newRecorder(), newRecorder()
		a, _ := open(one.requests())
		all := []*recorder{one}
		if shared {
			open(two.requests())
			all = append(all, two)
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(a.SetTarget(within(t), "c-1", Stopped))
		if got := a.Target("c-1"); got != Stopped {
			t.Errorf("after it was asked to stop: %s", got)
		}
		must(a.SetTarget(within(t), "c-1", Stopped)) // is no change
		must(a.RequestRestart(within(t), Restart{"c-1", true, false}))
		must(a.RequestRestart(within(t), Restart{"c-1", true, false}))
		must(a.RequestTaskRestart(within(t), TaskID{"c-1", 12}))
		must(a.SetTarget(within(t), "c-1", Paused))
		must(a.SetTarget(within(t), "c-1", Started))
		must(a.SetLevel(within(t), "worker", "DEBUG"))
		for _, r := range all {
			r.await(t, "c-1 STOPPED", "restart c-1 true false", "restart c-1 true false", "restart c-1-12", "c-1 PAUSED", "c-1 STARTED", "worker=DEBUG")
		}
		must(a.SetTarget(within(t), "d", Paused))
		if !shared {
			return
		}
		// Who comes later knows what is asked, and is not told of what was done.
		late := newRecorder()
		b, _ := open(late.requests())
		if diff := cmp.Diff(map[string]Target{"c-1": Started, "d": Paused}, b.Targets()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(map[string]string{"worker": "DEBUG"}, b.Levels()); diff != "" {
			t.Error(diff)
		}
		must(a.SetTarget(within(t), "d", Started))
		late.await(t, "d STARTED")
	})
}

func TestConfigTopicOfSeveralPartitions(t *testing.T) {
	cl, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	conn := connect(t, cl)
	for name, want := range map[string]string{"many": "has 3 partitions", "kept": "cleanup.policy=delete"} {
		spec := kafka.NewTopic{Name: name, Partitions: 3, ReplicationFactor: 1, Configs: map[string]string{"cleanup.policy": "compact"}}
		if name == "kept" {
			spec.Configs["cleanup.policy"] = "delete"
		}
		if err := conn.Create(within(t), spec); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenConfig(within(t), t.Context(), conn, kafka.NewTopic{Name: name}, quiet, Requests{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStatuses(t *testing.T) {
	twins(t, func(t *testing.T, open func(Requests) (*Config, *Statuses), shared bool) {
		_, a := open(Requests{})
		b := a
		if shared {
			_, b = open(Requests{})
		}
		id := TaskID{"c-1", 3}
		for i := range 100 { // the last one counts
			a.PutTask(id, Status{Phase: Running, Worker: "a:1", Generation: i})
		}
		a.PutTask(id, Status{Phase: Failed, Trace: "it <broke>\n\tat x", Worker: "a:1", Generation: 100})
		a.PutConnector("c-1", Status{Phase: Running, Worker: "a:1", Generation: 100})
		a.AddTopic(id, "t2")
		a.AddTopic(id, "t1")
		a.AddTopic(id, "t1")
		settle := func() {
			t.Helper()
			if err := a.Flush(within(t)); err != nil {
				t.Fatal(err)
			}
			if err := b.CatchUp(within(t)); err != nil {
				t.Fatal(err)
			}
		}
		settle()
		if got, _ := b.Task(id); got != (Status{Phase: Failed, Trace: "it <broke>\n\tat x", Worker: "a:1", Generation: 100}) {
			t.Errorf("the task is at %+v", got)
		}
		if got, ok := b.Connector("c-1"); !ok || got.Phase != Running {
			t.Errorf("the connector is at %+v", got)
		}
		if got := b.Topics("c-1"); !slices.Equal(got, []string{"t1", "t2"}) {
			t.Errorf("topics %v", got)
		}
		if err := a.CatchUp(within(t)); err != nil {
			t.Fatal(err)
		}
		a.ResetTopics("c-1")
		a.AddTopic(id, "t1")
		a.PutTask(id, Status{Phase: DestroyedTask, Worker: "a:1", Generation: 101})
		settle()
		if got := b.Topics("c-1"); !slices.Equal(got, []string{"t1"}) {
			t.Errorf("topics after they were reset: %v", got)
		}
		if len(b.Tasks("c-1")) != 0 || len(b.Topics("other")) != 0 {
			t.Error("a task that was taken away is there")
		}
	})
}

func FuzzRead(f *testing.F) {
	for _, k := range []string{"target-state-c", "restart-connector-c", "restart-task-c-0", "logger-cluster-x", "status-connector-c", "status-task-c-0", "status-topic-t:connector-c"} {
		f.Add(k, []byte(`{"state":"RUNNING","trace":null,"worker_id":"w","generation":1}`))
		f.Add(k, []byte(`{"state":"PAUSED","state.v2":"STOPPED"}`))
	}
	f.Fuzz(func(_ *testing.T, key string, value []byte) {
		e := kafka.Entry{Key: []byte(key), Value: value}
		NewConfig(Requests{}).read(e)
		s := NewStatuses()
		s.read(e)
		s.Joined(1)
		s.read(e)
	})
}
