package worker

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// Figures are what a task counts beside its records, over all of its lives.
// What each means: runtime/metrics.
type Figures struct {
	Read    uint64 // records polled from the source, or consumed from Kafka
	Batch   Timing // records of a batch
	Work    Timing // nanoseconds of a poll that gave records, or of a put
	Commit  Timing // nanoseconds of a commit of offsets
	Active  int    // records on their way
	Actives Timing // of these, as each batch came
	Retries uint64

	Transactions Timing // records of a transaction that was committed

	CommitFailures uint64
	Failures       uint64 // operations that failed for good, tolerated or not
	Logged         uint64 // tolerated failures in the log
	LetterFailures uint64 // dead letters that could not be written
	LastError      time.Time
	Errors         map[string]uint64 // tries that failed, by stage, and by step in TRANSFORMATION

	States map[State]time.Duration // how long the task has been at each

	Partitions int                       // of a sink
	Lag        map[kafka.Partition]int64 // of a sink, in records
	Behind     *Behind                   // of a source that can tell
	Snapshot   *Snapshot                 // of a source that reads what there is
	Gauges     []connect.Gauge           // of a source, its own
}

// Snapshot is how far a source is that reads what there is. All is 0 where nobody
// knows.
type Snapshot struct{ Read, All int64 }

// Behind is how far a source is behind what it reads.
type Behind struct {
	Amount int64
	Unit   string
}

// Timing sums up what was measured. Max is the largest of the last 30 to 60
// seconds.
type Timing struct {
	Count    uint64
	Sum, Max int64
}

// window is how long a maximum stands at the least.
const window = 30 * time.Second

// timing measures. It has one writer at a time, and any number of readers.
type timing struct {
	count    atomic.Uint64
	sum      atomic.Int64
	now, was atomic.Int64 // the maxima of this window and the one before
	since    atomic.Int64 // when this window began
}

func (t *timing) add(at time.Time, v int64) {
	t.count.Add(1)
	t.sum.Add(v)
	t.turn(at)
	if v > t.now.Load() {
		t.now.Store(v)
	}
}

// turn begins a new window where the old one is over.
func (t *timing) turn(at time.Time) {
	age := at.UnixNano() - t.since.Load()
	if age < int64(window) {
		return
	}
	was := t.now.Swap(0)
	if age >= 2*int64(window) {
		was = 0
	}
	t.was.Store(was)
	t.since.Store(at.UnixNano())
}

func (t *timing) read(at time.Time) Timing {
	out := Timing{Count: t.count.Load(), Sum: t.sum.Load()}
	switch age := at.UnixNano() - t.since.Load(); {
	case age < int64(window):
		out.Max = max(t.now.Load(), t.was.Load())
	case age < 2*int64(window):
		out.Max = t.now.Load()
	}
	return out
}

func (t Timing) plus(u Timing) Timing {
	return Timing{t.Count + u.Count, t.Sum + u.Sum, max(t.Max, u.Max)}
}

// counts are a task's figures while it lives. They are written once a batch, or
// when something failed.
type counts struct {
	read                    atomic.Uint64
	sizes, work, commitTime timing
	actives, transactions   timing

	retries, commitFailures, failures, logged, letterFailures atomic.Uint64

	lastError atomic.Int64

	mu     sync.Mutex // of what is written rarely
	errors map[string]uint64
	states map[State]time.Duration
	at     State
	since  time.Time
}

// errored counts a try that failed: at a stage, or at a step of the chain.
func (c *counts) errored(where string) {
	c.lastError.Store(time.Now().UnixNano())
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.errors == nil {
		c.errors = map[string]uint64{}
	}
	c.errors[where]++
}

// enter counts the time in the state before.
func (c *counts) enter(s State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.states = c.times()
	c.at, c.since = s, time.Now()
}

// times are the times in each state until now; c.mu is held.
func (c *counts) times() map[State]time.Duration {
	out := maps.Clone(c.states)
	if out == nil {
		out = map[State]time.Duration{}
	}
	if !c.since.IsZero() {
		out[c.at] += time.Since(c.since)
	}
	return out
}

// countCommit counts a commit of offsets.
func (c *counts) countCommit(begun time.Time, err error) {
	if err != nil {
		c.commitFailures.Add(1)
		return
	}
	now := time.Now()
	c.commitTime.add(now, int64(now.Sub(begun)))
}

func (c *counts) figures() Figures {
	now := time.Now()
	f := Figures{
		Read: c.read.Load(), Batch: c.sizes.read(now), Work: c.work.read(now), Commit: c.commitTime.read(now),
		Actives: c.actives.read(now), Transactions: c.transactions.read(now),
		Retries: c.retries.Load(), CommitFailures: c.commitFailures.Load(), Failures: c.failures.Load(),
		Logged: c.logged.Load(), LetterFailures: c.letterFailures.Load(),
	}
	if n := c.lastError.Load(); n != 0 {
		f.LastError = time.Unix(0, n)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f.Errors, f.States = maps.Clone(c.errors), c.times()
	return f
}

// plus adds the figures of the lives before.
func (f Figures) plus(past Figures) Figures {
	f.Read += past.Read
	f.Batch, f.Work, f.Commit = f.Batch.plus(past.Batch), f.Work.plus(past.Work), f.Commit.plus(past.Commit)
	f.Actives, f.Transactions = f.Actives.plus(past.Actives), f.Transactions.plus(past.Transactions)
	f.Retries += past.Retries
	f.CommitFailures += past.CommitFailures
	f.Failures += past.Failures
	f.Logged += past.Logged
	f.LetterFailures += past.LetterFailures
	if past.LastError.After(f.LastError) {
		f.LastError = past.LastError
	}
	f.Errors, f.States = sum(f.Errors, past.Errors), sum(f.States, past.States)
	return f
}

func sum[K comparable, V uint64 | time.Duration](a, b map[K]V) map[K]V {
	if len(b) == 0 {
		return a
	}
	out := maps.Clone(b)
	for k, v := range a {
		out[k] += v
	}
	return out
}
