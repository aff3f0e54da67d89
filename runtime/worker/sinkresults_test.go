package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// bulk is a sink whose target refuses single records: at once, from another
// goroutine before the flush ends, or (against the contract) later.
type bulk struct {
	mu      sync.Mutex
	durable []string
	refuse  func(value string) bool
	how     string // "put", "async", "flush", "late", "unknown", "outside"
	cause   error
	puts    int
	retry   int // the first puts that fail after having refused
}

type bulkTask struct {
	b       *bulk
	results connect.Results
	buf     []string
	waiting []connect.Ticket
	late    []connect.Ticket
	group   sync.WaitGroup
}

func (b *bulk) Open(_ context.Context, sc connect.SinkContext) (connect.SinkTask, error) {
	return &bulkTask{b: b, results: sc.Results}, nil
}

func (t *bulkTask) Put(_ context.Context, batch []connect.Record) error {
	cause := t.b.why()
	t.b.mu.Lock()
	t.b.puts++
	n := t.b.puts
	t.b.mu.Unlock()
	var taken []string
	for i := range batch {
		v := batch[i].Value.Value.Str()
		if !t.b.refuse(v) {
			taken = append(taken, v)
			continue
		}
		switch t.b.how {
		case "put":
			t.results.Refuse(t.results.Ticket(i), cause)
		case "async":
			k := t.results.Ticket(i)
			t.group.Go(func() { t.results.Refuse(k, cause); t.results.Refuse(k, cause) })
		case "flush":
			t.waiting = append(t.waiting, t.results.Ticket(i))
		case "late":
			t.late = append(t.late, t.results.Ticket(i))
		case "unknown":
			t.results.Refuse(12345, cause)
		case "outside":
			t.results.Refuse(t.results.Ticket(len(batch)), cause)
		}
	}
	if n <= t.b.retry {
		return connect.Retry(errors.New("the target is busy"))
	}
	t.buf = append(t.buf, taken...)
	return nil
}

func (t *bulkTask) Flush(context.Context) error {
	t.group.Wait()
	for _, k := range t.waiting {
		t.results.Refuse(k, t.b.why())
	}
	t.waiting = nil
	t.b.mu.Lock()
	t.b.durable = append(t.b.durable, t.buf...)
	t.b.mu.Unlock()
	t.buf = nil
	return nil
}

func (t *bulkTask) Close() error {
	for _, k := range t.late {
		t.results.Refuse(k, errors.New("too late"))
	}
	return nil
}

func (b *bulk) why() error {
	if b.cause == nil {
		return errors.New("mapping conflict")
	}
	return b.cause
}

// every refuses each nth line.
func every(n int) func(string) bool {
	return func(v string) bool {
		var i int
		_, _ = fmt.Sscanf(v, "LINE-%d", &i)
		return i%n == 0
	}
}

// shout changes a record so that it no longer looks as it came.
func shout(r *connect.Record) (bool, error) {
	r.Topic, r.Headers = "other", nil
	r.Value.Value = connect.String(strings.ToUpper(r.Value.Value.Str()))
	return true, nil
}

func bulkConfig(t *testing.T, b *bulk, n int) (Config, func() (letters []*kgo.Record, committedTo int64)) {
	c := cluster(t)
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.AllowAutoTopicCreation())
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	for i, v := range count(n)() {
		r := &kgo.Record{Topic: "in", Key: []byte{0xff, byte(i)}, Value: []byte(v), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte{0xfe, byte(i)}}}}
		if err := cl.ProduceSync(context.Background(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	cfg, _ := config(t, c)
	cfg.Sinks = []Sink{sinkOf(&memory{}, "in")}
	s := &cfg.Sinks[0]
	s.Connector = b
	s.Consumer.MaxPollRecords = 7
	s.Steps = []Step{{Do: connect.TransformFunc(shout)}}
	s.Errors = Errors{Tolerate: true, DeadLetters: &DeadLetters{Topic: "dlq", ReplicationFactor: 1, ContextHeaders: true}}
	return cfg, func() ([]*kgo.Record, int64) {
		n := int(end(t, c, "dlq"))
		var letters []*kgo.Record
		if n > 0 {
			letters = read(t, c, "dlq", n)
		}
		return letters, committed(t, c, "connect-snk", "in", 0)
	}
}

// What the target refuses is in the dead letter queue as it came, whenever the
// connector hears of it, and all else is in the target.
func TestSinkRefusesRecords(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"put", "async", "flush"} {
		t.Run(how, func(t *testing.T) {
			b := &bulk{how: how, refuse: every(5), retry: 2}
			cfg, after := bulkConfig(t, b, 40)
			cfg.Sinks[0].Errors.RetryMax = 1
			stats, err := run(t, cfg)
			if err != nil || stats[0].DeadLettered != 8 || stats[0].Records != 32 {
				t.Fatalf("%v %+v", err, stats)
			}
			letters, at := after()
			got := map[string]bool{}
			for _, l := range letters {
				i := int(l.Key[1])
				if string(l.Value) != count(40)()[i] || l.Key[0] != 0xff || string(l.Headers[0].Value) != string([]byte{0xfe, byte(i)}) {
					t.Errorf("the letter is not the record as it came: %q %q %v", l.Key, l.Value, l.Headers[0])
				}
				for name, want := range map[string]string{"topic": "in", "offset": fmt.Sprint(i), "stage": "TASK_PUT", "exception.message": "mapping conflict", "class.name": "kcgen.dev/runtime/worker.bulk"} {
					if v := headerOf(l, errHeader+name); v != want {
						t.Errorf("header %s = %q", name, v)
					}
				}
				got[strings.ToUpper(string(l.Value))] = true
			}
			if len(letters) != 8 || len(got) != 8 {
				t.Errorf("%d letters of %d records", len(letters), len(got))
			}
			for _, v := range b.durable {
				got[v] = true
			}
			if len(got) != 40 || len(b.durable) != 32 || at != 40 {
				t.Errorf("%d of 40 records are in the sink or in the queue, %d in the sink; committed %d", len(got), len(b.durable), at)
			}
		})
	}
}

