package kafka

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// fencedTries is how often a topic is asked for while too few brokers count for
// its replication factor: ten seconds to half a minute, by the pauses between.
const fencedTries = 12

// fenced waits for brokers that are starting or fenced. Kafka does not count
// these, and says INVALID_REPLICATION_FACTOR as it does where there will never
// be enough.
type fenced struct {
	conn   *Conn
	topic  string
	factor int16 // -1: the broker's default, which it could hold once
	tries  int
}

// passing is an error of the broker's that may pass, although its code says
// otherwise: it hides the code.
type passing struct{ err error }

func (p passing) Error() string { return p.err.Error() }

// judge gives err back, as one that may pass where it may.
func (f *fenced) judge(ctx context.Context, err error) error {
	if !errors.Is(err, kerr.InvalidReplicationFactor) {
		return err
	}
	if f.tries++; f.tries > f.conn.fencedTries || !f.enough(ctx) {
		return err
	}
	if f.tries == 1 {
		f.conn.log.Warn("too few brokers take part for the topic's replication factor; waiting for some that may be starting", "topic", f.topic, "error", err.Error())
	}
	return passing{err}
}

// enough reports whether the brokers that are known could hold the replicas.
func (f *fenced) enough(ctx context.Context) bool {
	if f.factor < 0 {
		return true
	}
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = []kmsg.MetadataRequestTopic{} // none
	resp, err := req.RequestWith(ctx, f.conn.admin)
	return err != nil || int(f.factor) <= len(resp.Brokers)
}
