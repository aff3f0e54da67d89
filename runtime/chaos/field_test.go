package chaos_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/weather"
	"kcgen.dev/runtime/worker"
)

// What the pipeline carries: few lines, as the faults are what counts.
const (
	rate      = 100 // lines a second of each sequence
	sequences = 8   // of each source
)

// field is where it all happens: a broker, the instances, and the folder with
// what they write.
type field struct {
	t        *testing.T
	seed     uint64
	dir      string
	program  string
	boundary string // of transactions
	begun    time.Time
	strict   bool // every stop must be clean

	broker     *servertest.Broker
	admin      *kadm.Client
	brokerTurn queue
	instances  []*instance
	connectors []*connector
	going      sync.WaitGroup // faults that are not over

	mu      sync.Mutex
	history *os.File
	frozen  []freeze
	faults  []string      // of the product
	failed  chan struct{} // closed with the first
	done    map[string]int
}

// connector is one that is asked for something by REST.
type connector struct {
	name  string
	tasks int
	turn  queue
	// unsure is that a pause or a stop may come into force late.
	unsure bool
}

// freeze is a time in which a process stood still.
type freeze struct {
	pid      int
	from, to time.Time
}

// newField starts a broker and makes places for instances. Everything is gone
// with the test, but the folder of one that failed.
func newField(t *testing.T, seed uint64, more ...servertest.KafkaOption) *field {
	t.Helper()
	f := &field{t: t, seed: seed, failed: make(chan struct{}), done: map[string]int{}, boundary: worker.AtInterval}
	if rand.New(rand.NewPCG(seed, 2)).IntN(2) == 0 {
		f.boundary = worker.AtPoll
	}
	f.makeFolder()
	f.startBroker(more...)
	var err error
	if f.program, err = program(); err != nil {
		t.Fatal(err)
	}
	if f.history, err = os.Create(filepath.Join(f.dir, "history.log")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.history.Close() })
	for _, name := range []string{"exact", "least"} {
		f.broker.CreateTopic(t, name, sequences)
		f.connectors = append(f.connectors, &connector{name: name + "-source", tasks: 4}, &connector{name: name + "-sink", tasks: 3})
	}
	f.begun = time.Now()
	return f
}

// makeFolder makes the folder with all that is written. It is kept where the
// test fails.
func (f *field) makeFolder() {
	dir, err := os.MkdirTemp("", fmt.Sprintf("kcgen-chaos-seed-%d-", f.seed))
	if err != nil {
		f.t.Fatal(err)
	}
	f.dir = dir
	f.t.Cleanup(func() {
		if f.t.Failed() || *keepFlag {
			f.t.Logf("logs, diaries and the history are kept in %s", dir)
			return
		}
		_ = os.RemoveAll(dir)
	})
}

// startBroker starts the broker, with a way of its own to it for each instance.
func (f *field) startBroker(more ...servertest.KafkaOption) {
	options := append([]servertest.KafkaOption{
		servertest.KafkaDir(filepath.Join(f.dir, "broker")), // kept where the test fails
		// Transactions that were left open are looked at often.
		servertest.KafkaProperty("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000"),
	}, more...)
	for n := range slots {
		rest, err := servertest.FreePort()
		if err != nil {
			f.t.Fatal(err)
		}
		i := &instance{n: n, rest: rest, proxy: weather.New(f.t)}
		f.instances = append(f.instances, i)
		options = append(options, servertest.KafkaAdvertise(listener(n), i.proxy.Addr()))
	}
	f.broker = servertest.Kafka(f.t, options...)
	for n, i := range f.instances {
		i.proxy.To(f.broker.Listener(listener(n)))
	}
	f.admin = kadm.NewClient(f.broker.Client(f.t))
	f.t.Cleanup(func() { // before the broker's end
		for _, i := range f.instances {
			if p := i.take(); p != nil {
				p.Kill()
			}
		}
	})
}

func listener(n int) string { return "WAY" + strconv.Itoa(n) }

// endFile is where the sources read when they are done.
func (f *field) endFile() string { return filepath.Join(f.dir, "end") }

// note writes a line of history.
func (f *field) note(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fmt.Fprintf(f.history, "%d %8.3fs %s\n", time.Now().UnixNano(), time.Since(f.begun).Seconds(), fmt.Sprintf(format, args...))
}

// fault notes what the product did wrong. The plan goes no further.
func (f *field) fault(format string, args ...any) {
	f.note("FAULT "+format, args...)
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.faults) == 0 {
		close(f.failed)
	}
	f.faults = append(f.faults, fmt.Sprintf(format, args...))
}

// queue has things done one after the other.
type queue struct{ last chan struct{} }

// after is closed when what was queued before is done; done ends what is queued
// now.
func (q *queue) after() (before <-chan struct{}, done func()) {
	before = q.last
	if before == nil {
		c := make(chan struct{})
		close(c)
		before = c
	}
	now := make(chan struct{})
	q.last = now
	return before, func() { close(now) }
}

// most is how many steps may be waiting or under way.
const most = 6

// calm is how long the broker is left alone after each trouble of its own: one
// after the other would leave no time in which anything works.
const calm = 10 * time.Second

// run does a plan. Steps begin in order, but each waits until what it is done to
// has no other trouble. It returns when the last trouble is over.
func (f *field) run(plan []step) {
	room := make(chan struct{}, most)
	for _, s := range plan {
		select {
		case <-f.failed:
			f.going.Wait()
			return
		case <-time.After(s.gap + *gapFlag):
		}
		room <- struct{}{}
		before, done := f.turn(s).after()
		f.going.Go(func() {
			<-before
			f.do(s)
			<-room
			if s.action.to == toBroker {
				time.AfterFunc(calm, done)
			} else {
				done()
			}
		})
	}
	f.going.Wait()
}

// turn is the queue of what a step is done to.
func (f *field) turn(s step) *queue {
	switch s.action.to {
	case toBroker:
		return &f.brokerTurn
	case toConnector:
		return &f.connector(s).turn
	}
	return &f.instances[s.instance].turn
}

func (f *field) do(s step) {
	f.note("%d %s, instance %d, %d, for %v", s.n, s.action.name, s.instance, s.which, s.lasts)
	f.mu.Lock()
	f.done[s.action.name]++
	f.mu.Unlock()
	s.action.do(f, s)
	f.note("%d is over", s.n)
}
