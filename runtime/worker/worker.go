package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/offset"
)

// Worker runs the tasks of a Config, once.
type Worker struct {
	cfg  Config
	log  *slog.Logger
	conn *kafka.Conn

	mu    sync.Mutex
	tasks []runner
}

// runner is a source's or a sink's task.
type runner interface {
	run(stop, hard context.Context)
	close(context.Context) // of a task that was not run
	idleness() idleness
	idleStill(context.Context) bool
	stats() Stats
	fail(error)
	failure() error
}

// New checks the configuration. It does not talk to a broker.
func New(cfg Config) (*Worker, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Kafka.Log == nil {
		cfg.Kafka.Log = cfg.Log
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	conn, err := kafka.Connect(cfg.Cluster, cfg.Kafka)
	if err != nil {
		return nil, err
	}
	return &Worker{cfg: cfg, log: cfg.Log, conn: conn}, nil
}

// check refuses what the compiler could not see: names that came from
// references, and a sink that would read its own dead letters.
func (c *Config) check() error {
	var errs []error
	names := map[string]bool{}
	name := func(kind, n string) {
		if n == "" || names[n] {
			errs = append(errs, fmt.Errorf("%s %q: the name is empty or used twice", kind, n))
		}
		names[n] = true
	}
	letters := func(n string, e Errors) {
		if e.DeadLetters == nil {
			return
		}
		if err := kafka.CheckTopicName(e.DeadLetters.Topic); err != nil {
			errs = append(errs, fmt.Errorf("%s: errors.deadLetterQueue.topicName: %w", n, err))
		}
	}
	for _, s := range c.Sources {
		name("source", s.Name)
		letters("sources."+s.Name, s.Errors)
		if s.Connector == nil || s.Key == nil || s.Value == nil {
			errs = append(errs, fmt.Errorf("sources.%s: connector, keyConverter and valueConverter must be given", s.Name))
		}
	}
	for _, s := range c.Sinks {
		name("sink", s.Name)
		letters("sinks."+s.Name, s.Errors)
		if s.Connector == nil || s.Key == nil || s.Value == nil {
			errs = append(errs, fmt.Errorf("sinks.%s: connector, keyConverter and valueConverter must be given", s.Name))
		}
		if (len(s.Topics) == 0) == (s.Regex == "") {
			errs = append(errs, fmt.Errorf("sinks.%s: either topics or topicsRegex must be given", s.Name))
		}
		for _, t := range s.Topics {
			if err := kafka.CheckTopicName(t); err != nil {
				errs = append(errs, fmt.Errorf("sinks.%s.topics: %w", s.Name, err))
			}
			if s.Errors.DeadLetters != nil && t == s.Errors.DeadLetters.Topic {
				errs = append(errs, fmt.Errorf("sinks.%s: it would read its own dead letter queue %s for ever", s.Name, t))
			}
		}
	}
	if len(c.Sources)+len(c.Sinks) == 0 {
		errs = append(errs, errors.New("the pipeline has neither sources nor sinks"))
	}
	return errors.Join(errs...)
}

// Stats are the tasks' figures so far, in the order of the configuration. It
// may be called at any time from any goroutine.
func (w *Worker) Stats() []Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]Stats, len(w.tasks))
	for i, t := range w.tasks {
		out[i] = t.stats()
	}
	return out
}

// Run starts every task and returns when all have ended: because ctx did,
// because nothing happened for IdleExit, or because every one has failed. Then
// what is on its way is drained, flushed and committed, within StopTimeout. The
// error joins those of the failed tasks; it wraps [kafka.ErrUnreachable] where
// no broker answered at the start.
func (w *Worker) Run(ctx context.Context) error {
	stop, cancelStop := context.WithCancel(ctx)
	defer cancelStop()
	hard, cancelHard := w.budget(stop)
	defer cancelHard()
	defer w.conn.Close()

	tasks, err := w.prepare(stop, hard)
	if err != nil {
		w.abandon(hard)
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			return nil // stopped before it began
		}
		return err
	}
	var wg sync.WaitGroup
	for _, t := range tasks {
		wg.Go(func() { t.run(stop, hard) })
	}
	ended := make(chan struct{})
	go func() { wg.Wait(); close(ended) }()
	if w.cfg.IdleExit > 0 {
		go w.watchIdle(stop, tasks, cancelStop)
	}
	select {
	case <-ended:
	case <-hard.Done():
		<-afterwards(ended, w.cfg.StopTimeout/20) // the tasks see it too
	}
	var errs []error
	for _, t := range tasks {
		if s := t.stats(); s.State < Failed {
			t.fail(fmt.Errorf("connector %s, task %d: it did not end in the time for a stop; what it did since its last commit will be read again", s.Connector, s.Task))
		}
		errs = append(errs, t.failure())
	}
	return errors.Join(errs...)
}

