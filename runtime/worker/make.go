package worker

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/offset"
)

// make makes a task, with clients of its own.
func (w *Worker) make(stop context.Context, s *slot, a about) (runner, error) {
	if s.sink != nil {
		return w.newSink(stop, s.sink, a)
	}
	plug, err := w.plug(stop, s)
	if err != nil {
		return nil, err
	}
	t, err := w.newSource(stop, s.source, a, plug)
	if err != nil {
		return nil, err
	}
	t.renew = func(ctx context.Context) (connect.SourceTask, error) { return w.plug(ctx, s) }
	go t.writer.Warm(stop)
	return t, nil
}

// plug is the connector's own task: that of the first split, or of a new one,
// since a connector's task is opened once.
func (w *Worker) plug(stop context.Context, s *slot) (connect.SourceTask, error) {
	w.mu.Lock()
	plug := s.plug
	s.plug = nil
	w.mu.Unlock()
	if plug != nil {
		return plug, nil
	}
	plugs, err := w.split(stop, s.source)
	if err != nil {
		return nil, err
	}
	if s.of > 0 && len(plugs) != s.of || s.id.Task >= len(plugs) {
		return nil, fmt.Errorf("it gave %d tasks before and gives %d now: restart the program", max(s.of, 1), len(plugs))
	}
	return plugs[s.id.Task], nil
}

func (s *Source) chain() chain.Config {
	return chain.Config{Steps: s.Steps, Key: s.Key, Value: s.Value, Header: s.Header}
}

func (s *Sink) chain() chain.Config {
	return chain.Config{Steps: s.Steps, Key: s.Key, Value: s.Value, Header: s.Header, Sink: s.Connector}
}

// fused is the sink's function for one task; nil where it has none.
func (s *Sink) fused() (*fuse.Opened, error) {
	if s.Fused.Do == nil {
		return nil, nil
	}
	var steps []connect.Transform
	for _, step := range s.Steps {
		steps = append(steps, step.Do)
	}
	return s.Fused.Open(steps)
}

// split asks a source for its tasks.
func (w *Worker) split(ctx context.Context, s *Source) (tasks []connect.SourceTask, err error) {
	most := max(s.MaxTasks, 1)
	var got []connect.SourceTask
	err = within(ctx, w.cfg.CallTimeout, hookTasks, func() (err error) { got, err = s.Connector.Tasks(ctx, most); return err })
	if err != nil {
		return nil, err // got may yet be written
	}
	tasks = got
	if len(tasks) == 0 || len(tasks) > most {
		return nil, fmt.Errorf("it gave %d tasks, where 1 to %d are allowed", len(tasks), most)
	}
	return tasks, nil
}

// openChain opens a chain, whose transforms and converters may be anybody's.
func openChain(stop context.Context, limit time.Duration, cfg chain.Config) (*chain.Chain, error) {
	var c *chain.Chain
	err := within(stop, limit, hookOpen, func() (err error) { c, err = chain.Open(cfg); return err })
	if err != nil {
		return nil, err // c may yet be written
	}
	return c, nil
}

func (w *Worker) newSource(stop context.Context, s *Source, a about, plug connect.SourceTask) (*sourceTask, error) {
	t := &sourceTask{
		cfg: s, plug: plug, conn: w.conn, every: w.cfg.FlushInterval, slow: w.cfg.FlushTimeout,
		tracker: offset.NewTracker(), landed: make(chan struct{}, 1), topics: map[string]topicLimit{},
		store: w.store, offsets: w.offsets, shared: w.cfg.Shared,
		touched: func() []string { return w.touched(s) },
	}
	t.init(a)
	var err error
	if t.rules, err = s.Topics.compile(); err != nil {
		return nil, err
	}
	if t.chain, err = openChain(stop, w.cfg.CallTimeout, s.chain()); err != nil {
		return nil, err
	}
	if s.Fused != nil {
		t.fuse = fuse.NewTask(&t.buf, t.chain.Key, t.chain.Value)
	}
	clientID := w.conn.ClientID("producer", s.Name, a.id)
	if s.ExactlyOnce != nil {
		return t, t.newTransaction(clientID)
	}
	if t.writer, err = w.conn.Writer(s.Producer, clientID); err != nil {
		return nil, err
	}
	return t, nil
}

// Group is the sink's consumer group.
func (s *Sink) Group() string { return cmp.Or(s.Consumer.GroupID, "connect-"+s.Name) }

// Subscription is what the sink's tasks read. Their dead letters are not theirs
// to read.
func (s *Sink) Subscription() kafka.Subscription {
	sub := kafka.Subscription{Group: s.Group(), Topics: s.Topics, Regex: s.Regex}
	if dl := s.Errors.DeadLetters; dl != nil && s.Errors.Tolerate {
		sub.Exclude = []string{dl.Topic}
	}
	return sub
}

func (w *Worker) newSink(stop context.Context, s *Sink, a about) (*sinkTask, error) {
	t := &sinkTask{
		cfg: s, conn: w.conn, every: w.cfg.FlushInterval, slow: w.cfg.FlushTimeout, most: s.Consumer.MaxPollRecords,
		position: map[kafka.Partition]kafka.Position{}, taken: map[kafka.Partition]bool{},
		topics: map[string]bool{},
	}
	t.init(a)
	if t.most <= 0 {
		t.most = kafka.DefaultMaxPollRecords
	}
	var err error
	if t.chain, err = openChain(stop, w.cfg.CallTimeout, s.chain()); err != nil {
		return nil, err
	}
	t.chain.Project() // letters are of the bytes that came
	if t.fused, err = s.fused(); err != nil {
		return nil, err
	}
	sub := s.Subscription()
	sub.Assigned, sub.Revoked, sub.Lost, sub.From = t.assigned, t.revoked, t.lost, t.from
	if s.From != nil {
		sub.From = kafka.Once(s.From)
	}
	if len(sub.Exclude) > 0 { // there is a dead letter queue
		if t.dlq, err = w.conn.Writer(s.Producer, w.conn.ClientID("dlq-producer", s.Name, a.id)); err != nil {
			return nil, err
		}
	}
	t.sub = sub
	t.reader, err = w.conn.Reader(s.Consumer, w.conn.ClientID("consumer", s.Name, a.id), sub)
	return t, err
}
