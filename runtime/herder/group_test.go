package herder

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/state"
)

type dialer = func(ctx context.Context, network, host string) (net.Conn, error)

// lab is a group of instances on one cluster.
type lab struct {
	t      *testing.T
	c      *kfake.Cluster
	seeds  []string
	dial   dialer
	group  string
	beat   time.Duration
	census *census
	board  *board
	all    []*instance
	over   bool

	burials sync.WaitGroup
}

func newLab(t *testing.T) *lab {
	dial, opts := fakeNetwork()
	opts = append(opts, kfake.NumBrokers(3), kfake.SeedTopics(1, "t"), kfake.BrokerConfigs(map[string]string{
		"group.min.session.timeout.ms": "10", "group.initial.rebalance.delay.ms": "0",
	}))
	c, err := kfake.NewCluster(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return &lab{t: t, c: c, seeds: c.ListenAddrs(), dial: dial, group: "workers", beat: beatEvery, census: newCensus(), board: newBoard()}
}

func (l *lab) close() {
	l.over = true
	l.burials.Wait()
	for _, i := range l.all {
		i.stop()
	}
	if l.c != nil {
		l.c.Close()
	}
	l.census.check(l.t)
}

// instance is one process of the group.
type instance struct {
	*Herder
	lab    *lab
	name   string
	tasks  *fakeTasks
	member *kafka.Member
	conn   *kafka.Conn
	cancel context.CancelFunc
	ended  chan error
	net    *network
	over   bool
}

var labConnectors = []Connector{{Name: "a", Tasks: 4}, {Name: "b", Tasks: 3}, {Name: "c", Tasks: 2}}

const labTasks = 9

// join starts an instance.
func (l *lab) join(name string, change ...func(*Config)) *instance {
	l.t.Helper()
	return l.start(name, func(*instance) {}, change...)
}

func (l *lab) start(name string, prepare func(*instance), change ...func(*Config)) *instance {
	l.t.Helper()
	i := &instance{lab: l, name: name, net: &network{dial: l.dial}, tasks: newFakeTasks(name, l.census), ended: make(chan error, 1)}
	prepare(i)
	var err error
	if i.conn, err = kafka.Connect(kafka.Cluster{Brokers: l.seeds}, kafka.Options{Dial: i.net.connect}); err != nil {
		l.t.Fatal(err)
	}
	i.member, err = i.conn.Member(kafka.Group{ID: l.group, ClientID: name, Protocol: Protocol,
		SessionTimeout: 4 * l.beat, HeartbeatInterval: l.beat, RebalanceTimeout: 20 * l.beat})
	if err != nil {
		l.t.Fatal(err)
	}
	cfg := Config{
		Worker: name + ":1", Shared: "configs", Connectors: labConnectors, Tasks: i.tasks, Statuses: l.board,
		Membership: i.member, SessionTimeout: 4 * l.beat, StopTimeout: l.beat,
	}
	for _, f := range change {
		f(&cfg)
	}
	i.Herder = New(cfg)
	ctx, cancel := context.WithCancel(l.t.Context())
	i.cancel = cancel
	go func() { i.ended <- i.Run(ctx) }()
	l.all = append(l.all, i)
	return i
}

// stop ends it as SIGTERM does.
func (i *instance) stop() error {
	if i.over {
		return nil
	}
	i.over = true
	i.cancel()
	err := <-i.ended
	go func() { // it waits for connections that are cut off
		i.member.Close()
		i.conn.Close()
	}()
	return err
}

// kill ends it as SIGKILL does: nothing more of it reaches anybody.
func (i *instance) kill() {
	i.net.cut()
	for _, id := range i.tasks.running() {
		i.lab.census.end(id, i.name)
	}
	i.over = true
	i.tasks.mu.Lock()
	i.tasks.census = newCensus()
	i.tasks.mu.Unlock()
	i.cancel()
	go func() {
		<-i.ended
		i.member.Close()
		i.conn.Close()
	}()
}

// end is why an instance ended by itself.
func (l *lab) end(i *instance) error {
	l.t.Helper()
	select {
	case err := <-i.ended:
		i.ended <- err
		return err
	case <-time.After(40 * l.beat):
		l.t.Fatalf("%s goes on: %+v", i.name, *i.Snapshot())
		return nil
	}
}

// eventually waits for something that is to come.
func (l *lab) eventually(what string, is func() bool) {
	l.t.Helper()
	for range patience {
		if is() {
			return
		}
		time.Sleep(l.beat / 10)
	}
	for _, i := range l.all {
		l.t.Logf("%s: %v %+v", i.name, i.over, *i.Snapshot())
	}
	l.t.Fatalf("it never came: %s; %s", what, l.board)
}

// settled reports whether every task runs, each at one of these, evenly.
func (l *lab) settled(at ...*instance) func() bool {
	return func() bool {
		n, least, most := 0, labTasks, 0
		for _, i := range at {
			k := len(i.tasks.running())
			n, least, most = n+k, min(least, k), max(most, k)
		}
		return n == labTasks && most-least <= 1 && l.told(at)
	}
}

// told reports whether the statuses say the truth.
func (l *lab) told(at []*instance) bool {
	l.board.mu.Lock()
	defer l.board.mu.Unlock()
	for _, i := range at {
		for _, id := range i.tasks.running() {
			if s := l.board.of[TaskUnit(id)]; s.Phase != state.Running || s.Worker != i.name+":1" {
				return false
			}
		}
	}
	return len(l.board.of) == labTasks+len(labConnectors)
}

// started holds how many starts there were: nothing moved that had not to. On a
// machine that is busy, leases end that would not, so it holds in virtual time
// alone.
func (l *lab) started(want int) {
	if !virtual {
		return // who joins first may have nothing yet when the next one does
	}
	l.t.Helper()
	if got := l.census.count(); got != want && (virtual || got < want) {
		l.t.Errorf("%d starts, where %d are needed", got, want)
	}
}

func TestGroup(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLab(t)
		defer l.close()
		a := l.join("a")
		l.eventually("one runs all", l.settled(a))
		b := l.join("b")
		l.eventually("two share", l.settled(a, b))
		c := l.join("c")
		l.eventually("three share", l.settled(a, b, c))
		// 9 starts at first, then what moved: 4 to the second, 3 to the third.
		l.started(labTasks + 4 + 3)
		if err := b.stop(); err != nil {
			t.Error(err)
		}
		l.eventually("two share after one has gone", l.settled(a, c))
		l.started(labTasks + 4 + 3 + 3)
		c.kill()
		l.eventually("one runs all after the other was killed", l.settled(a))
		leaders := 0
		for _, i := range l.all {
			if !i.over && i.Snapshot().Leads {
				leaders++
			}
		}
		if leaders != 1 {
			t.Errorf("%d lead", leaders)
		}
	})
}

