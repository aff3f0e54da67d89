package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/worker"
)

// ReplayOptions say which letters of a dead letter queue are taken once more.
type ReplayOptions struct {
	Connector string    // a source's or a sink's name; "" where only one has a queue
	Kind      string    // "source", "sink" or ""
	From      string    // "" where the last replay ended; or start, an offset, or a time as 2006-01-02T15:04:05Z
	Topic     string    // of letters that do not say where they came from
	Limit     int       // 0 is all
	DryRun    bool      // list them
	List      io.Writer // for that

	Brokers      []string // instead of the pipeline's, where given
	StartTimeout *time.Duration
	Log          *slog.Logger
	Kafka        kafka.Options // for tests
}

// ReplayReport is what became of the letters.
type ReplayReport struct {
	Connector, Queue string
	Taken            int64 // read from the queue
	Delivered        int64 // to Kafka, or to the sink
	LeftOut          int64 // by a filter
	Again            int64 // failed again: they are back at the queue's end
	Impossible       int64 // that cannot be replayed, as the log says
	Others           int64 // other connectors'
}

// String is the report in a line.
func (r ReplayReport) String() string {
	parts := []string{fmt.Sprintf("%d delivered", r.Delivered)}
	for _, p := range []struct {
		n    int64
		text string
	}{{r.LeftOut, "left out by a filter"}, {r.Again, "failed again and are back in the queue (-dry-run lists why)"}, {r.Impossible, "cannot be replayed"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.text))
		}
	}
	s := fmt.Sprintf("%s: %d letters of %s: %s", r.Queue, r.Taken, r.Connector, strings.Join(parts, ", "))
	if r.Others > 0 {
		s += fmt.Sprintf("; %d of other connectors were passed over", r.Others)
	}
	return s
}

// idleReplay ends a replay whose queue ends in offsets without records.
const idleReplay = time.Second

