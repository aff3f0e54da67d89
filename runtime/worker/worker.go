package worker

import (
	"cmp"
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
	"kcgen.dev/runtime/state"
)

// Worker runs tasks of a Config: those that it is told to start.
type Worker struct {
	cfg  Config
	log  *slog.Logger
	conn *kafka.Conn

	// Set by Open:
	stop, hard context.Context // of all tasks; hard ends StopTimeout after stop
	end, kill  context.CancelFunc
	store      *offset.Store
	offsets    offset.Appender

	mu    sync.Mutex // of these, and of what is in them:
	slots []*slot    // in the order of the configuration
	fault error      // the sources cannot run: there is nowhere to keep their offsets
	lives sync.WaitGroup

	late   chan Connector // sources that have said after the start what their tasks are
	starts Starts
	usable map[string]int // by sink, as far as it is known
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
	return &Worker{cfg: cfg, log: cfg.Log, conn: conn, late: make(chan Connector, len(cfg.Sources))}, nil
}

// Open gets ready to start tasks: it waits for a broker, asks the sources for
// their tasks, each beside the others, and reads the offsets. The tasks' life
// is the worker's, not ctx's: it ends with Close. The error wraps
// [kafka.ErrUnreachable] where no broker answered in time.
func (w *Worker) Open(ctx context.Context) error {
	w.stop, w.end = context.WithCancel(context.WithoutCancel(ctx))
	w.hard, w.kill = w.budget(w.stop)

	var all []asked
	for i := range w.cfg.Sources {
		all = append(all, w.ask(ctx, &w.cfg.Sources[i]))
	}
	patience := time.NewTimer(cmp.Or(w.cfg.SplitPatience, splitPatience))
	defer patience.Stop()
	if err := w.conn.Wait(ctx, w.cfg.StartTimeout); err != nil {
		return err
	}
	if len(w.cfg.Sources) > 0 {
		if err := w.openOffsets(ctx); err != nil {
			return err
		}
	}
	usable := w.partitions(ctx)
	slots, late := w.answers(ctx, all, patience.C)
	for i := range w.cfg.Sinks {
		s := &w.cfg.Sinks[i]
		for id := range max(s.Tasks, 1) {
			slots = append(slots, &slot{id: state.TaskID{Connector: s.Name, Task: id}, sink: s})
		}
	}
	w.mu.Lock()
	w.slots, w.usable = slots, usable
	w.mu.Unlock()
	for slow, a := range late {
		go w.awaitLate(slow, a)
	}
	if err := w.tryChains(); err != nil {
		return err
	}
	return w.readyLetters(ctx)
}

// partitions are those of the topics of sinks with several tasks, which share
// them. That it cannot be told is no fault of the start.
func (w *Worker) partitions(ctx context.Context) map[string]int {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out := map[string]int{}
	for i := range w.cfg.Sinks {
		s := &w.cfg.Sinks[i]
		if s.Tasks < 2 {
			continue
		}
		n, err := w.conn.Partitions(ctx, s.Subscription())
		if err != nil {
			w.log.Debug("the partitions of a sink's topics are not known", "connector", s.Name, "error", err.Error())
			continue
		}
		out[s.Name] = n
	}
	return out
}

