package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
)

// verdict is what an error means for a member.
type verdict uint8

const (
	later     verdict = iota // try again after a pause
	atOnce                   // try again
	lost                     // the group has gone on without it
	never                    // no further try will change it
	unclaimed                // it was lost meanwhile: wait for a claim of the new life
)

var errUnclaimed = errors.New("kafka: the member has lost what it claimed")

// verdict is the table of that. What is not in it and may pass by Kafka's word
// is tried later, and all else that Kafka says is final. A login that is refused
// is final until it was taken once: passwords change while instances run.
func (m *Member) verdict(err error) verdict {
	var code *kerr.Error
	switch {
	case err == nil:
		return atOnce
	case errors.Is(err, errUnclaimed):
		return unclaimed
	case errors.Is(err, kerr.MemberIDRequired), errors.Is(err, kerr.RebalanceInProgress):
		return atOnce
	case errors.Is(err, context.Canceled):
		return atOnce // the attempt was given up
	case errors.Is(err, kerr.UnknownMemberID), errors.Is(err, kerr.IllegalGeneration):
		return lost
	case m.conn.login.refusal(err) != nil:
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.ever {
			return later
		}
		return never
	case errors.As(err, &code) && !code.Retriable:
		return never
	}
	return later
}

// fatal is why Run ends before its context does.
type fatal struct{ error }

// fatalCause is why ctx ended, where that was not the caller's doing.
func fatalCause(ctx context.Context) error {
	if f, ok := context.Cause(ctx).(fatal); ok {
		return f.error
	}
	return nil
}

// explain names the group, and says what to do.
func (m *Member) explain(what string, err error) error {
	if refused := m.conn.login.refusal(err); refused != nil {
		return refused
	}
	advice := ""
	switch {
	case errors.Is(err, kerr.GroupAuthorizationFailed):
		advice = "; grant the principal Read on the group (see worker.group.id)"
	case errors.Is(err, kerr.InconsistentGroupProtocol), errors.Is(err, kerr.GroupIDNotFound):
		advice = "; the group is used by a consumer, by Kafka Connect or by another version of this program: give worker.group.id a name of its own"
	case errors.Is(err, kerr.InvalidGroupID):
		advice = "; see worker.group.id"
	case errors.Is(err, kerr.InvalidSessionTimeout):
		advice = "; set worker.group.sessionTimeout within the broker's group.min.session.timeout.ms and group.max.session.timeout.ms"
	case errors.Is(err, kerr.GroupMaxSizeReached):
		advice = "; the broker's group.max.size lets no more instances in"
	}
	return fmt.Errorf("kafka: %s the group %s: %w%s", what, m.group.ID, err, advice)
}
