package kafka

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// echo is a member that shares out the letters of "abc" and joins when it is
// told to, as its owner would.
type echo struct {
	*Member
	mu    sync.Mutex
	life  int
	has   string
	leads bool
	said  []string
	ended chan error
}

func (e *echo) note(format string, args ...any) {
	e.said = append(e.said, fmt.Sprintf(format, args...))
}

func (e *echo) Share(self string, generation int, peers []Peer) map[string][]byte {
	shares := map[string][]byte{}
	for i, c := range "abc" {
		p := peers[i%len(peers)].ID
		shares[p] = append(shares[p], string(c)...)
	}
	if generation < 1 || !slices.ContainsFunc(peers, func(p Peer) bool { return p.ID == self && string(p.Claim) == "claim" }) {
		return nil
	}
	return shares
}

func (e *echo) Assigned(r Round) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r.Life >= e.life {
		e.has, e.leads = string(r.Assignment), r.Leads
		e.note("has %s", r.Assignment)
	}
}

func (e *echo) Alive(time.Time) {}

func (e *echo) Rebalancing() {
	e.mu.Lock()
	life := e.life
	e.mu.Unlock()
	e.Join([]byte("claim"), life)
}

func (e *echo) Lost(life int) {
	e.mu.Lock()
	e.life, e.has = life, ""
	e.note("lost")
	e.mu.Unlock()
	e.Join([]byte("claim"), life)
}

func (e *echo) state() (has string, leads bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.has, e.leads
}

const testBeat = 50 * time.Millisecond

func groupCluster(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	return cluster(t, append(opts, kfake.BrokerConfigs(map[string]string{"group.min.session.timeout.ms": "10", "group.initial.rebalance.delay.ms": "0"}))...)
}

// newEcho starts a member; its connections are opened by dial, or by the system.
func newEcho(t *testing.T, c *kfake.Cluster, change ...func(*Group, *Options)) *echo {
	t.Helper()
	g := Group{ID: "g", ClientID: "m", Protocol: "p", SessionTimeout: 40 * testBeat, HeartbeatInterval: testBeat, RebalanceTimeout: 60 * testBeat}
	var o Options
	for _, f := range change {
		f(&g, &o)
	}
	k, err := Connect(Cluster{Brokers: c.ListenAddrs()}, o)
	if err != nil {
		t.Fatal(err)
	}
	m, err := k.Member(g)
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{Member: m, ended: make(chan error, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(func() {
		cancel()
		select {
		case <-e.ended:
		case <-time.After(time.Minute):
			t.Error("Run does not end")
		}
		m.Close()
		k.Close()
	})
	go func() {
		e.ended <- m.Run(ctx, e)
		close(e.ended)
	}()
	m.Join([]byte("claim"), 0)
	return e
}

func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for begun := time.Now(); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > time.Minute {
			t.Fatalf("it never came: %s", what)
		}
	}
}

