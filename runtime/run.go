package runtime

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/loglevel"
	"kcgen.dev/runtime/props"
	"kcgen.dev/runtime/secret"
	"kcgen.dev/runtime/worker"
)

// Options are what a start adds to the pipeline.
type Options struct {
	Brokers      []string         // instead of the pipeline's, where given
	IdleExit     time.Duration    // stop after that long without a record; 0 is never
	StartTimeout *time.Duration   // instead of the worker's, where given; negative is for ever
	Log          *slog.Logger     // nil is silence
	Kafka        kafka.Options    // for tests
	Fused        fuse.Functions   // of the pipeline's sources and sinks
	Levels       *loglevel.Levels // of Log's loggers; nil: they do not change
	// Watch, where given, is called once with a function that gives the tasks'
	// figures at any time.
	Watch func(stats func() []worker.Stats)
}

// FaultError is a fault of the configuration: nothing was started, and nothing
// was written.
type FaultError struct{ error }

// Unwrap gives the cause.
func (f FaultError) Unwrap() error { return f.error }

// Run runs a pipeline until ctx ends, until it is idle, or until every task has
// failed. It returns what the tasks did, and the joined errors of those that
// failed; [FaultError] where the pipeline could not start; an error that wraps
// [kafka.ErrUnreachable] where no broker answered in time.
func Run(ctx context.Context, p Pipeline, o Options) ([]worker.Stats, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	written := p
	cfg, err := configure(&p, o)
	if err != nil {
		return nil, err
	}
	i := &instance{written: written, p: p, o: o, log: o.Log, shown: props.Connectors(written)}
	cfg.Leased = func() bool { return i.herder.Leased() }
	cfg.Wrote = func(connector string) []string { return i.statuses.Topics(connector) }
	cfg.Refresh = func() (worker.Config, error) {
		again := written
		return configure(&again, o)
	}
	if cfg.Traces, err = openTraces(p, o.Log); err != nil {
		return nil, FaultError{err}
	}
	defer closeTraces(cfg.Traces, p.Worker.TaskShutdownGracefulTimeout, o.Log)
	w, err := worker.New(cfg)
	if err != nil {
		return nil, FaultError{err}
	}
	defer w.Close()
	if o.Watch != nil {
		o.Watch(w.Stats)
	}
	if err := checkTakeover(ctx, p, cfg); err != nil {
		if ctx.Err() != nil {
			err = nil // stopped before it began
		}
		return nil, err
	}
	i.worker, i.cfg = w, cfg
	err = i.run(ctx)
	return w.Stats(), err
}

// configure resolves a pipeline's references, and says it in the worker's terms.
func configure(p *Pipeline, o Options) (worker.Config, error) {
	if len(o.Brokers) > 0 {
		p.Kafka.Brokers = o.Brokers // before references are resolved: the pipeline's need not be set
	}
	if err := secret.Resolve(p); err != nil {
		return worker.Config{}, FaultError{err}
	}
	p.Worker.fill()
	cfg := translate(*p)
	for i := range cfg.Sources {
		cfg.Sources[i].Fused = o.Fused.Sources[cfg.Sources[i].Name]
	}
	for i := range cfg.Sinks {
		cfg.Sinks[i].Fused = o.Fused.Sinks[cfg.Sinks[i].Name]
	}
	cfg.Log, cfg.Kafka, cfg.IdleExit = o.Log, o.Kafka, o.IdleExit
	cfg.Kafka.Admin = p.Worker.Admin
	cfg.Kafka.Producers, cfg.Kafka.Consumers = tasksOf(*p)
	if o.StartTimeout != nil {
		cfg.StartTimeout = *o.StartTimeout
	}
	return cfg, nil
}

// fill gives fields that a hand-written program left out the defaults of the
// spec's language.
func (w *Worker) fill() {
	def(&w.OffsetStorageTopic, "connect-offsets")
	def(&w.OffsetStoragePartitions, 25)
	def(&w.OffsetStorageReplicationFactor, -1)
	def(&w.OffsetFlushInterval, 5*time.Second)
	def(&w.OffsetFlushTimeout, 5*time.Second)
	def(&w.TaskShutdownGracefulTimeout, 5*time.Second)
	def(&w.StartTimeout, connect.Forever)
	if w.Group != nil {
		g := *w.Group
		g.fill()
		w.Group = &g
	}
}

func (g *Group) fill() {
	def(&g.ConfigStorageTopic, "connect-configs")
	def(&g.ConfigStorageReplicationFactor, -1)
	def(&g.StatusStorageTopic, "connect-status")
	def(&g.StatusStoragePartitions, 5)
	def(&g.StatusStorageReplicationFactor, -1)
	def(&g.SessionTimeout, 10*time.Second)
	def(&g.HeartbeatInterval, 3*time.Second)
	def(&g.RebalanceTimeout, time.Minute)
}

func def[T comparable](field *T, v T) {
	var zero T
	if *field == zero {
		*field = v
	}
}

// exitCode is 0 where all went well, 1 for faults and failed tasks, 3 where no
// broker was reached.
func exitCode(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, kafka.ErrUnreachable):
		return 3
	}
	return 1
}