func headerOf(r *kgo.Record, key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

// Where a refused record may not go to the queue, the task fails and no offset
// passes it.
func TestSinkRefusedRecordFailsTheTask(t *testing.T) {
	t.Parallel()
	only := func(v string) bool { return v == "LINE-000010" }
	for name, test := range map[string]struct {
		bulk   *bulk
		change func(*Errors)
		want   string
	}{
		"put":          {&bulk{how: "put"}, func(e *Errors) { *e = Errors{} }, "topic in, partition 0, offset 10: mapping conflict"},
		"async":        {&bulk{how: "async"}, func(e *Errors) { *e = Errors{} }, "topic in, partition 0, offset 10: mapping conflict"},
		"flush":        {&bulk{how: "flush"}, func(e *Errors) { *e = Errors{} }, "topic in, partition 0, offset 10: mapping conflict"},
		"fatal":        {&bulk{how: "put", cause: connect.Fatal(errors.New("wrong password"))}, nil, "wrong password"},
		"away":         {&bulk{how: "put", cause: connect.Unavailable(errors.New("no answer"))}, nil, "no answer"},
		"unknown":      {&bulk{how: "unknown"}, nil, "a record that it has no ticket for"},
		"not in batch": {&bulk{how: "outside"}, nil, "a record that it has no ticket for"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each waits for a group
			test.bulk.refuse = only
			cfg, after := bulkConfig(t, test.bulk, 30)
			if test.change != nil {
				test.change(&cfg.Sinks[0].Errors)
			}
			stats, err := run(t, cfg)
			if err == nil || !strings.Contains(err.Error(), test.want) || stats[0].State != Failed {
				t.Fatalf("%v %+v", err, stats)
			}
			if _, at := after(); at > 10 {
				t.Errorf("committed %d, past the record that is nowhere", at)
			}
		})
	}
}

// A word that comes behind the flush is too late to heed, and not swallowed.
func TestSinkRefusesTooLate(t *testing.T) {
	t.Parallel()
	cfg, _ := bulkConfig(t, &bulk{how: "late", refuse: every(5)}, 10)
	if _, err := run(t, cfg); err == nil || !strings.Contains(err.Error(), "called durable") {
		t.Fatalf("error %v", err)
	}
}

// The queue for refused records cannot be written: no offset passes them.
func TestSinkRefusesIntoAQueueThatIsTooSmall(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"put", "flush"} {
		b := &bulk{how: how, refuse: func(v string) bool { return v == "LINE-000003" }, cause: errors.New(strings.Repeat("x", 600))}
		cfg, after := bulkConfig(t, b, 10)
		cfg.Sinks[0].Producer.MaxRequestSize = 512
		_, err := run(t, cfg)
		if err == nil || !strings.Contains(err.Error(), "its limit is 512") {
			t.Fatalf("%s: %v", how, err)
		}
		if _, at := after(); at > 3 {
			t.Errorf("%s: committed %d", how, at)
		}
	}
}

// The books of tickets: what is held is bounded by what was put since the last
// flush, and is let go of with it.
func TestResultsKeepBooks(t *testing.T) {
	t.Parallel()
	task := &sinkTask{}
	task.failed = make(chan struct{})
	r := &task.results
	r.t = task
	a, b := kafka.Partition{Topic: "a"}, kafka.Partition{Topic: "b"}
	hold := func(p kafka.Partition) connect.Ticket {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.held == nil {
			r.held = map[connect.Ticket]original{}
		}
		r.last++
		o := original{from: p, value: []byte("12345")}
		r.held[r.last] = o
		r.bytes += o.size()
		return r.last
	}
	tickets := func() []connect.Ticket { return slices.Sorted(maps.Keys(r.held)) }

	one, two := hold(a), hold(b)
	r.begin()
	three := hold(a)
	r.Refuse(three, nil)
	r.end(true)
	if got, err := r.take(false); err != nil || len(got) != 0 || !slices.Equal(tickets(), []connect.Ticket{one, two}) {
		t.Errorf("after a put that failed: %v %v %v", got, err, tickets())
	}
	r.forget([]kafka.Partition{b})
	r.Refuse(two, errors.New("of a partition that is gone"))
	four := hold(a)
	r.Refuse(four, errors.New("x"))
	r.Refuse(one, errors.New("y"))
	got, err := r.take(true)
	if err != nil || len(got) != 2 || got[0].ticket != one || got[1].ticket != four {
		t.Errorf("refused %+v %v", got, err)
	}
	if len(r.held) != 0 || r.bytes != 0 || task.failure() != nil {
		t.Errorf("held %v, %d bytes, failure %v", tickets(), r.bytes, task.failure())
	}
	for range 3 {
		hold(a)
	}
	r.bytes = mostTicketBytes
	if !r.full() {
		t.Error("no flush is due though as much is held as may be")
	}
}