// tryChains opens each connector's chain once, so that what is wrong with it is
// a fault of the start and not of every task. One that hangs is its own tasks'
// trouble.
func (w *Worker) tryChains() error {
	limit := cmp.Or(w.cfg.CallTimeout, w.cfg.SplitPatience, splitPatience)
	errs := make([]error, len(w.cfg.Sources)+len(w.cfg.Sinks))
	var all sync.WaitGroup
	try := func(i int, kind, name string, c chain.Config) {
		all.Go(func() {
			_, err := openChain(w.stop, limit, c)
			var h *hang
			switch {
			case errors.As(err, &h):
				w.log.Warn("a transform or a converter does not open; going on without its connector until it does", "connector", name)
			case err != nil:
				errs[i] = fmt.Errorf("%s.%s: %w", kind, name, err)
			}
		})
	}
	for i, s := range w.cfg.Sources {
		try(i, "sources", s.Name, s.chain())
	}
	for i, s := range w.cfg.Sinks {
		try(len(w.cfg.Sources)+i, "sinks", s.Name, s.chain())
	}
	all.Wait()
	for _, s := range w.cfg.Sources {
		_, err := s.Topics.compile()
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Close ends every task that still runs, in the time for a stop, and lets go of
// the cluster.
func (w *Worker) Close() {
	if w.end != nil {
		w.end()
		w.Wait()
		w.kill()
	}
	w.conn.Close()
}

// Offsets are where the sources' offsets are; nil where there are no sources.
func (w *Worker) Offsets() (*offset.Store, *kafka.Log) {
	if a, ok := w.offsets.(appender); ok {
		return w.store, a.log
	}
	return nil, nil
}

// Conn is the cluster that the worker works with.
func (w *Worker) Conn() *kafka.Conn { return w.conn }

// Connector is what is known of a connector.
type Connector struct {
	Name   string
	Sink   bool
	Tasks  int   // 0 where Err says why it is not known
	Err    error // of a source that cannot say what its tasks are
	Asked  int   // tasksMax
	Usable int   // how many tasks can have something to do; 0: not known
}

// Connectors are those of the pipeline, in the order of the configuration.
func (w *Worker) Connectors() []Connector {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []Connector
	for _, s := range w.slots {
		if n := len(out); n > 0 && out[n-1].Name == s.id.Connector {
			out[n-1].Tasks++
			continue
		}
		out = append(out, s.connector())
	}
	for i := range out {
		switch c := &out[i]; {
		case c.Err != nil:
			c.Tasks = 0
		case c.Sink:
			c.Usable = w.usable[c.Name]
		default:
			c.Usable = c.Tasks
		}
	}
	return out
}

func (s *slot) connector() Connector {
	c := Connector{Name: s.id.Connector, Sink: s.sink != nil, Tasks: 1, Err: s.fault}
	if c.Sink {
		c.Asked = s.sink.Tasks
	} else {
		c.Asked = s.source.MaxTasks
	}
	return c
}

// Reload asks a source for its tasks once more that could not say what they
// are, and gives what is known then.
func (w *Worker) Reload(ctx context.Context, name string) (Connector, error) {
	w.mu.Lock()
	at := slices.IndexFunc(w.slots, func(s *slot) bool { return s.id.Connector == name })
	if at < 0 {
		w.mu.Unlock()
		return Connector{}, fmt.Errorf("the pipeline has no connector %s", name)
	}
	broken := w.slots[at]
	w.mu.Unlock()
	if broken.fault == nil {
		return w.about(name), nil
	}
	w.refresh(broken)
	slots := w.sourceSlots(ctx, broken.source)
	w.replace(broken, slots)
	return w.about(name), nil
}

func (w *Worker) about(name string) Connector {
	for _, c := range w.Connectors() {
		if c.Name == name {
			return c
		}
	}
	return Connector{Name: name}
}

// Tasks are all tasks of the pipeline, in the order of the configuration.
func (w *Worker) Tasks() []state.TaskID {
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := make([]state.TaskID, len(w.slots))
	for i, s := range w.slots {
		ids[i] = s.id
	}
	return ids
}

// Stats are the tasks' figures so far, in the order of the configuration. It
// may be called at any time from any goroutine.
func (w *Worker) Stats() []Stats {
	out, runners := w.counted()
	var asked sync.WaitGroup
	for i, r := range runners {
		if r != nil {
			asked.Go(func() { r.measure(&out[i]) })
		}
	}
	asked.Wait()
	return out
}

// counted are the figures that the tasks count themselves, and who can add what
// the connectors measure; nil where a task has not begun.
func (w *Worker) counted() ([]Stats, []runner) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out, runners := make([]Stats, len(w.slots)), make([]runner, len(w.slots))
	for i, s := range w.slots {
		out[i] = s.stats()
		if s.life != nil {
			runners[i] = s.life.runner
		}
	}
	return out, runners
}

// Starts counts the lives of tasks.
type Starts struct{ Attempts, Successes, Failures uint64 }

// Starts are the counts so far.
func (w *Worker) Starts() Starts {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.starts
}

// Failure joins the errors of the tasks that have failed.
func (w *Worker) Failure() error {
	var errs []error
	stats, _ := w.counted()
	for _, s := range stats {
		errs = append(errs, s.Err)
	}
	return errors.Join(errs...)
}

// Wait returns when all tasks that were started have ended, or when the time
// for a stop is over: then those that have not are failed.
func (w *Worker) Wait() {
	ended := make(chan struct{})
	go func() { w.lives.Wait(); close(ended) }()
	select {
	case <-ended:
		return
	case <-w.hard.Done():
		<-afterwards(ended, w.cfg.StopTimeout/20) // the tasks see it too
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.slots {
		s.giveUp()
	}
}

// budget gives the context that ends StopTimeout after stop does: the end of
// everything that still waits for somebody.
func (w *Worker) budget(stop context.Context) (context.Context, context.CancelFunc) {
	return newLateContext(stop, w.cfg.StopTimeout*9/10) // the rest is for the process to end in
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

func (w *Worker) openOffsets(ctx context.Context) error {
	store, log, err := OpenOffsets(ctx, w.hard, w.conn, w.cfg.OffsetTopic, w.cfg.TakeoverTopic, w.log, w.failSources)
	if err != nil {
		return err
	}
	w.store, w.offsets = store, appender{log}
	return nil
}

// failSources ends every source: there is nowhere to keep their offsets.
func (w *Worker) failSources(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = fmt.Errorf("the offsets topic: %w", err)
	for _, s := range w.slots {
		if s.source != nil && s.life != nil && s.life.runner != nil {
			s.life.runner.fail(w.fault)
		}
	}
}

// readyLetters makes the dead letter queues, so that a queue that cannot be
// made is known before the first record needs it.
func (w *Worker) readyLetters(ctx context.Context) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	ready := func(name string, e Errors, by *kafka.Admin) {
		if e.DeadLetters == nil || !e.Tolerate {
			return
		}
		spec := &kafka.NewTopic{Name: e.DeadLetters.Topic, Partitions: 1, ReplicationFactor: e.DeadLetters.ReplicationFactor}
		wg.Go(func() {
			if err := w.conn.ReadyAs(ctx, by, spec.Name, spec); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, fmt.Errorf("%s: the dead letter queue: %w", name, err))
			}
		})
	}
	for _, s := range w.cfg.Sources {
		ready("sources."+s.Name, s.Errors, s.Admin)
	}
	for _, s := range w.cfg.Sinks {
		ready("sinks."+s.Name, s.Errors, s.Admin)
	}
	wg.Wait()
	return errors.Join(errs...)
}

// sourceSlots asks a source for its tasks. One that cannot say what they are
// gets one, which asks again when it is started.
func (w *Worker) sourceSlots(ctx context.Context, s *Source) []*slot {
	plugs, err := w.split(ctx, s)
	if err != nil {
		w.log.Warn("the connector could not say what its tasks are", "connector", s.Name, "error", err.Error())
		plugs = []connect.SourceTask{nil}
	}
	slots := make([]*slot, len(plugs))
	for i, p := range plugs {
		slots[i] = &slot{id: state.TaskID{Connector: s.Name, Task: i}, source: s, plug: p, of: len(plugs)}
		if err != nil {
			slots[i].of, slots[i].fault = 0, err // not known
		}
	}
	return slots
}