// budget gives the context that ends StopTimeout after stop does: the end of
// everything that still waits for somebody.
func (w *Worker) budget(stop context.Context) (context.Context, context.CancelFunc) {
	hard, cancel := newLateContext(stop, w.cfg.StopTimeout*9/10) // the rest is for the process to end in
	return hard, cancel
}

// afterwards is closed with c, or after d.
func afterwards(c <-chan struct{}, d time.Duration) <-chan struct{} {
	out := make(chan struct{})
	go func() {
		defer close(out)
		select {
		case <-c:
		case <-time.After(d):
		}
	}()
	return out
}

func (w *Worker) watchIdle(stop context.Context, tasks []runner, exit func()) {
	tick := time.NewTicker(max(w.cfg.IdleExit/8, 5*time.Millisecond))
	defer tick.Stop()
	state := make([]idleness, len(tasks))
	for {
		select {
		case <-stop.Done():
			return
		case <-tick.C:
			for i, t := range tasks {
				state[i] = t.idleness()
			}
			if idle(state, w.cfg.IdleExit) && stillIdle(stop, tasks, state) {
				w.log.Info("nothing is left to do; stopping", "idle", w.cfg.IdleExit.String())
				exit()
				return
			}
		}
	}
}

// stillIdle asks the tasks that have not failed once more.
func stillIdle(ctx context.Context, tasks []runner, state []idleness) bool {
	for i, t := range tasks {
		if !state[i].ended && !t.idleStill(ctx) {
			return false
		}
	}
	return true
}

// prepare waits for a broker and makes the tasks, each connector beside the
// others.
func (w *Worker) prepare(stop, hard context.Context) ([]runner, error) {
	split := make([][]connect.SourceTask, len(w.cfg.Sources))
	splitErr := make([]error, len(w.cfg.Sources))
	var wg sync.WaitGroup
	for i := range w.cfg.Sources {
		wg.Go(func() { split[i], splitErr[i] = w.split(stop, &w.cfg.Sources[i]) })
	}
	if err := w.conn.Wait(stop, w.cfg.StartTimeout); err != nil {
		return nil, err
	}
	var store *offset.Store
	var offsets offset.Appender
	if len(w.cfg.Sources) > 0 {
		var err error
		if store, offsets, err = w.openOffsets(stop, hard); err != nil {
			return nil, err
		}
	}
	wg.Wait()
	for i := range w.cfg.Sources {
		s := &w.cfg.Sources[i]
		for id, plug := range split[i] {
			t, err := w.newSource(s, id, plug)
			if err != nil {
				return nil, fmt.Errorf("sources.%s: %w", s.Name, err)
			}
			t.store, t.offsets = store, offsets
			w.add(t)
			go t.writer.Warm(stop)
		}
		if splitErr[i] != nil {
			w.add(w.broken(s.Name, fmt.Errorf("connector %s: %w", s.Name, splitErr[i])))
		}
	}
	for i := range w.cfg.Sinks {
		s := &w.cfg.Sinks[i]
		for id := range max(s.Tasks, 1) {
			t, err := w.newSink(s, id)
			if err != nil {
				return nil, fmt.Errorf("sinks.%s: %w", s.Name, err)
			}
			w.add(t)
		}
	}
	return w.tasks, w.readyLetters(stop)
}

func (w *Worker) add(t runner) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tasks = append(w.tasks, t)
}

// abandon closes the clients of tasks that will not run.
func (w *Worker) abandon(ctx context.Context) {
	for _, t := range w.tasks {
		t.close(ctx)
	}
}

// split asks a source for its tasks.
func (w *Worker) split(ctx context.Context, s *Source) (tasks []connect.SourceTask, err error) {
	most := max(s.MaxTasks, 1)
	err = guard(func() (err error) { tasks, err = s.Connector.Tasks(ctx, most); return err })
	if err == nil && (len(tasks) == 0 || len(tasks) > most) {
		return nil, fmt.Errorf("it gave %d tasks, where 1 to %d are allowed", len(tasks), most)
	}
	return tasks, err
}

func (w *Worker) openOffsets(stop, hard context.Context) (*offset.Store, offset.Appender, error) {
	store := offset.NewStore(w.log)
	spec := w.cfg.OffsetTopic
	spec.Configs = map[string]string{"cleanup.policy": "compact"}
	log, err := w.conn.OpenLog(stop, hard, spec,
		func(e kafka.Entry) {
			store.Load(offset.Record{Key: e.Key, Value: e.Value, Timestamp: e.Timestamp})
		},
		w.failSources)
	if err != nil {
		return nil, nil, fmt.Errorf("the offsets topic: %w", err)
	}
	store.Loaded()
	return store, appender{log}, nil
}

