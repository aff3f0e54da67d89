package runtime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/servertest"
)

// kept is a sink that keeps what it is given, under a name: a run copies the
// pipeline.
type kept struct{ Name string }

var keeps struct {
	mu   sync.Mutex
	recs map[string][]connect.Record
}

func (k kept) Open(context.Context, connect.SinkContext) (connect.SinkTask, error) { return k, nil }
func (k kept) Put(_ context.Context, batch []connect.Record) error {
	keeps.mu.Lock()
	defer keeps.mu.Unlock()
	if keeps.recs == nil {
		keeps.recs = map[string][]connect.Record{}
	}
	for _, r := range batch {
		r.Headers = slices.Clone(r.Headers)
		keeps.recs[k.Name] = append(keeps.recs[k.Name], r)
	}
	return nil
}
func (kept) Flush(context.Context) error { return nil }
func (kept) Close() error                { return nil }

func (k kept) records() []connect.Record {
	keeps.mu.Lock()
	defer keeps.mu.Unlock()
	return slices.Clone(keeps.recs[k.Name])
}

func (k kept) texts() []string {
	var out []string
	for _, r := range k.records() {
		out = append(out, r.Value.Value.Str())
	}
	return out
}

// refusing is a step that refuses texts.
type refusing struct {
	mu  sync.Mutex
	bad []string
}

func (s *refusing) set(bad ...string) { s.mu.Lock(); defer s.mu.Unlock(); s.bad = bad }

func (s *refusing) step() []Step {
	return []Step{{Do: connect.TransformFunc(func(r *connect.Record) (bool, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if slices.Contains(s.bad, r.Value.Value.Str()) {
			return false, errors.New("refused\nby the test")
		}
		return true, nil
	})}}
}

// replayLab is a broker with records and a pipeline.
type replayLab struct {
	t       *testing.T
	brokers []string
	in, dlq string
	p       Pipeline
	sink    kept
	step    *refusing
	cl      *kgo.Client
}

func newReplayLab(t *testing.T, brokers []string) *replayLab {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.AllowAutoTopicCreation(), kgo.UnknownTopicRetries(-1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	in := servertest.Unique("in")
	if _, err := kadm.NewClient(cl).CreateTopic(t.Context(), 1, 1, nil, in); err != nil {
		t.Fatal(err)
	}
	l := &replayLab{t: t, brokers: brokers, in: in, dlq: servertest.Unique("dlq"), sink: kept{servertest.Unique("sink")}, step: &refusing{}, cl: cl}
	l.p = Pipeline{
		Name: "replays", Kafka: kafka.Cluster{Brokers: brokers},
		Worker: Worker{OffsetStorageTopic: servertest.Unique("offsets"), OffsetStoragePartitions: 1},
		Sinks: []Sink{{
			Name: l.in, Topics: []string{l.in}, Connector: l.sink, TasksMax: 3, KeyConverter: convert.ByteArray{}, ValueConverter: convert.String{},
			Transforms: l.step.step(), Errors: l.errors(true),
		}},
	}
	return l
}

func (l *replayLab) errors(headers bool) Errors {
	return Errors{Tolerance: "all", DeadLetterQueue: &DeadLetterQueue{TopicName: l.dlq, TopicReplicationFactor: 1, ContextHeadersEnable: headers}}
}

func (l *replayLab) fill(texts ...string) {
	l.t.Helper()
	for i, s := range texts {
		r := &kgo.Record{Topic: l.in, Key: []byte{0xff, byte(i)}, Value: []byte(s), Timestamp: time.UnixMilli(1700000000000 + int64(i)), Headers: []kgo.RecordHeader{{Key: "own", Value: []byte(s)}}}
		if err := l.cl.ProduceSync(context.Background(), r).FirstErr(); err != nil {
			l.t.Fatal(err)
		}
	}
}

func (l *replayLab) run() {
	l.t.Helper()
	if _, err := Run(l.ctx(), l.p, Options{IdleExit: 300 * time.Millisecond}); err != nil {
		l.t.Fatal(err)
	}
}

func (l *replayLab) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	l.t.Cleanup(cancel)
	return ctx
}

func (l *replayLab) replay(o ReplayOptions) ReplayReport {
	l.t.Helper()
	r, err := ReplayLetters(l.ctx(), l.p, o)
	if err != nil {
		l.t.Fatal(err)
	}
	return r
}

// topic is what a topic holds, n records.
func (l *replayLab) topic(name string, n int) []*kgo.Record {
	l.t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(l.brokers...), kgo.ConsumeTopics(name), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		l.t.Fatal(err)
	}
	defer cl.Close()
	var out []*kgo.Record
	for ctx := l.ctx(); len(out) < n && ctx.Err() == nil; {
		out = append(out, cl.PollFetches(ctx).Records()...)
	}
	if len(out) != n {
		l.t.Fatalf("topic %s holds %d records, want %d", name, len(out), n)
	}
	return out
}

