package kafka

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// memberProtocolType keeps our groups apart from those of consumers
// ("consumer") and of Kafka Connect ("connect").
const memberProtocolType = "kcgen"

// Group is a group of instances that share something by Kafka's group protocol.
type Group struct {
	ID       string
	ClientID string
	Protocol string // how claims and assignments are encoded: all members have one in common

	SessionTimeout    time.Duration // after which silence a member counts as dead
	HeartbeatInterval time.Duration
	RebalanceTimeout  time.Duration // for a member to join a round in
}

// Peer is a member of the group in a round.
type Peer struct {
	ID    string
	Claim []byte // what it gave to Join
}

// Round is the end of a round for this member.
type Round struct {
	Assignment []byte
	Leads      bool
	Lease      time.Time
	Life       int // how often the member had lost everything before it
}

// MemberEvents is told what becomes of a [Member]. The calls come from two
// goroutines, and must return soon. Life sorts what crosses: an assignment of an
// earlier life than the last loss is void, as is a loss before the last
// assignment's.
type MemberEvents interface {
	// Share is asked of the round's leader: an assignment for each peer, of which
	// the member self is one. generation counts the group's rounds.
	Share(self string, generation int, peers []Peer) map[string][]byte
	// Assigned ends a round.
	Assigned(Round)
	// Alive is told after each heartbeat until when the group counts on the
	// member.
	Alive(lease time.Time)
	// Rebalancing says that the group waits for the member to Join.
	Rebalancing()
	// Lost says that the group has gone on without the member, which has nothing
	// any more. It may Join again. life counts the losses.
	Lost(life int)
}

// Member takes part in a group. It joins when it is told to, and else says that
// it lives; what it has, it keeps in the meantime.
//
//	member.go       what a member is told and tells
//	memberround.go  a round: join and sync
//	memberbeat.go   heartbeats, and the lease
//	membererror.go  what each error means
type Member struct {
	conn  *Conn
	group Group
	cl    *kgo.Client

	wanted chan struct{} // Join was called
	beats  chan struct{} // a heartbeat is due now

	mu         sync.Mutex
	id         string
	generation int32 // -1: none
	lease      time.Time
	claim      []byte // nil: of this life there is none
	joining    bool   // from Join to the end of the round
	called     bool   // Rebalancing was told
	ever       bool   // a round has ended well
	life       int    // how often it has lost everything
	attempt    attempt
}

// attempt is a join that waits for its answer.
type attempt struct {
	cancel context.CancelFunc // nil: there is none
	quiet  int                // heartbeats that found the group at rest meanwhile
}

// check refuses times that do not go together. Two heartbeats at least must fit
// into a session, or one that comes late would end it.
func (g Group) check() error {
	switch {
	case g.ID == "":
		return errors.New("kafka: worker.group.id is empty")
	case g.HeartbeatInterval <= 0 || g.HeartbeatInterval > g.SessionTimeout/2:
		return fmt.Errorf("kafka: worker.group.heartbeatInterval %v must be at most half of sessionTimeout %v; a third is good", g.HeartbeatInterval, g.SessionTimeout)
	case max(g.SessionTimeout, g.RebalanceTimeout) > math.MaxInt32*time.Millisecond:
		return fmt.Errorf("kafka: worker.group.sessionTimeout %v and rebalanceTimeout %v must be under 24 days", g.SessionTimeout, g.RebalanceTimeout)
	case g.RebalanceTimeout < g.HeartbeatInterval*2:
		return fmt.Errorf("kafka: worker.group.rebalanceTimeout %v must be at least twice heartbeatInterval %v: an instance hears of a rebalance by a heartbeat", g.RebalanceTimeout, g.HeartbeatInterval)
	}
	return nil
}

