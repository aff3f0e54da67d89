package herder

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/state"
)

// Config is what a Herder needs.
type Config struct {
	Worker     string                  // what the instance calls itself in statuses, as HOST:PORT
	Shared     string                  // the topics that the group shares, as one word
	Connectors []Connector             // all that the instance knows
	Targets    map[string]state.Target // of those of which something was asked
	Seen       int                     // the highest generation among the statuses that there are

	Tasks      Tasks
	Statuses   Statuses
	Membership Membership // nil is Alone

	// Reload asks a connector for its tasks once more, when it is restarted
	// after it could not say. Nil: it cannot be asked.
	Reload func(ctx context.Context, connector string) Connector
	// Fenced reports whether a task failed because another has taken its place.
	Fenced func(error) bool

	// Sweep takes away the statuses of a connector's tasks from a number on, as
	// of a generation, and returns at once. Nil: there are none that anybody
	// else has said.
	Sweep func(connector string, from, generation int)

	// Changed is told what is known after each step, and returns at once. Nil:
	// nobody is.
	Changed func(*Snapshot)

	SessionTimeout time.Duration // of the group
	StopTimeout    time.Duration // for a stop of a task, or of all of them
	Restart        *Restart      // nil: failed tasks stay failed
	Log            *slog.Logger  // nil is silence
}

// Tasks runs single tasks. All methods but Stop and Kill return at once. The
// calls for one task come one after the other, except that Kill comes at any
// time.
type Tasks interface {
	// Start begins a run of a task. on is told what becomes of it, from other
	// goroutines; Ended is told once, last, unless Start returns an error.
	Start(id state.TaskID, on TaskEvents) error
	// Pause makes a task do nothing, in this run and all later ones.
	Pause(id state.TaskID)
	// Resume ends a pause.
	Resume(id state.TaskID)
	// Stop asks the run to end, with what is on its way drained and committed.
	// It returns when the run has ended or ctx has.
	Stop(ctx context.Context, id state.TaskID)
	// Kill ends the run at once: it commits nothing any more, and writes nothing.
	Kill(ctx context.Context, id state.TaskID)
}

// TaskEvents is told what becomes of a task's run.
type TaskEvents interface {
	// Moved tells that the task runs (state.Running) or has paused
	// (state.PausedPhase).
	Moved(state.Phase)
	// Ended tells that the run is over, and why where it failed.
	Ended(error)
}

// Statuses is where statuses are published. The calls come one at a time, and
// return when the status is written, or cannot be.
type Statuses interface {
	PutConnector(ctx context.Context, name string, s state.Status) error
	PutTask(ctx context.Context, id state.TaskID, s state.Status) error
}

// Membership is how an instance takes part in the group: [kafka.Member], or
// [Alone].
type Membership interface {
	Run(ctx context.Context, on kafka.MemberEvents) error
	Join(claim []byte, life int)
	Lease() time.Time
	Leave(ctx context.Context) error
}

// Herder is the control plane of one instance. It never calls a connector: it
// tells [Tasks], and hears of them.
type Herder struct {
	cfg   Config
	log   *slog.Logger
	core  *core // of the goroutine of Run alone
	alone bool

	mail    chan Event
	pings   chan chan struct{}
	done    chan struct{} // no event is read any more
	words   *publisher
	lanes   map[state.TaskID]*lane
	timer   *time.Timer
	life    context.Context // of what effects do in the background
	going   sync.WaitGroup
	current atomic.Pointer[Snapshot]
}

// mailboxSize lets bursts pass; who finds it full waits.
const mailboxSize = 64