func said(r *kgo.Record) map[string]string {
	m := map[string]string{}
	for _, h := range r.Headers {
		if _, twice := m[h.Key]; twice {
			m[h.Key] += " and "
		}
		m[h.Key] += string(h.Value)
	}
	return m
}

// A sink's letters come back as the records that they were; what fails again is
// in the queue once more, behind what the replay takes; the next one goes on.
func TestReplaySink(t *testing.T) {
	t.Parallel()
	for name, brokers := range map[string]func(*testing.T) []string{
		"fake": func(t *testing.T) []string { return []string{broker(t)} },
		"real": func(t *testing.T) []string { return []string{servertest.Kafka(t).Addr()} },
	} {
		t.Run(name, func(t *testing.T) {
			l := newReplayLab(t, brokers(t))
			l.fill("a", "b", "c", "d", "e", "f")
			l.step.set("b", "c", "e", "f")
			l.run()
			l.topic(l.dlq, 4)

			var list bytes.Buffer
			if r := l.replay(ReplayOptions{DryRun: true, List: &list}); r.Taken != 4 || strings.Count(list.String(), "\n") != 4 ||
				!strings.Contains(list.String(), "partition 0, offset 0: from topic "+l.in+", partition 0, offset 1, TRANSFORMATION: refused by the test\n") {
				t.Errorf("%+v\n%s", r, list.String())
			}
			l.step.set("c", "f")
			if r := l.replay(ReplayOptions{Limit: 1}); r.Taken != 1 || r.Delivered != 1 {
				t.Errorf("with a limit: %v", r)
			}
			if r := l.replay(ReplayOptions{Kind: "sink", Connector: l.in}); r.Taken != 3 || r.Delivered != 1 || r.Again != 2 {
				t.Errorf("%v", r)
			}
			l.judgeAgain()
			l.step.set()
			if r := l.replay(ReplayOptions{}); r.Taken != 2 || r.Delivered != 2 || r.Again != 0 {
				t.Errorf("%v", r)
			}
			if r := l.replay(ReplayOptions{}); r.Taken != 0 {
				t.Errorf("a replay of nothing: %v", r)
			}
			if got := l.sink.texts(); !slices.Equal(got, []string{"a", "d", "b", "e", "c", "f"}) {
				t.Errorf("the sink has %v", got)
			}
			l.judgeRecord(l.sink.records()[2], 1)
			l.judgeRecord(l.sink.records()[5], 5)
			if r := l.replay(ReplayOptions{From: "start"}); r.Taken != 6 {
				t.Errorf("from the start: %v", r)
			}
			if r := l.replay(ReplayOptions{From: "5"}); r.Taken != 1 {
				t.Errorf("from an offset: %v", r)
			}
			if r := l.replay(ReplayOptions{From: "2023-11-14T22:13:20.005Z"}); r.Taken != 3 { // f and, behind it, c and f again
				t.Errorf("from a time: %v", r)
			}
		})
	}
}

// judgeAgain looks at the letters that failed twice.
func (l *replayLab) judgeAgain() {
	l.t.Helper()
	for i, r := range l.topic(l.dlq, 6)[4:] {
		h, at := said(r), []string{"2", "5"}[i]
		for k, want := range map[string]string{
			"own": []string{"c", "f"}[i], "kcgen.replays": "1", "__connect.errors.topic": l.in, "__connect.errors.partition": "0", "__connect.errors.offset": at,
			"__connect.errors.connector.name": l.in, "__connect.errors.stage": "TRANSFORMATION",
		} {
			if h[k] != want {
				l.t.Errorf("letter %s: header %s = %q, want %q", at, k, h[k], want)
			}
		}
		if len(r.Headers) != 12 {
			l.t.Errorf("letter %s has %d headers", at, len(r.Headers))
		}
	}
}

// judgeRecord looks at a record that came out of the queue: it is what it was.
func (l *replayLab) judgeRecord(r connect.Record, at int64) {
	l.t.Helper()
	if r.Topic != l.in || r.Partition != 0 || r.Offset != at || r.Timestamp != 1700000000000+at || !bytes.Equal(r.Key.Value.Raw(), []byte{0xff, byte(at)}) || len(r.Headers) != 1 {
		l.t.Errorf("record %d came back as %+v", at, r)
	}
}

