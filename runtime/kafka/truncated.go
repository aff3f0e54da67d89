package kafka

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

// lost judges what the client takes for the loss of records: after a move of
// the partition's leader the log ends, for the last epoch that the client
// knows, before the place that it has come to. The client goes on there by
// itself. It knows the epochs of records alone: where it has passed the end of
// a transaction, or records of one that was aborted, it is behind by an epoch
// and is told of a loss where there is none. So what counts is what was given
// to the caller before: what this Poll gives as well, it has read since.
func (r *Reader) lost(loss *kgo.ErrDataLoss) error {
	p := Partition{loss.Topic, loss.Partition}
	if at := r.progress.reached(p); at <= loss.ResetTo {
		return nil
	}
	if r.reset != "" { // as Kafka's own consumer
		r.conn.log.Warn("records that were read are gone from the log; going on where it ends now", "partition", p.String(), "group", r.group, "read", loss.ConsumedTo, "end", loss.ResetTo)
		return nil
	}
	return fmt.Errorf("kafka: read %s: records are gone: the group %s had read to offset %d and the log now goes on at %d; set consumer.autoOffsetReset to go on there, or alter the group's offset: %w", p, r.group, loss.ConsumedTo, loss.ResetTo, loss)
}