// spread reports whether the letters are shared by exactly these.
func spread(es ...*echo) func() bool {
	return func() bool {
		all := ""
		leaders := 0
		for _, e := range es {
			has, leads := e.state()
			if has == "" {
				return false
			}
			all += has
			if leads {
				leaders++
			}
		}
		b := []byte(all)
		slices.Sort(b)
		return string(b) == "abc" && leaders > 0 // kfake tells all that they lead, where the leader has gone
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	c := groupCluster(t)
	a := newEcho(t, c)
	soon(t, "one has all", spread(a))
	b, d := newEcho(t, c), newEcho(t, c)
	soon(t, "three share", spread(a, b, d))
	if lease := a.Lease(); !lease.After(time.Now()) || lease.After(time.Now().Add(40*testBeat)) {
		t.Errorf("the lease ends in %v", time.Until(lease))
	}
	if err := d.Leave(within(t)); err != nil {
		t.Error(err)
	}
	soon(t, "two share", spread(a, b))
	if a.life+b.life > 0 {
		t.Error("nobody has lost anything")
	}
}

// Each answer of the coordinator that asks for another try is tried again, and
// what the member held is given up only where the group has gone on without it.
func TestMemberRecovers(t *testing.T) {
	for _, code := range []*kerr.Error{kerr.NotCoordinator, kerr.CoordinatorNotAvailable, kerr.CoordinatorLoadInProgress,
		kerr.RebalanceInProgress, kerr.IllegalGeneration, kerr.UnknownMemberID, kerr.RequestTimedOut} {
		for _, key := range []kmsg.Key{kmsg.FindCoordinator, kmsg.JoinGroup, kmsg.SyncGroup, kmsg.Heartbeat} {
			if key == kmsg.FindCoordinator && !code.Retriable {
				continue
			}
			t.Run(key.Name()+"/"+code.Message, func(t *testing.T) {
				t.Parallel()
				c := groupCluster(t)
				a, b := newEcho(t, c), newEcho(t, c)
				soon(t, "two share", spread(a, b))
				var mu sync.Mutex
				left := 3
				c.ControlKey(key.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
					c.KeepControl()
					mu.Lock()
					defer mu.Unlock()
					if left == 0 {
						return nil, nil, false
					}
					left--
					return refusal(req, code), nil, true
				})
				d := newEcho(t, c) // it has them all join again
				soon(t, "the answers were given", func() bool { mu.Lock(); defer mu.Unlock(); return left == 0 || key == kmsg.FindCoordinator })
				soon(t, "three share", spread(a, b, d))
				lost := a.life + b.life + d.life
				gone := code == kerr.UnknownMemberID || code == kerr.IllegalGeneration && key == kmsg.Heartbeat
				if lost > 0 && !gone {
					t.Errorf("%d losses", lost)
				}
			})
		}
	}
}

// refusal is a response with an error code.
func refusal(req kmsg.Request, code *kerr.Error) kmsg.Response {
	resp := req.ResponseKind()
	switch r := resp.(type) {
	case *kmsg.FindCoordinatorResponse:
		r.ErrorCode = code.Code
		for _, key := range req.(*kmsg.FindCoordinatorRequest).CoordinatorKeys {
			rc := kmsg.NewFindCoordinatorResponseCoordinator()
			rc.Key, rc.ErrorCode = key, code.Code
			r.Coordinators = append(r.Coordinators, rc)
		}
	case *kmsg.JoinGroupResponse:
		r.ErrorCode = code.Code
	case *kmsg.SyncGroupResponse:
		r.ErrorCode = code.Code
	case *kmsg.HeartbeatResponse:
		r.ErrorCode = code.Code
	case *kmsg.LeaveGroupResponse:
		r.ErrorCode = code.Code
	}
	return resp
}

// What no further try will change ends Run, and says what to do.
func TestMemberRefused(t *testing.T) {
	for _, r := range []struct {
		code *kerr.Error
		key  kmsg.Key
		want string
	}{
		{kerr.GroupAuthorizationFailed, kmsg.FindCoordinator, "grant the principal Read on the group"},
		{kerr.GroupAuthorizationFailed, kmsg.JoinGroup, "grant the principal Read on the group"},
		{kerr.GroupAuthorizationFailed, kmsg.Heartbeat, "stay in the group g: "},
		{kerr.InconsistentGroupProtocol, kmsg.JoinGroup, "give worker.group.id a name of its own"},
		{kerr.InvalidSessionTimeout, kmsg.JoinGroup, "set worker.group.sessionTimeout within"},
		{kerr.InvalidGroupID, kmsg.JoinGroup, "see worker.group.id"},
		{kerr.GroupMaxSizeReached, kmsg.JoinGroup, "group.max.size"},
		{kerr.UnsupportedVersion, kmsg.SyncGroup, "join the group g: "},
		{kerr.UnknownServerError, kmsg.JoinGroup, "join the group g: "},
	} {
		t.Run(r.key.Name()+"/"+r.code.Message, func(t *testing.T) {
			t.Parallel()
			c := groupCluster(t)
			c.ControlKey(r.key.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
				c.KeepControl()
				return refusal(req, r.code), nil, true
			})
			e := newEcho(t, c)
			select {
			case err := <-e.ended:
				if err == nil || !strings.Contains(err.Error(), r.want) || !errors.Is(err, r.code) {
					t.Errorf("%v", err)
				}
			case <-time.After(time.Minute):
				t.Error("it goes on")
			}
		})
	}
}