// What the command line says, and how it ends.
func TestReplayCommand(t *testing.T) {
	t.Parallel()
	addr := broker(t)
	env := []string{"KCGEN_TEST_BROKERS=" + addr, "KCGEN_TEST_TOPIC=t"}
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"replay-dlq", "-h"}, 0, "through the same chain again"},
		{[]string{"replay-dlq", "-sink", "a", "-source", "b"}, 2, "exclude each other"},
		{[]string{"replay-dlq", "-limit", "-1"}, 2, "-limit -1 is negative"},
		{[]string{"replay-dlq", "more"}, 2, "unexpected argument"},
		{[]string{"replay-dlq"}, 1, "has a dead letter queue"},
		{[]string{"help"}, 0, "replay-dlq"},
	} {
		cmd, out, errs := program(t, env, test.args...)
		if got := code(t, cmd); got != test.code || !strings.Contains(out.String()+errs.String(), test.says) {
			t.Errorf("%v: exit code %d\n%s%s", test.args, got, out, errs)
		}
	}
}

var pointSchema = connect.NewStruct().Name("point").Field("x", connect.Int64Schema).Field("when", connect.TimestampSchema).MustBuild()

func point(x int64) connect.Datum {
	when := connect.Instant(time.UnixMilli(1700000000000))
	st := &connect.Struct{Schema: pointSchema, Slots: []connect.Value{connect.Int64(x), when}}
	return connect.Datum{Schema: pointSchema, Value: st.Value()}
}

// texts is a source of two texts, bytes, numbers, null and data of a schema.
type texts struct{ topic string }

type textsTask struct {
	texts
	done bool
}

func (s texts) Tasks(context.Context, int) ([]connect.SourceTask, error) {
	return []connect.SourceTask{&textsTask{texts: s}}, nil
}

func (t *textsTask) Open(_ context.Context, tc connect.SourceContext) error {
	t.done = tc.Offsets.Offset(connect.Partition("f", "texts")) != nil
	return nil
}

func (t *textsTask) Poll(ctx context.Context, b *connect.Batch) error {
	if t.done {
		time.Sleep(10 * time.Millisecond)
		return nil
	}
	t.done = true
	for _, d := range []connect.Datum{
		{Value: connect.String("one")}, {Schema: connect.StringSchema, Value: connect.String("two")}, {Schema: connect.OptionalBytesSchema, Value: connect.Bytes([]byte{1, 0xff})},
		{Value: connect.Int64(42)}, {Schema: connect.Int32Schema, Value: connect.Int32(7)}, {}, point(3),
	} {
		r := b.Add()
		r.Topic, r.Key, r.Value = t.topic, connect.Datum{Value: connect.String("k")}, d
		r.Headers = append(r.Headers, connect.Header{Key: "own", Datum: connect.Datum{Value: connect.String("h")}})
	}
	b.Mark(connect.Partition("f", "texts"), connect.SourceOffset{"done": int64(1)})
	return nil
}

func (t *textsTask) Close() error { return nil }