// An instance that is cut off stops its tasks before they run elsewhere, and
// comes back.
func TestCutOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLab(t)
		defer l.close()
		a, b := l.join("a"), l.join("b")
		l.eventually("two share", l.settled(a, b))
		b.net.freeze()
		l.eventually("the other runs all", l.settled(a)) // the census sees what runs twice
		if b.Leased() {
			t.Error("the lease is over")
		}
		b.net.thaw()
		l.eventually("two share again", l.settled(a, b))
	})
}

// An instance that cannot reach anybody still stops in its time, and one that
// starts so joins when it can.
func TestOutage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLab(t)
		defer l.close()
		a := l.join("a")
		l.eventually("one runs all", l.settled(a))
		a.net.freeze()
		begun := time.Now()
		a.stop()
		if took := time.Since(begun); virtual && took > beatEvery {
			t.Errorf("it took %v, where a stop may take %v", took, beatEvery)
		}
		if n := len(a.tasks.running()); n > 0 {
			t.Errorf("%d tasks run on", n)
		}
		a.net.thaw()
		b := l.start("b", func(i *instance) { i.net.freeze() })
		time.Sleep(3 * beatEvery)
		if b.Snapshot().Member {
			t.Error("it is no member yet")
		}
		b.net.thaw()
		l.eventually("the other runs all", l.settled(b))
	})
}

// Another coordinator, and brokers that go: nothing needs to move.
func TestCoordinatorMoves(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLab(t)
		defer l.close()
		a := l.join("a")
		l.eventually("one runs all", l.settled(a))
		b := l.join("b")
		l.eventually("two share", l.settled(a, b))
		for range 3 {
			l.c.RehashCoordinators()
			time.Sleep(2 * beatEvery)
		}
		l.eventually("two share still", l.settled(a, b))
		l.started(labTasks + 4)
		c := l.join("c")
		l.c.RehashCoordinators()
		l.eventually("three share", l.settled(a, b, c))
	})
}