// New makes a herder. Run starts it.
func New(cfg Config) *Herder {
	alone := cfg.Membership == nil
	if alone {
		cfg.Membership = NewAlone()
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	rules := Rules{
		Worker: cfg.Worker, Shared: cfg.Shared, Alone: alone,
		// A stop has one budget: for tasks to end, for those that hang to be
		// killed, and for the last statuses.
		StopTimeout: cfg.StopTimeout * 8 / 10, KillTimeout: cfg.StopTimeout / 10,
		Margin: cfg.SessionTimeout / 4, Restart: cfg.Restart,
	}
	h := &Herder{
		cfg: cfg, log: cfg.Log, core: newCore(rules, cfg.Connectors, cfg.Seen), alone: alone,
		mail: make(chan Event, mailboxSize), done: make(chan struct{}), pings: make(chan chan struct{}),
		lanes: map[state.TaskID]*lane{}, timer: time.NewTimer(time.Hour),
	}
	h.timer.Stop()
	maps.Copy(h.core.targets, cfg.Targets)
	h.words = newPublisher(cfg.Statuses, h.Leased, cfg.Log)
	h.show()
	for _, k := range cfg.Connectors {
		h.warn(k)
	}
	return h
}

// Run herds until ctx ends and all tasks have stopped, within the time for a
// stop, or until the instance cannot take part in the group: then it says why.
func (h *Herder) Run(ctx context.Context) error {
	defer h.timer.Stop()
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	h.life = life
	defer h.going.Wait()
	defer cancel()
	h.going.Go(func() { h.words.run(life) })

	in, out := context.WithCancel(life)
	defer out()
	member := make(chan struct{})
	h.going.Go(func() {
		defer close(member)
		if err := h.cfg.Membership.Run(in, told{h}); err != nil {
			h.post(Fatal{err})
		}
	})

	end := ctx.Done()
	var leaving time.Time // since when
	for e := Event(Tick{}); ; {
		leave := h.step(e)
		if h.core.leaving && leaving.IsZero() {
			leaving = time.Now()
			if h.core.fault != nil {
				h.log.Error("this instance takes no part any more", "error", h.core.fault.Error())
			}
		}
		if leave != nil {
			h.goodbye(leaving, func() { out(); <-member })
			return leave.Err
		}
		select {
		case e = <-h.mail:
		case <-h.timer.C:
			e = Tick{}
		case answer := <-h.pings:
			close(answer)
			e = Tick{}
		case <-end:
			e, end = Shutdown{}, nil
		}
	}
}

// goodbye says the last statuses and goes out of the group. What the tasks did
// not need of the time for a stop is for that.
func (h *Herder) goodbye(leaving time.Time, out func()) {
	left := max(h.cfg.StopTimeout-time.Since(leaving), h.cfg.StopTimeout/10, 100*time.Millisecond)
	ctx, cancel := context.WithTimeout(h.life, left)
	defer cancel()
	if h.Leased() {
		h.words.flush(ctx)
	}
	close(h.done) // nobody reads events any more
	out()
	if err := h.cfg.Membership.Leave(ctx); err != nil {
		h.log.Warn("the group does not know that this instance has gone; it finds out by the session timeout", "error", err.Error())
	}
}

// step has the core take an event, and the effects done. It gives the effect
// that ends it all, or nil.
func (h *Herder) step(e Event) (leave *Leave) {
	for _, effect := range h.core.step(time.Now(), e) {
		if l, ok := effect.(Leave); ok {
			leave = &l
			continue
		}
		h.do(effect)
	}
	h.show()
	return leave
}

// post puts an event into the mailbox.
func (h *Herder) post(e Event) {
	select {
	case h.mail <- e:
	case <-h.done:
	}
}

// Ping returns when the control loop answers, with an error where it does not
// before ctx ends.
func (h *Herder) Ping(ctx context.Context) error {
	answer := make(chan struct{})
	select {
	case h.pings <- answer:
		return nil
	case <-h.done:
		return errors.New("herder: the instance has left")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Aim asks a connector to be started, paused or stopped.
func (h *Herder) Aim(connector string, t state.Target) { h.post(Aim{connector, t}) }

// RestartConnector starts a connector anew if it is this instance's, and those
// of its tasks that are.
func (h *Herder) RestartConnector(connector string, includeTasks, onlyFailed bool) {
	h.post(RestartConnector{connector, includeTasks, onlyFailed})
}

// RestartTask starts a task anew if it is this instance's.
func (h *Herder) RestartTask(id state.TaskID) { h.post(RestartTask{id}) }

// Know says how it is with a connector now.
func (h *Herder) Know(k Connector) {
	h.warn(k)
	h.post(Known{k})
}

// See says that a status of a generation was read.
func (h *Herder) See(generation int) { h.post(Seen{generation}) }

// Leased reports whether the instance may do what others can see: it is the
// last thing to ask before a write to where another instance writes too.
func (h *Herder) Leased() bool {
	return h.alone || time.Now().Before(h.cfg.Membership.Lease())
}

// warn says at the start what would else be found out by watching idle tasks.
func (h *Herder) warn(k Connector) {
	if k.Usable > 0 && k.Asked > k.Usable {
		h.log.Warn("tasksMax is more than can have something to do", "connector", k.Name, "tasksMax", k.Asked, "usable", k.Usable)
	}
}

// told posts what the membership tells.
type told struct{ h *Herder }

func (t told) Alive(lease time.Time) { t.h.post(Alive{lease}); t.h.words.nudge() }
func (t told) Rebalancing()          { t.h.post(Rebalancing{}) }
func (t told) Lost(life int)         { t.h.post(Lost{life}) }

func (t told) Assigned(r kafka.Round) {
	a, err := decodeAssignment(r.Assignment)
	if err != nil {
		t.h.post(Fatal{errors.Join(err, errors.New("herder: is the group led by another version of this program?"))})
		return
	}
	t.h.post(Assigned{Assignment: a, Leads: r.Leads && a.Leader == t.h.cfg.Worker, Lease: r.Lease, Life: r.Life})
	t.h.words.nudge()
}

// Share is asked where this instance leads.
func (t told) Share(self string, generation int, peers []kafka.Peer) map[string][]byte {
	members := make([]member, len(peers))
	for i, p := range peers {
		members[i].id = p.ID
		members[i].claim, members[i].err = decodeClaim(p.Claim)
	}
	out := make(map[string][]byte, len(peers))
	for id, a := range assign(self, generation, members) {
		out[id] = encode(a)
	}
	return out
}
