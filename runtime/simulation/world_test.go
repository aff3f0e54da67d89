//go:build synctests

package simulation

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// world is one run: a cluster in memory, the processes around it, the network
// between them, and what is known of it all. It lives in a synctest bubble, in
// which time passes only while everybody waits.
type world struct {
	t       *testing.T
	seed    uint64
	vn      kfake.VirtualNetwork
	cluster *kfake.Cluster
	addrs   []string
	own     *kgo.Client // the harness's
	begun   time.Time
	history history
	loaded  chan struct{} // closed when the data topic is filled; nil: by a source

	mu     sync.Mutex
	rng    *rand.Rand
	rates  rates
	hooks  hookRates
	down   map[string]bool
	steps  int
	events []string
	faults []string // what the harness itself saw to be wrong
	goal   []int    // per source partition, once faults have healed: where it ends
	high   []int    // per source partition: the records that were given
	procs  []*process
	last   []int64 // per partition: the offset at which its last record came to a sink
}

// hookRates are how often a connector's methods fail, per call.
type hookRates struct {
	retry float64 // with connect.Retry
	slow  float64 // take up to five seconds
	crash float64 // fail for good, or panic

	unmarked float64 // a poll's last records come without a mark
}

// The topics.
const (
	dataTopic    = "data"
	lettersTopic = "letters"      // of the source
	sinkLetters  = "sink-letters" // of the sink
	offsetsTopic = "connect-offsets"
	parts        = 3 // of the source, and of the data topic
	brokers      = 3
)

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 7)), down: map[string]bool{}, begun: time.Now(), high: make([]int, parts), last: make([]int64, parts)}
	c, err := kfake.NewCluster(kfake.NumBrokers(brokers), kfake.Ports(9092, 9093, 9094), kfake.ListenFn(w.vn.Listen), kfake.DefaultNumPartitions(parts), kfake.WithLogger(brokerLog{w}))
	if err != nil {
		t.Fatal(err)
	}
	w.cluster, w.addrs = c, c.ListenAddrs()
	w.own = w.client()
	w.observe()
	return w
}

func (w *world) roll() float64 { w.mu.Lock(); defer w.mu.Unlock(); return w.rng.Float64() }

func (w *world) intn(n int) int { w.mu.Lock(); defer w.mu.Unlock(); return w.rng.IntN(n) }

func (w *world) upTo(d time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Duration(w.rng.Int64N(int64(d) + 1))
}

func (w *world) net() rates { w.mu.Lock(); defer w.mu.Unlock(); return w.rates }

func (w *world) hook() hookRates { w.mu.Lock(); defer w.mu.Unlock(); return w.hooks }

func (w *world) isDown(addr string) bool { w.mu.Lock(); defer w.mu.Unlock(); return w.down[addr] }

// maxSteps is more requests than a run needs. A run with more is one that
// spins: virtual time would go on for ever.
const maxSteps = 150_000

// step counts a request.
func (w *world) step() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.steps++; w.steps == maxSteps {
		giveUp(w.seed, "too many requests: something spins")
	}
}

// note keeps a line for the report of a run that failed.
func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, fmt.Sprintf("%9.3f ", time.Since(w.begun).Seconds())+fmt.Sprintf(format, args...))
}

// wrong notes a violation.
func (w *world) wrong(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

// giveUp ends the whole program with all goroutines' stacks: the run cannot be
// ended in any other way.
func giveUp(seed uint64, why string) {
	buf := make([]byte, 4<<20)
	buf = buf[:runtime.Stack(buf, true)]
	fmt.Fprintf(os.Stderr, "seed %d: %s\n%s\n", seed, why, buf)
	os.Exit(3)
}

// Write takes the processes' logs.
func (w *world) Write(b []byte) (int, error) {
	w.note("%s", strings.TrimSpace(string(b)))
	return len(b), nil
}

// client is one of the harness's own, whose network has no faults.
func (w *world) client(opts ...kgo.Opt) *kgo.Client {
	cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(w.addrs...), kgo.Dialer(w.vn.DialContext))...)
	if err != nil {
		w.t.Fatal(err)
	}
	return cl
}

// emitted is told that a source partition has been read up to a number.
func (w *world) emitted(part, next int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.high[part] = max(w.high[part], next)
}

// left is how many records a source partition has behind a number: no end of
// them until the faults have healed.
func (w *world) left(part, next int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.goal == nil {
		return 1 << 30
	}
	return max(w.goal[part]-next, 0)
}

// finish sets the sources' ends.
func (w *world) finish() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range w.high {
		w.goal = append(w.goal, n+20)
	}
}

// brokerLog takes the cluster's log where it is asked for.
type brokerLog struct{ w *world }

func (l brokerLog) Logf(level kfake.LogLevel, format string, args ...any) {
	if *verbose && level <= kfake.LogLevelInfo {
		l.w.note("broker: "+format, args...)
	}
}

// reached is told of records that come to a sink.
func (w *world) reached(o origin, offset int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.goal != nil && due(o.part, o.seq+1) >= w.goal[o.part] {
		w.last[o.part] = max(w.last[o.part], offset)
	}
}