// A source's letters go through its chain again where the letter holds what the
// record was; the others are counted and said.
func TestReplaySource(t *testing.T) {
	t.Parallel()
	l := newReplayLab(t, []string{broker(t)})
	broken, still := true, true
	l.p.Sinks = nil
	out := servertest.Unique("out")
	l.p.Sources = []Source{{
		Name: "src", Connector: texts{out}, TasksMax: 1, KeyConverter: convert.String{}, ValueConverter: convert.JSON{SchemasEnable: true},
		Transforms: []Step{{Do: connect.TransformFunc(func(r *connect.Record) (bool, error) {
			if broken || still && r.Value.Schema == connect.StringSchema {
				return false, errors.New("refused by the test")
			}
			return true, nil
		})}},
		Errors: l.errors(true),
	}}
	l.run()
	if got := said(l.topic(l.dlq, 7)[1]); got["kcgen.value"] != "STRING" || got["__connect.errors.partition"] != `{"f":"texts"}` || got["__connect.errors.offset"] != `{"done":1}` {
		t.Errorf("headers %v", got)
	}
	broken = false
	if r := l.replay(ReplayOptions{Kind: "source"}); r.Taken != 7 || r.Delivered != 6 || r.Again != 1 || r.Impossible != 0 {
		t.Errorf("%v", r)
	}
	letter := said(l.topic(l.dlq, 8)[7])
	if letter["kcgen.replays"] != "1" || letter["__connect.errors.connector.name"] != "src" || letter["own"] != "h" || letter["kcgen.value"] != "STRING" {
		t.Errorf("headers %v", letter)
	}
	still = false
	if r := l.replay(ReplayOptions{}); r.Taken != 1 || r.Delivered != 1 {
		t.Errorf("%v", r)
	}
	if r := l.replay(ReplayOptions{}); r.Taken != 0 {
		t.Errorf("%v", r)
	}
	var got []string
	for _, r := range l.topic(out, 7) {
		got = append(got, fmt.Sprintf("%s=%s", r.Key, r.Value))
		if h := said(r); len(h) != 1 || h["own"] != "h" {
			t.Errorf("headers %v", h)
		}
	}
	want := []string{
		`k={"schema":null,"payload":"one"}`, `k={"schema":{"type":"bytes","optional":true},"payload":"Af8="}`,
		`k={"schema":null,"payload":42}`, `k={"schema":{"type":"int32","optional":false},"payload":7}`, `k=`,
		`k={"schema":{"type":"struct","fields":[{"type":"int64","optional":false,"field":"x"},{"type":"int64","optional":false,"name":"org.apache.kafka.connect.data.Timestamp","version":1,"field":"when"}],"optional":false,"name":"point"},"payload":{"x":3,"when":1700000000000}}`,
		`k={"schema":{"type":"string","optional":false},"payload":"two"}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

// A source's letters without headers cannot be read again: that is said, and they
// stay in the queue.
func TestReplaySourceWithoutHeaders(t *testing.T) {
	t.Parallel()
	l := newReplayLab(t, []string{broker(t)})
	l.p.Sinks = nil
	l.step.set("one")
	l.p.Sources = []Source{{
		Name: "src", Connector: texts{servertest.Unique("out")}, TasksMax: 1, KeyConverter: convert.String{}, ValueConverter: convert.JSON{},
		Transforms: l.step.step(), Errors: l.errors(false),
	}}
	l.run()
	var log bytes.Buffer
	r := l.replay(ReplayOptions{Topic: "out", Log: slog.New(slog.NewTextHandler(&log, nil))})
	if r.Taken != 1 || r.Impossible != 1 || !strings.Contains(log.String(), "does not say what it holds") {
		t.Errorf("%v\n%s", r, log.String())
	}
}

// Letters of others are passed over; those that do not say where they are from
// need a topic; and what cannot be told apart is refused.
func TestReplayTellsLettersApart(t *testing.T) {
	t.Parallel()
	l := newReplayLab(t, []string{broker(t)})
	other := l.p.Sinks[0]
	other.Name, other.Topics, other.Connector = "other", []string{l.in}, kept{"other"}
	l.p.Sinks = append(l.p.Sinks, other)
	l.fill("a", "b")
	l.step.set("b")
	l.run()
	if _, err := ReplayLetters(l.ctx(), l.p, ReplayOptions{}); err == nil || !strings.Contains(err.Error(), "say which: -sink "+l.in+" or -sink other") {
		t.Errorf("error %v", err)
	}
	l.step.set()
	if r := l.replay(ReplayOptions{Connector: "other"}); r.Delivered != 1 || r.Others != 1 {
		t.Errorf("%v", r)
	}
	for i := range l.p.Sinks {
		l.p.Sinks[i].Errors = l.errors(false)
	}
	if _, err := ReplayLetters(l.ctx(), l.p, ReplayOptions{Connector: "other"}); err == nil || !strings.Contains(err.Error(), "whose a letter is") {
		t.Errorf("error %v", err)
	}
	if _, err := ReplayLetters(l.ctx(), l.p, ReplayOptions{Connector: "nobody"}); err == nil || !strings.Contains(err.Error(), "no connector that is meant") {
		t.Errorf("error %v", err)
	}
	if _, err := ReplayLetters(l.ctx(), l.p, ReplayOptions{Connector: "other", From: "yesterday"}); err == nil {
		t.Error("no error for a place that is none")
	}
}

// Letters without headers are those of the sink's one topic, or of -topic.
func TestReplayWithoutHeaders(t *testing.T) {
	t.Parallel()
	l := newReplayLab(t, []string{broker(t)})
	l.p.Sinks[0].Errors = l.errors(false)
	l.fill("a", "b")
	l.step.set("b")
	l.run()
	l.p.Sinks[0].Topics, l.p.Sinks[0].TopicsRegex = nil, l.in+".*"
	if _, err := ReplayLetters(l.ctx(), l.p, ReplayOptions{}); err == nil || !strings.Contains(err.Error(), "say so with -topic") {
		t.Errorf("error %v", err)
	}
	if r := l.replay(ReplayOptions{Topic: l.in}); r.Again != 1 || said(l.topic(l.dlq, 2)[1])["kcgen.replays"] != "1" {
		t.Errorf("%v", r)
	}
	l.step.set()
	if r := l.replay(ReplayOptions{Topic: l.in}); r.Delivered != 1 || l.sink.records()[1].Topic != l.in {
		t.Errorf("%v", r)
	}
}