// Member makes a member with a client of its own, so that nothing else delays
// its heartbeats.
func (k *Conn) Member(g Group) (*Member, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	patience := min(max(g.SessionTimeout/3, time.Second), 10*time.Second) // with a broker that is silent
	cl, err := k.client(g.ClientID, kgo.RequestRetries(0), kgo.RequestTimeoutOverhead(patience))
	if err != nil {
		return nil, err
	}
	return &Member{conn: k, group: g, cl: cl, generation: -1,
		wanted: make(chan struct{}, 1), beats: make(chan struct{}, 1)}, nil
}

// Join asks for a round, in which the member says claim to the leader. Assigned
// or Lost follows, and before that there is no other Join. A claim of a life
// that is over says what is not true any more, and is not heard: Lost is on its
// way to the caller.
func (m *Member) Join(claim []byte, life int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if life != m.life {
		return
	}
	m.claim, m.joining, m.called = claim, true, false
	signal(m.wanted)
}

// Lease is until when the group counts on the member: nobody else has what it
// has before then.
func (m *Member) Lease() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lease
}

// Run takes part until ctx ends, or until it cannot: then it says why.
func (m *Member) Run(ctx context.Context, on MemberEvents) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel(nil)
	wg.Go(func() { m.beat(ctx, on, cancel) })
	var calm calm
	for {
		select {
		case <-m.wanted:
		case <-ctx.Done():
			return fatalCause(ctx)
		}
		if pause(ctx, calm.before(m.group.HeartbeatInterval)) == nil {
			if err := m.round(ctx, on); err != nil {
				return err
			}
		}
		calm.ended = time.Now()
	}
}

// calm keeps rounds that follow each other too quickly apart.
type calm struct {
	ended time.Time
	row   int
}

// manyRounds in a row, without a heartbeat between them, are more than a change
// needs: one to say it, one in which things move, one for who came meanwhile.
const manyRounds = 5

func (c *calm) before(interval time.Duration) time.Duration {
	if c.ended.IsZero() || time.Since(c.ended) > interval {
		c.row = 0
		return 0
	}
	if c.row++; c.row <= manyRounds {
		return 0
	}
	return Backoff(c.row-manyRounds, interval)
}

// Leave goes out of the group, so that it need not wait for the session to end.
// Call it when Run has returned.
func (m *Member) Leave(ctx context.Context) error {
	m.mu.Lock()
	id := m.id
	m.id, m.generation, m.lease = "", -1, time.Time{}
	m.mu.Unlock()
	if id == "" {
		return nil
	}
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group, req.MemberID = m.group.ID, id
	one := kmsg.NewLeaveGroupRequestMember()
	one.MemberID, one.Reason = id, kmsg.StringPtr("the instance stops")
	req.Members = append(req.Members, one)
	for fails := 1; ; fails++ {
		resp, err := ask(ctx, m.cl, req.RequestWith)
		if err == nil {
			if err = kerr.ErrorForCode(resp.ErrorCode); err == nil {
				return nil
			}
		}
		if errors.Is(err, kerr.UnknownMemberID) {
			return nil // it is gone
		}
		if m.verdict(err) != later || pause(ctx, backoff(fails)) != nil {
			return m.explain("leave", err)
		}
	}
}

// ask sends a request and waits for its answer until ctx ends. The client does
// not always return then: it may be dialing a broker that is silent. What is
// left behind ends when the member is closed.
func ask[A any](ctx context.Context, cl *kgo.Client, request func(context.Context, kmsg.Requestor) (A, error)) (A, error) {
	type answer struct {
		a   A
		err error
	}
	answers := make(chan answer, 1)
	go func() {
		a, err := request(ctx, cl)
		answers <- answer{a, err}
	}()
	select {
	case got := <-answers:
		return got.a, got.err
	case <-ctx.Done():
		var none A
		return none, ctx.Err()
	}
}

// Close lets go of the connections, within a moment.
func (m *Member) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	closeWithin(ctx, m.cl.Close)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func sortPeers(peers []Peer) {
	slices.SortFunc(peers, func(a, b Peer) int { return strings.Compare(a.ID, b.ID) })
}
