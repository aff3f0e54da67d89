package kafka

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// round joins and syncs, again and again until the member has its assignment,
// or has lost what it had, or cannot take part.
func (m *Member) round(ctx context.Context, on MemberEvents) error {
	var bad limitedLog
	for fails := 1; ; fails++ {
		done, err := m.tryRound(ctx, on)
		if err == nil {
			on.Assigned(done)
			signal(m.beats) // the answer may have taken long, and the lease counts from the question
			return nil
		}
		if ctx.Err() != nil {
			return fatalCause(ctx)
		}
		switch m.verdict(err) {
		case atOnce:
			if fails < manyRounds {
				continue
			}
		case unclaimed:
			return nil
		case lost:
			if life, had := m.forget(errors.Is(err, kerr.UnknownMemberID)); had {
				on.Lost(life)
				return nil // it joins anew, with nothing
			}
			if fails < manyRounds {
				continue
			}
		case never:
			return m.explain("join", err)
		}
		if bad.ok() && fails > 1 {
			m.conn.log.Warn("the group does not take this instance yet; trying again", "group", m.group.ID, "error", err.Error())
		}
		if pause(ctx, Backoff(fails, m.group.HeartbeatInterval)) != nil {
			return fatalCause(ctx)
		}
	}
}

// limitedLog says a thing at once and then every ten seconds.
type limitedLog struct{ said time.Time }

func (l *limitedLog) ok() bool {
	if time.Since(l.said) < sayEvery {
		return false
	}
	l.said = time.Now()
	return true
}

func (m *Member) tryRound(ctx context.Context, on MemberEvents) (Round, error) {
	joined, err := m.join(ctx)
	if err != nil {
		return Round{}, err
	}
	return m.sync(ctx, on, joined)
}

// millis is a time as requests have it: one that is too long for that is the
// longest.
func millis(d time.Duration) int32 { return int32(min(d.Milliseconds(), math.MaxInt32)) }

// join waits until every member has joined, which may take as long as the
// slowest of them needs. Heartbeats go on meanwhile.
func (m *Member) join(ctx context.Context) (*kmsg.JoinGroupResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	req := kmsg.NewPtrJoinGroupRequest()
	req.Group, req.ProtocolType = m.group.ID, memberProtocolType
	req.SessionTimeoutMillis = millis(m.group.SessionTimeout)
	req.RebalanceTimeoutMillis = millis(m.group.RebalanceTimeout)
	p := kmsg.NewJoinGroupRequestProtocol()
	p.Name = m.group.Protocol
	m.mu.Lock()
	if m.claim == nil {
		m.mu.Unlock()
		return nil, errUnclaimed
	}
	req.MemberID, p.Metadata = m.id, m.claim
	m.attempt = attempt{cancel: cancel}
	m.mu.Unlock()
	req.Protocols = append(req.Protocols, p)

	sent := time.Now()
	resp, err := ask(ctx, m.cl, req.RequestWith)

	m.mu.Lock()
	defer m.mu.Unlock()
	m.attempt = attempt{}
	if err != nil {
		return nil, err
	}
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		if err == kerr.MemberIDRequired {
			m.id = resp.MemberID
		}
		return nil, err
	}
	m.id, m.generation = resp.MemberID, resp.Generation
	m.renew(sent)
	return resp, nil
}

// sync gets the assignment from the leader, or gives it.
func (m *Member) sync(ctx context.Context, on MemberEvents, joined *kmsg.JoinGroupResponse) (Round, error) {
	leads := joined.LeaderID == joined.MemberID
	req := kmsg.NewPtrSyncGroupRequest()
	req.Group, req.MemberID, req.Generation = m.group.ID, joined.MemberID, joined.Generation
	req.ProtocolType, req.Protocol = kmsg.StringPtr(memberProtocolType), joined.Protocol
	if leads {
		peers := make([]Peer, len(joined.Members))
		for i, p := range joined.Members {
			peers[i] = Peer{ID: p.MemberID, Claim: p.ProtocolMetadata}
		}
		sortPeers(peers)
		shares := on.Share(joined.MemberID, int(joined.Generation), peers)
		for _, p := range peers {
			a := kmsg.NewSyncGroupRequestGroupAssignment()
			a.MemberID, a.MemberAssignment = p.ID, shares[p.ID]
			req.GroupAssignment = append(req.GroupAssignment, a)
		}
	}
	sent := time.Now()
	resp, err := ask(ctx, m.cl, req.RequestWith)
	if err == nil {
		err = kerr.ErrorForCode(resp.ErrorCode)
	}
	if errors.Is(err, kerr.IllegalGeneration) {
		err = kerr.RebalanceInProgress // the next round has begun: each round has the claims of all its members
	}
	if err != nil {
		return Round{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.id != joined.MemberID || m.generation != joined.Generation {
		return Round{}, kerr.RebalanceInProgress // a heartbeat was told that all is lost
	}
	m.renew(sent)
	m.joining, m.ever = false, true
	return Round{Assignment: resp.MemberAssignment, Leads: leads, Lease: m.lease, Life: m.life}, nil
}

// forget gives up the membership, and reports whether there was one. The
// member's id goes too where the coordinator does not know it.
func (m *Member) forget(id bool) (life int, had bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.forgetLocked(id)
}

func (m *Member) forgetLocked(id bool) (life int, had bool) {
	if had = m.generation >= 0; had {
		m.life++
		m.claim, m.joining = nil, false
	}
	m.generation, m.lease, m.called = -1, time.Time{}, false
	if id {
		m.id = ""
	}
	return m.life, had
}