// Every code has its place in the table: what is not named is tried later where
// Kafka says that it may pass, and ends it otherwise.
func TestMemberVerdicts(t *testing.T) {
	m := &Member{conn: &Conn{login: &login{}}}
	m.conn.login.now.Store(&credentials{})
	named := map[*kerr.Error]verdict{
		kerr.MemberIDRequired: atOnce, kerr.RebalanceInProgress: atOnce,
		kerr.UnknownMemberID: lost, kerr.IllegalGeneration: lost,
		kerr.SaslAuthenticationFailed: never, kerr.GroupAuthorizationFailed: never,
		kerr.NotCoordinator: later, kerr.CoordinatorNotAvailable: later, kerr.CoordinatorLoadInProgress: later,
	}
	for code := int16(-1); code < 200; code++ {
		err, ok := kerr.ErrorForCode(code).(*kerr.Error)
		if !ok {
			continue
		}
		want, is := named[err]
		switch {
		case is:
		case err.Retriable:
			want = later
		default:
			want = never
		}
		if got := m.verdict(fmt.Errorf("wrapped: %w", err)); got != want {
			t.Errorf("%s: %d, want %d", err.Message, got, want)
		}
	}
	m.ever = true
	if m.verdict(kerr.SaslAuthenticationFailed) != later {
		t.Error("a login that was taken once is tried again")
	}
	for err, want := range map[error]verdict{context.DeadlineExceeded: later, net.ErrClosed: later, context.Canceled: atOnce, errUnclaimed: unclaimed} {
		if got := m.verdict(err); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
}

// Rounds that follow each other are let pass at first, then kept apart, but not
// for longer than a heartbeat's interval or so.
func TestCalm(t *testing.T) {
	t.Parallel()
	var c calm
	for n := range 40 {
		d := c.before(time.Second)
		if n <= manyRounds && d > 0 || n > manyRounds && d == 0 || d > 1500*time.Millisecond {
			t.Fatalf("round %d waits for %v", n, d)
		}
		c.ended = time.Now()
	}
	c.ended = time.Now().Add(-2 * time.Second)
	if c.before(time.Second) > 0 {
		t.Error("it was calm")
	}
}

func TestGroupSettings(t *testing.T) {
	t.Parallel()
	good := Group{ID: "g", SessionTimeout: 10 * time.Second, HeartbeatInterval: 3 * time.Second, RebalanceTimeout: time.Minute}
	for _, c := range []struct {
		change func(*Group)
		want   string
	}{
		{func(*Group) {}, ""},
		{func(g *Group) { g.HeartbeatInterval = 5 * time.Second }, ""},
		{func(g *Group) { g.ID = "" }, "worker.group.id is empty"},
		{func(g *Group) { g.HeartbeatInterval = 6 * time.Second }, "heartbeatInterval 6s must be at most half of sessionTimeout 10s"},
		{func(g *Group) { g.SessionTimeout = 600 * time.Hour }, "must be under 24 days"},
		{func(g *Group) { g.RebalanceTimeout = 5 * time.Second }, "rebalanceTimeout 5s must be at least twice heartbeatInterval 3s"},
	} {
		g := good
		c.change(&g)
		if err := g.check(); c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v", g, err)
		}
	}
}

// A claim of a life that is over is not heard.
func TestStaleClaim(t *testing.T) {
	m := &Member{generation: 3, wanted: make(chan struct{}, 1)}
	if life, had := m.forget(true); life != 1 || !had {
		t.Fatalf("%d %t", life, had)
	}
	m.Join([]byte("old"), 0)
	if m.claim != nil || len(m.wanted) > 0 {
		t.Error("it was heard")
	}
	if _, err := m.join(t.Context()); !errors.Is(err, errUnclaimed) {
		t.Errorf("%v", err)
	}
	m.Join([]byte("new"), 1)
	if string(m.claim) != "new" || len(m.wanted) != 1 {
		t.Error("it was not heard")
	}
}

// A time that no request can hold is the longest that one can, and none in the
// past.
func TestMillis(t *testing.T) {
	for d, want := range map[time.Duration]int32{0: 0, 1500 * time.Microsecond: 1, time.Minute: 60_000, 1000 * time.Hour: math.MaxInt32, math.MaxInt64: math.MaxInt32} {
		if got := millis(d); got != want {
			t.Errorf("%v: %d", d, got)
		}
	}
}
