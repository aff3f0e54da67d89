package kafka

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// lead makes a broker the leader of the one partition, in a new epoch.
func lead(t *testing.T, c *kfake.Cluster, node int32) {
	t.Helper()
	if err := c.MoveTopicPartition("shared", 0, node); err != nil {
		t.Fatal(err)
	}
}

func readShared(t *testing.T, c *kfake.Cluster, reset string) *Reader {
	t.Helper()
	r, err := conn(t, c).Reader(Consumer{AutoOffsetReset: reset}, "x", Subscription{Group: "g", Topics: []string{"shared"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(within(t)) })
	return r
}

// next polls until records or an error come.
func next(t *testing.T, r *Reader) error {
	for ctx := within(t); ctx.Err() == nil; {
		runs, err := r.Poll(ctx, 1000, nil)
		r.Release()
		if err != nil || len(runs) > 0 {
			return err
		}
	}
	return t.Context().Err()
}

// The end of a transaction in a later epoch than its records' is no loss of
// records when the leader moves once more.
func TestEndOfTransactionIsNoLoss(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.SeedTopics(1, "shared"))
	lead(t, c, 0)
	end := openTransactionOf(t, c, "shared", "x", "k", "v")
	lead(t, c, 1)
	end(kgo.TryCommit)
	var asked atomic.Int32
	c.ControlKey(int16(kmsg.OffsetForLeaderEpoch), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		asked.Add(1)
		return nil, nil, false
	})
	r := readShared(t, c, "")
	take(t, r, 1)
	lead(t, c, 0)
	transaction(t, c, "shared", "k", "v", kgo.TryCommit)
	if err := next(t, r); err != nil {
		t.Error(err)
	}
	if asked.Load() == 0 {
		t.Error("the client did not look whether records were lost: the test tests nothing")
	}
}

// Records that were read and are gone are a failure, or are passed over where
// the spec asks for it.
func TestTruncated(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, reset, want string }{
		{"none", "", "shared-0: records are gone: the group g had read to offset 2 and the log now goes on at 0"},
		{"earliest", "earliest", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := cluster(t, kfake.SeedTopics(1, "shared"))
			lead(t, c, 0)
			transaction(t, c, "shared", "k", "v", kgo.TryCommit)
			r := readShared(t, c, test.reset)
			take(t, r, 1)
			c.ControlKey(int16(kmsg.OffsetForLeaderEpoch), func(req kmsg.Request) (kmsg.Response, error, bool) {
				c.KeepControl()
				return cutTo(req.(*kmsg.OffsetForLeaderEpochRequest), 0), nil, true
			})
			lead(t, c, 1)
			err := next(t, r)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// cutTo answers that the log ends at an offset.
func cutTo(req *kmsg.OffsetForLeaderEpochRequest, end int64) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.OffsetForLeaderEpochResponse)
	for _, t := range req.Topics {
		topic := kmsg.NewOffsetForLeaderEpochResponseTopic()
		topic.Topic = t.Topic
		for _, p := range t.Partitions {
			part := kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
			part.Partition, part.LeaderEpoch, part.EndOffset = p.Partition, p.LeaderEpoch, end
			topic.Partitions = append(topic.Partitions, part)
		}
		resp.Topics = append(resp.Topics, topic)
	}
	return resp
}
