package runtime

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kcgen.dev/runtime/herder"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/props"
	"kcgen.dev/runtime/rest"
	"kcgen.dev/runtime/state"
	"kcgen.dev/runtime/worker"
)

// instance is one run of a pipeline: a herder that decides which tasks run
// here, a worker that runs them, and what both share with other instances.
type instance struct {
	written Pipeline // before its references were resolved
	p       Pipeline
	cfg     worker.Config // of p
	o       Options
	log     *slog.Logger
	name    string // in statuses, as HOST:PORT
	shown   []props.Connector

	worker   *worker.Worker
	server   *rest.Server // nil: there is none
	config   *state.Config
	statuses *state.Statuses
	herder   *herder.Herder
	member   *kafka.Member // nil: the instance is alone

	started    atomic.Bool // herder, config and statuses are there
	rebalances rebalances
}

// run runs the pipeline to its end.
func (i *instance) run(ctx context.Context) error {
	if err := i.serve(); err != nil {
		return err
	}
	defer i.hangUp()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	err := i.open(ctx, stop)
	if i.member != nil {
		defer i.member.Close()
	}
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			return nil // stopped before it began
		}
		return err
	}

	// What is shared is followed until the herder has said its last.
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var following sync.WaitGroup
	follow := func(f func(context.Context) error) {
		following.Go(func() {
			if err := f(life); err != nil {
				i.log.Error("what is shared with other instances cannot be followed any more", "error", err.Error())
			}
		})
	}
	follow(i.config.Run)
	follow(i.statuses.Run)
	following.Go(func() { i.knowLate(life) })
	defer following.Wait()
	defer cancel()

	if i.o.IdleExit > 0 {
		go func() {
			if i.worker.AwaitIdle(ctx, i.settled) {
				stop()
			}
		}()
	}
	i.started.Store(true)
	err = i.herder.Run(ctx)
	goodbye, done := context.WithTimeout(life, i.p.Worker.TaskShutdownGracefulTimeout/20)
	defer done()
	if e := i.statuses.Flush(goodbye); e != nil {
		i.log.Warn("the last statuses were not written", "error", e.Error())
	}
	i.worker.Close()
	return errors.Join(err, i.worker.Failure())
}

// open waits for the cluster, and reads what is shared. stop stops the instance
// when nothing more can happen.
func (i *instance) open(ctx context.Context, stop func()) error {
	if err := i.worker.Open(ctx); err != nil {
		return err
	}
	on := state.Requests{
		Target:      func(connector string, t state.Target) { i.herder.Aim(connector, t) },
		Restart:     func(r state.Restart) { i.herder.RestartConnector(r.Connector, r.IncludeTasks, r.OnlyFailed) },
		RestartTask: func(id state.TaskID) { i.herder.RestartTask(id) },
		Level:       i.setLevel,
	}
	g := i.p.Worker.Group
	cfg := herder.Config{
		Worker: i.name, Tasks: tasks{i}, Statuses: statuses{i}, Reload: i.reload,
		Fenced:      func(err error) bool { return errors.Is(err, kafka.ErrFenced) },
		StopTimeout: i.p.Worker.TaskShutdownGracefulTimeout * 9 / 10, // the rest is for the last statuses and requests
		Log:         i.log,
	}
	if r := i.p.Worker.Restart; r != nil {
		cfg.Restart = &herder.Restart{Delay: r.Delay, DelayMax: r.DelayMax, Limit: r.Limit}
	}
	if g == nil {
		i.config, i.statuses = state.NewConfig(on), state.NewStatuses()
	} else if err := i.join(ctx, g, on, &cfg); err != nil {
		return err
	}
	for _, c := range i.worker.Connectors() {
		cfg.Connectors = append(cfg.Connectors, i.known(c))
	}
	cfg.Targets = i.config.Targets()
	if i.member == nil && i.server == nil { // nobody can ask for another try
		cfg.Changed = func(s *herder.Snapshot) {
			if spent(s) {
				stop()
			}
		}
	}
	i.herder = herder.New(cfg)
	for logger, level := range i.config.Levels() {
		i.setLevel(logger, level)
	}
	return nil
}

// join gets ready to share the tasks with other instances.
func (i *instance) join(ctx context.Context, g *Group, on state.Requests, cfg *herder.Config) (err error) {
	conn := i.worker.Conn()
	if i.config, err = state.OpenConfig(ctx, ctx, conn, kafka.NewTopic{
		Name: g.ConfigStorageTopic, ReplicationFactor: int16(g.ConfigStorageReplicationFactor),
	}, i.log, on); err != nil {
		return err
	}
	if i.statuses, err = state.OpenStatuses(ctx, ctx, conn, kafka.NewTopic{
		Name: g.StatusStorageTopic, Partitions: int32(g.StatusStoragePartitions), ReplicationFactor: int16(g.StatusStorageReplicationFactor),
	}, i.log); err != nil {
		return err
	}
	i.member, err = conn.Member(kafka.Group{
		ID: g.ID, ClientID: "connect-" + i.p.Name, Protocol: herder.Protocol,
		SessionTimeout: g.SessionTimeout, HeartbeatInterval: g.HeartbeatInterval, RebalanceTimeout: g.RebalanceTimeout,
	})
	cfg.Sweep = i.statuses.DropTasks
	cfg.Membership, cfg.SessionTimeout = membership{i.member, i}, g.SessionTimeout
	cfg.Shared = fmt.Sprintf("offsets in %s, targets in %s, statuses in %s", i.p.Worker.OffsetStorageTopic, g.ConfigStorageTopic, g.StatusStorageTopic)
	cfg.Seen = i.statuses.Generation()
	return err
}