// A group that is somebody else's is refused.
func TestForeignGroup(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLab(t)
		defer l.close()
		consumer, err := kgo.NewClient(kgo.SeedBrokers(l.seeds...), kgo.Dialer(l.dial), kgo.ConsumerGroup("workers"), kgo.ConsumeTopics("t"))
		if err != nil {
			t.Fatal(err)
		}
		defer consumer.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 4*beatEvery)
		consumer.PollFetches(ctx)
		cancel()
		a := l.join("a")
		err = l.end(a)
		if err == nil || !strings.Contains(err.Error(), "give worker.group.id a name of its own") {
			t.Errorf("%v", err)
		}
	})
}

func TestOtherTopicsAreRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLab(t)
		defer l.close()
		a := l.join("a")
		l.eventually("one runs all", l.settled(a))
		b := l.join("b", func(c *Config) { c.Shared = "other-configs" })
		err := l.end(b)
		if err == nil || !strings.Contains(err.Error(), "this instance other-configs: give each pipeline a worker.group.id of its own") {
			t.Errorf("%v", err)
		}
		l.eventually("one runs all still", l.settled(a))
		l.started(labTasks)
	})
}

// A rolling update: tasks of a connector run in one version at a time.
func TestRollingUpdate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLab(t)
		defer l.close()
		a, b := l.join("a"), l.join("b")
		l.eventually("two share", l.settled(a, b))
		updated := slices.Clone(labConnectors)
		updated[0].Version = "new"
		update := func(c *Config) { c.Connectors = updated }
		b.stop()
		b2 := l.join("b2", update)
		l.eventually("the old version stays with who has it", func() bool {
			return l.census.all(labTasks) && len(b2.tasks.running()) > 0 && !slices.ContainsFunc(b2.tasks.running(), func(id state.TaskID) bool { return id.Connector == "a" })
		})
		a.stop()
		a2 := l.join("a2", update)
		l.eventually("two share again", l.settled(a2, b2))
	})
}

// A fenced task asks the group, and runs again.
func TestFenced(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLab(t)
		defer l.close()
		fenced := errors.New("fenced")
		a := l.join("a", func(c *Config) { c.Fenced = func(err error) bool { return errors.Is(err, fenced) } })
		l.eventually("one runs all", l.settled(a))
		epoch := a.Snapshot().Generation
		a.tasks.end("fail", state.TaskID{Connector: "a"}, fmt.Errorf("write: %w", fenced))
		l.eventually("it runs again", func() bool { return l.settled(a)() && l.census.count() > labTasks })
		l.started(labTasks + 1)
		if a.Snapshot().Generation == epoch {
			t.Error("nobody asked the group")
		}
	})
}

// network is the way of one instance to the brokers, which can be cut for good
// or frozen for a while.
type network struct {
	dial dialer

	mu     sync.Mutex
	conns  []net.Conn
	dead   bool
	frozen chan struct{} // closed by thaw
}

func (n *network) connect(ctx context.Context, network, host string) (net.Conn, error) {
	if err := n.gate(); err != nil {
		return nil, err
	}
	c, err := n.dial(ctx, network, host)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conns = append(n.conns, c)
	return &gatedConn{c, n}, nil
}

func (n *network) gate() error {
	n.mu.Lock()
	frozen, dead := n.frozen, n.dead
	n.mu.Unlock()
	if dead {
		return errors.New("the process is dead")
	}
	if frozen != nil {
		<-frozen
	}
	return nil
}

func (n *network) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dead = true
	if n.frozen != nil {
		close(n.frozen)
		n.frozen = nil
	}
	for _, c := range n.conns {
		c.Close()
	}
}

func (n *network) freeze() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.frozen = make(chan struct{})
}

func (n *network) thaw() {
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.frozen)
	n.frozen = nil
}

type gatedConn struct {
	net.Conn
	n *network
}

func (c *gatedConn) Write(b []byte) (int, error) {
	if err := c.n.gate(); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

func (c *gatedConn) Read(b []byte) (int, error) {
	k, err := c.Conn.Read(b)
	if dead := c.n.gate(); dead != nil {
		return 0, dead
	}
	return k, err
}