// ReplayLetters takes the letters of a connector's dead letter queue through the
// same chain again: a sink's as the records that they were, through its
// converters, transforms and connector; a source's through its transforms and
// converters. It ends where the queue ended at the start. What fails again goes
// back to the queue behind that end, once. How far it has come is kept in the
// consumer group connect-<name>-replay.
func ReplayLetters(ctx context.Context, p Pipeline, o ReplayOptions) (ReplayReport, error) {
	p, err := p.only(&o)
	if err != nil {
		return ReplayReport{}, FaultError{err}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Kafka.Log == nil {
		o.Kafka.Log = o.Log
	}
	cfg, err := configure(&p, Options{Brokers: o.Brokers, IdleExit: idleReplay, StartTimeout: o.StartTimeout, Log: o.Log, Kafka: o.Kafka})
	if err != nil {
		return ReplayReport{}, err
	}
	r := replay{ReplayOptions: o, cfg: cfg, group: "connect-" + o.Connector + "-replay"}
	r.letters = r.deadLetters()
	if r.letters == nil {
		return ReplayReport{}, FaultError{fmt.Errorf("%s %s has no dead letter queue", o.Kind, o.Connector)}
	}
	return r.run(ctx)
}

// only leaves the connector that is meant: references of the others need not be
// set.
func (p Pipeline) only(o *ReplayOptions) (Pipeline, error) {
	type queue struct{ kind, name, topic string }
	var queues []queue
	shared := map[string]int{}
	add := func(kind, name string, e Errors) {
		if q := e.DeadLetterQueue; q != nil && e.Tolerance == "all" {
			shared[q.TopicName]++
			if (o.Kind == "" || o.Kind == kind) && (o.Connector == "" || o.Connector == name) {
				queues = append(queues, queue{kind, name, q.TopicName})
			}
		}
	}
	for _, s := range p.Sources {
		add("source", s.Name, s.Errors)
	}
	for _, s := range p.Sinks {
		add("sink", s.Name, s.Errors)
	}
	if len(queues) != 1 {
		var names []string
		for _, q := range queues {
			names = append(names, "-"+q.kind+" "+q.name)
		}
		if len(names) == 0 {
			return p, errors.New("replay-dlq: no connector that is meant has a dead letter queue")
		}
		return p, fmt.Errorf("several connectors have a dead letter queue; say which: %s", strings.Join(names, " or "))
	}
	q := queues[0]
	o.Connector, o.Kind = q.name, q.kind
	sources, sinks := p.Sources, p.Sinks
	p.Sources, p.Sinks = nil, nil
	for _, s := range sources {
		if q.kind == "source" && s.Name == q.name {
			p.Sources = append(p.Sources, s)
			return p, sharable(shared[q.topic], s.Errors)
		}
	}
	for _, s := range sinks {
		if q.kind == "sink" && s.Name == q.name {
			p.Sinks = append(p.Sinks, s)
			return p, sharable(shared[q.topic], s.Errors)
		}
	}
	return p, nil
}

// sharable: in a queue of several connectors only the headers say whose a letter
// is.
func sharable(n int, e Errors) error {
	if q := e.DeadLetterQueue; n > 1 && !q.ContextHeadersEnable {
		return fmt.Errorf("the dead letter queue %s is that of several connectors, and without contextHeadersEnable nobody knows whose a letter is", q.TopicName)
	}
	return nil
}

type replay struct {
	ReplayOptions
	cfg     worker.Config
	group   string
	letters *worker.DeadLetters
}

// deadLetters is the queue of the connector; nil where a reference has unset it.
func (r *replay) deadLetters() *worker.DeadLetters {
	if r.Kind == "source" {
		return r.cfg.Sources[0].Errors.DeadLetters
	}
	return r.cfg.Sinks[0].Errors.DeadLetters
}

func (r *replay) run(ctx context.Context) (ReplayReport, error) {
	report := ReplayReport{Connector: r.Connector, Queue: r.letters.Topic}
	w, from, err := r.look(ctx)
	if err != nil || w == nil {
		return report, err
	}
	if r.DryRun {
		err = r.list(ctx, w, from)
		report.Taken, report.Others = w.Taken.Load(), w.Others.Load()
		return report, err
	}
	if err := r.prepare(w, from); err != nil {
		return report, FaultError{err}
	}
	work, err := worker.New(r.cfg)
	if err != nil {
		return report, FaultError{err}
	}
	err = work.Run(ctx)
	for _, s := range work.Stats() {
		report.Delivered += int64(s.Records)
		report.LeftOut += int64(s.Dropped)
		report.Again += int64(s.DeadLettered)
	}
	report.Taken, report.Others, report.Impossible = w.Taken.Load(), w.Others.Load(), w.Impossible.Load()
	return report, err
}

// look asks where the queue begins and ends. It gives nil where nothing is left
// to replay.
func (r *replay) look(ctx context.Context) (*worker.Replay, map[kafka.Partition]int64, error) {
	conn, err := kafka.Connect(r.cfg.Cluster, r.cfg.Kafka)
	if err != nil {
		return nil, nil, FaultError{err}
	}
	defer conn.Close()
	if err := conn.Wait(ctx, r.cfg.StartTimeout); err != nil {
		return nil, nil, err
	}
	q, err := conn.Queue(ctx, r.letters.Topic, r.group)
	if err != nil {
		return nil, nil, err
	}
	if q.Members > 0 {
		return nil, nil, fmt.Errorf("replay-dlq: a replay for %s is running already: the group %s has a member", r.Connector, r.group)
	}
	begin, err := r.begin(ctx, conn, q)
	if err != nil {
		return nil, nil, err
	}
	w := &worker.Replay{Connector: r.Connector, Queue: r.letters.Topic, Ends: map[int32]int64{}, Limit: r.Limit, Topic: r.Topic}
	from := map[kafka.Partition]int64{}
	for p, end := range q.Ends {
		at := max(begin[p], q.Starts[p])
		from[kafka.Partition{Topic: r.letters.Topic, Partition: p}] = min(at, end)
		if at < end {
			w.Ends[p] = end
		}
	}
	if len(w.Ends) == 0 {
		return nil, nil, nil
	}
	return w, from, nil
}

// begin is where each partition of the queue is read from.
func (r *replay) begin(ctx context.Context, conn *kafka.Conn, q kafka.Queue) (map[int32]int64, error) {
	switch {
	case r.From == "":
		return q.Committed, nil
	case r.From == "start":
		return q.Starts, nil
	}
	if n, err := strconv.ParseInt(r.From, 10, 64); err == nil && n >= 0 {
		at := map[int32]int64{}
		for p := range q.Ends {
			at[p] = n
		}
		return at, nil
	}
	when, err := time.Parse(time.RFC3339, r.From)
	if err != nil {
		return nil, FaultError{fmt.Errorf("-from %q is neither start, nor an offset, nor a time such as 2026-01-31T15:04:05Z", r.From)}
	}
	if len(q.Ends) == 0 {
		return nil, nil
	}
	return conn.OffsetsAt(ctx, r.letters.Topic, when.UnixMilli())
}

func (r *replay) list(ctx context.Context, w *worker.Replay, from map[kafka.Partition]int64) error {
	l := worker.Letters{Cluster: r.cfg.Cluster, Kafka: r.cfg.Kafka, Consumer: kafka.Consumer{GroupID: r.group}, From: from, Replay: w}
	return l.List(ctx, func(l worker.Letter) {
		fmt.Fprintf(r.List, "%s", l.Queue)
		if l.From != "" {
			fmt.Fprintf(r.List, ": from %s, %s: %s", l.From, l.Stage, oneLine(l.Error))
		}
		if l.Replays > 0 {
			fmt.Fprintf(r.List, " (replayed %d times)", l.Replays)
		}
		fmt.Fprintln(r.List)
	})
}

// oneLine is a text for a list: no breaks and nothing that moves the cursor.
func oneLine(s string) string {
	const most = 300
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, s)
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// prepare makes the connector read its letters.
func (r *replay) prepare(w *worker.Replay, from map[kafka.Partition]int64) error {
	if r.Kind == "sink" {
		s := &r.cfg.Sinks[0]
		if w.Topic == "" && len(s.Topics) == 1 {
			w.Topic = s.Topics[0]
		}
		s.Topics, s.Regex, s.Tasks, s.Replay, s.From = []string{w.Queue}, "", 1, w, from
		s.Consumer.GroupID = r.group
		return nil
	}
	var err error
	if w.JSON, err = (convert.JSON{}).Open(connect.RoleValue); err != nil {
		return err
	}
	if w.Whole, err = (convert.JSON{SchemasEnable: true}).Open(connect.RoleValue); err != nil {
		return err
	}
	s := &r.cfg.Sources[0]
	s.Errors.DeadLetters.Connector = s.Name
	s.Name += "-replay" // its offsets are none of the connector's
	s.MaxTasks, s.Replay = 1, w
	s.Connector = worker.Letters{Cluster: r.cfg.Cluster, Kafka: r.cfg.Kafka, Consumer: kafka.Consumer{GroupID: r.group}, From: from, Replay: w}
	return nil
}