// known says of a connector what a group has to know.
func (i *instance) known(c worker.Connector) herder.Connector {
	return herder.Connector{Name: c.Name, Version: i.version(c.Name), Tasks: c.Tasks, Err: c.Err, Asked: c.Asked, Usable: c.Usable}
}

func (i *instance) reload(ctx context.Context, connector string) herder.Connector {
	c, err := i.worker.Reload(ctx, connector)
	if err != nil {
		c = worker.Connector{Name: connector, Err: err}
	}
	return i.known(c)
}

// knowLate tells the herder of sources that were too slow for the start.
func (i *instance) knowLate(ctx context.Context) {
	for {
		select {
		case c := <-i.worker.Late():
			i.herder.Know(i.known(c))
		case <-ctx.Done():
			return
		}
	}
}

// version tells specs of a connector apart.
func (i *instance) version(connector string) string {
	h := sha256.New()
	for _, c := range i.shown {
		if c.Name != connector {
			continue
		}
		for _, k := range slices.Sorted(maps.Keys(c.Config)) {
			fmt.Fprintf(h, "%s=%q\n", k, c.Config[k])
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// settled reports whether all tasks were started that are to run here.
func (i *instance) settled() bool {
	s := i.herder.Snapshot()
	return s.Member && !s.Joining && !slices.ContainsFunc(s.Tasks, func(t herder.Task) bool { return t.Phase == "" })
}

// spent reports whether every task has failed for good.
func spent(s *herder.Snapshot) bool {
	return len(s.Tasks) > 0 && s.Member && !slices.ContainsFunc(s.Tasks, func(t herder.Task) bool { return t.Err == nil || !t.Retry.IsZero() })
}

// nameOf is what the instance calls itself where it serves nothing.
func nameOf() string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return fmt.Sprintf("%s:%d", host, os.Getpid())
}

// tasks lets the herder run the worker's tasks.
type tasks struct{ i *instance }

func (t tasks) Start(id state.TaskID, on herder.TaskEvents) error {
	return t.i.worker.Start(id, worker.Events{
		Moved: func(s worker.State) {
			switch s {
			case worker.Running:
				on.Moved(state.Running)
			case worker.Paused:
				on.Moved(state.PausedPhase)
			}
		},
		Used:  func(topic string) { t.i.statuses.AddTopic(id, topic) },
		Era:   t.i.statuses.Resets,
		Ended: on.Ended,
	})
}

func (t tasks) Pause(id state.TaskID)                     { t.i.worker.Pause(id) }
func (t tasks) Resume(id state.TaskID)                    { t.i.worker.Resume(id) }
func (t tasks) Stop(ctx context.Context, id state.TaskID) { t.i.worker.Stop(ctx, id) }

// Kill tells a task that hangs in its stop from one that is ours no more.
func (t tasks) Kill(ctx context.Context, id state.TaskID) {
	if t.i.herder.Leased() {
		t.i.worker.Kill(ctx, id)
	} else {
		t.i.worker.Lose(ctx, id)
	}
}

// statuses lets the herder publish. Writing goes on in the background.
type statuses struct{ i *instance }

func (s statuses) PutConnector(_ context.Context, name string, st state.Status) error {
	s.i.statuses.PutConnector(name, st)
	return nil
}

func (s statuses) PutTask(_ context.Context, id state.TaskID, st state.Status) error {
	s.i.statuses.PutTask(id, st)
	return nil
}

// membership measures the rounds of the group.
type membership struct {
	*kafka.Member
	i *instance
}

func (m membership) Run(ctx context.Context, on kafka.MemberEvents) error {
	return m.Member.Run(ctx, rounds{on, m.i})
}

type rounds struct {
	kafka.MemberEvents
	i *instance
}

func (r rounds) Rebalancing() {
	r.i.rebalances.begin(time.Now())
	r.MemberEvents.Rebalancing()
}

func (r rounds) Assigned(round kafka.Round) {
	r.i.rebalances.end(time.Now())
	r.MemberEvents.Assigned(round)
}

// rebalances measures how long rounds take, from when they are heard of.
type rebalances struct {
	mu    sync.Mutex
	begun time.Time
	last  time.Time
	took  worker.Timing
}

func (r *rebalances) begin(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.begun.IsZero() {
		r.begun = now
	}
}

func (r *rebalances) end(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	took := int64(0)
	if !r.begun.IsZero() {
		took = int64(now.Sub(r.begun))
	}
	r.took.Count++
	r.took.Sum += took
	r.took.Max = max(r.took.Max, took)
	r.begun, r.last = time.Time{}, now
}

func (r *rebalances) read() (took worker.Timing, last time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.took, r.last
}
