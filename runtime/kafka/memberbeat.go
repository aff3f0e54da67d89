package kafka

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// beat sends heartbeats for as long as the member has a generation, during
// rounds too: the coordinator takes them for signs of life, and they are what
// the lease lives from.
func (m *Member) beat(ctx context.Context, on MemberEvents, fail context.CancelCauseFunc) {
	timer := time.NewTimer(m.group.HeartbeatInterval)
	defer timer.Stop()
	for fails := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-m.beats:
		}
		err := m.beatOnce(ctx, on)
		next := m.group.HeartbeatInterval
		if fails++; err == nil {
			fails = 0
		} else {
			next = min(next, Backoff(fails, next))
		}
		if m.verdict(err) == never {
			fail(fatal{m.explain("stay in", err)})
			return
		}
		timer.Reset(next)
	}
}

// beatOnce sends one heartbeat. The error says that there was no answer that
// means something.
func (m *Member) beatOnce(ctx context.Context, on MemberEvents) error {
	m.mu.Lock()
	req := kmsg.NewPtrHeartbeatRequest()
	req.Group, req.MemberID, req.Generation = m.group.ID, m.id, m.generation
	m.mu.Unlock()
	if req.Generation < 0 {
		return nil // not a member
	}
	try, cancel := context.WithTimeout(ctx, max(m.group.HeartbeatInterval, time.Second))
	defer cancel()
	sent := time.Now()
	resp, err := ask(try, m.cl, req.RequestWith)
	if err != nil {
		return err
	}
	return m.answered(req, sent, kerr.ErrorForCode(resp.ErrorCode), on)
}

// answered takes the coordinator's answer to a heartbeat.
func (m *Member) answered(req *kmsg.HeartbeatRequest, sent time.Time, answer error, on MemberEvents) error {
	m.mu.Lock()
	if req.MemberID != m.id || req.Generation != m.generation {
		m.mu.Unlock()
		return nil // a round has ended meanwhile
	}
	tell := func() {}
	switch {
	case answer == nil, errors.Is(answer, kerr.RebalanceInProgress):
		m.renew(sent)
		lease := m.lease
		tell = func() { on.Alive(lease) }
		if answer == nil {
			m.orphaned()
		} else if !m.joining && !m.called {
			m.called = true
			tell = func() { on.Alive(lease); on.Rebalancing() }
		}
		answer = nil
	case errors.Is(answer, kerr.IllegalGeneration) && m.joining:
		answer = nil // the round's answer is on its way
	case errors.Is(answer, kerr.IllegalGeneration), errors.Is(answer, kerr.UnknownMemberID):
		life, _ := m.forgetLocked(errors.Is(answer, kerr.UnknownMemberID))
		if m.attempt.cancel != nil {
			m.attempt.cancel() // it claims what is lost
		}
		answer, tell = nil, func() { on.Lost(life) }
	}
	m.mu.Unlock()
	tell()
	return answer
}

// renew counts the session from when the coordinator was asked: it counts from
// when it heard. m.mu is held.
func (m *Member) renew(sent time.Time) {
	if lease := sent.Add(m.group.SessionTimeout); lease.After(m.lease) {
		m.lease = lease
	}
}

// orphaned gives up a join of which the coordinator does not know: it finds the
// group at rest. That is so when another broker has become the coordinator.
// m.mu is held.
func (m *Member) orphaned() {
	if m.attempt.cancel == nil {
		return
	}
	if m.attempt.quiet++; m.attempt.quiet > 1 {
		m.attempt.cancel()
	}
}