// failSources ends every source: there is nowhere to keep their offsets.
func (w *Worker) failSources(err error) {
	for {
		w.mu.Lock()
		tasks := slices.Clone(w.tasks)
		w.mu.Unlock()
		for _, t := range tasks {
			if !t.stats().Sink {
				t.fail(fmt.Errorf("the offsets topic: %w", err))
			}
		}
		if len(tasks) > 0 {
			return
		}
		time.Sleep(10 * time.Millisecond) // they are being made
	}
}

// appender makes an offset.Appender of the log.
type appender struct{ log *kafka.Log }

func (a appender) Append(ctx context.Context, records []offset.Record, done func(error)) {
	entries := make([]kafka.Entry, len(records))
	for i, r := range records {
		entries[i] = kafka.Entry{Key: r.Key, Value: r.Value}
	}
	a.log.Append(ctx, entries, done)
}

func (w *Worker) newSource(s *Source, id int, plug connect.SourceTask) (*sourceTask, error) {
	t := &sourceTask{
		cfg: s, plug: plug, conn: w.conn, every: w.cfg.FlushInterval, slow: w.cfg.FlushTimeout,
		tracker: offset.NewTracker(), landed: make(chan struct{}, 1), topics: map[string]topicLimit{},
	}
	t.init(s.Name, id, false, w.log)
	var err error
	if t.rules, err = s.Topics.compile(); err != nil {
		return nil, err
	}
	if err = guard(func() (err error) {
		t.chain, err = chain.Open(chain.Config{Steps: s.Steps, Key: s.Key, Value: s.Value, Header: s.Header})
		return err
	}); err != nil {
		return nil, err
	}
	if t.writer, err = w.conn.Writer(s.Producer, w.conn.ClientID("producer", s.Name, id)); err != nil {
		return nil, err
	}
	return t, nil
}

func (w *Worker) newSink(s *Sink, id int) (*sinkTask, error) {
	t := &sinkTask{
		cfg: s, conn: w.conn, every: w.cfg.FlushInterval, slow: w.cfg.FlushTimeout, most: s.Consumer.MaxPollRecords,
		position: map[kafka.Partition]kafka.Position{}, taken: map[kafka.Partition]bool{},
	}
	if t.most <= 0 {
		t.most = kafka.DefaultMaxPollRecords
	}
	t.init(s.Name, id, true, w.log)
	err := guard(func() (err error) {
		t.chain, err = chain.Open(chain.Config{Steps: s.Steps, Key: s.Key, Value: s.Value, Header: s.Header})
		return err
	})
	if err != nil {
		return nil, err
	}
	group := s.Consumer.GroupID
	if group == "" {
		group = "connect-" + s.Name
	}
	sub := kafka.Subscription{Group: group, Topics: s.Topics, Regex: s.Regex, Assigned: t.assigned, Revoked: t.revoked, Lost: t.lost}
	if dl := s.Errors.DeadLetters; dl != nil && s.Errors.Tolerate {
		sub.Exclude = []string{dl.Topic}
		if t.dlq, err = w.conn.Writer(s.Producer, w.conn.ClientID("dlq-producer", s.Name, id)); err != nil {
			return nil, err
		}
	}
	t.sub = sub
	t.reader, err = w.conn.Reader(s.Consumer, w.conn.ClientID("consumer", s.Name, id), sub)
	return t, err
}

// readyLetters makes the dead letter queues, so that a queue that cannot be
// made is known before the first record needs it.
func (w *Worker) readyLetters(ctx context.Context) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	ready := func(name string, e Errors) {
		if e.DeadLetters == nil || !e.Tolerate {
			return
		}
		spec := &kafka.NewTopic{Name: e.DeadLetters.Topic, Partitions: 1, ReplicationFactor: e.DeadLetters.ReplicationFactor}
		wg.Go(func() {
			if err := w.conn.Ready(ctx, spec.Name, spec); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, fmt.Errorf("%s: the dead letter queue: %w", name, err))
			}
		})
	}
	for _, s := range w.cfg.Sources {
		ready("sources."+s.Name, s.Errors)
	}
	for _, s := range w.cfg.Sinks {
		ready("sinks."+s.Name, s.Errors)
	}
	wg.Wait()
	return errors.Join(errs...)
}

// brokenTask stands for a connector that could not say what its tasks are.
type brokenTask struct{ task }

func (w *Worker) broken(name string, err error) *brokenTask {
	t := &brokenTask{}
	t.init(name, 0, false, w.log)
	t.fail(err)
	return t
}

func (t *brokenTask) run(_, _ context.Context) { t.end() }
func (t *brokenTask) close(context.Context)    {}
func (t *brokenTask) idleness() idleness       { return idleness{ended: true} }
