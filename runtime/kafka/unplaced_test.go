package kafka

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A partition whose offset the broker cannot tell at once is read all the same.
func TestPartitionUnknownAtFirst(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.SeedTopics(1, "shared"))
	transaction(t, c, "shared", "k", "v", kgo.TryCommit)
	fault := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetFetch}, Partitions: []int32{0}, Err: kerr.UnknownTopicOrPartition, Count: 1})
	take(t, readShared(t, c, ""), 1)
	if fault.Hits() != 1 {
		t.Errorf("%d answers were wrong, not 1", fault.Hits())
	}
}
