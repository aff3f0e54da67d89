package worker

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"kcgen.dev/runtime/state"
)

// refuseCommits makes the broker send those who commit offsets away, to try
// again, while busy holds.
func refuseCommits(c *kfake.Cluster, busy func() bool) {
	offsets := c.TopicInfo("connect-offsets").TopicID
	c.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		req := r.(*kmsg.ProduceRequest)
		if !busy() || req.Topics[0].TopicID != offsets {
			return nil, nil, false
		}
		resp := req.ResponseKind().(*kmsg.ProduceResponse)
		for _, t := range req.Topics {
			rt := kmsg.NewProduceResponseTopic()
			rt.Topic, rt.TopicID = t.Topic, t.TopicID
			for _, p := range t.Partitions {
				rp := kmsg.NewProduceResponseTopicPartition()
				rp.Partition, rp.ErrorCode = p.Partition, kerr.NotLeaderForPartition.Code
				rt.Partitions = append(rt.Partitions, rp)
			}
			resp.Topics = append(resp.Topics, rt)
		}
		return resp, nil, true
	})
	c.ControlKey(int16(kmsg.OffsetCommit), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if !busy() {
			return nil, nil, false
		}
		req := r.(*kmsg.OffsetCommitRequest)
		resp := req.ResponseKind().(*kmsg.OffsetCommitResponse)
		for _, t := range req.Topics {
			rt := kmsg.NewOffsetCommitResponseTopic()
			rt.Topic, rt.TopicID = t.Topic, t.TopicID
			for _, p := range t.Partitions {
				rp := kmsg.NewOffsetCommitResponseTopicPartition()
				rp.Partition, rp.ErrorCode = p.Partition, kerr.CoordinatorLoadInProgress.Code
				rt.Partitions = append(rt.Partitions, rp)
			}
			resp.Topics = append(resp.Topics, rt)
		}
		return resp, nil, true
	})
}

// A commit that takes longer than it may has failed: the task goes on, and its
// offsets are committed by a later one, or by its own answer that comes late.
func TestCommitThatTakesTooLong(t *testing.T) {
	for _, records := range []int{400, 10} {
		t.Run(fmt.Sprint(records), func(t *testing.T) {
			t.Parallel()
			commitThatTakesTooLong(t, records)
		})
	}
}

func commitThatTakesTooLong(t *testing.T, records int) {
	c := cluster(t)
	var busy atomic.Bool
	cfg, lb := config(t, c)
	cfg.FlushTimeout = 30 * time.Millisecond
	src, out := &lines{topic: "t", all: count(records), batch: 10, poll: func(_ *lineTask, n int) error {
		time.Sleep(time.Millisecond)
		return nil
	}}, &memory{}
	cfg.Sources, cfg.Sinks = []Source{source(src)}, []Sink{sinkOf(out, "t")}
	w := opened(t, cfg)
	until(t, "the topic of offsets", func() bool { return c.TopicInfo("connect-offsets") != nil })
	refuseCommits(c, busy.Load)
	from, to := state.TaskID{Connector: "src"}, state.TaskID{Connector: "snk"}
	busy.Store(true)
	start(t, w, from)
	start(t, w, to)
	failures := func(task int) uint64 { return w.Stats()[task].CommitFailures }
	until(t, "commits of both to fail", func() bool { return failures(0) > 0 && failures(1) > 0 })
	until(t, "the tasks to go on", func() bool { return len(out.got()) == records })
	if s := lb.String(); !strings.Contains(s, "no answer within offsetFlushTimeout (30ms)") {
		t.Errorf("the log does not say why: %s", s)
	}
	busy.Store(false)
	until(t, "a commit of both", func() bool {
		s := w.Stats()
		return s[0].Commit.Count > 0 && s[1].Commit.Count > 0
	})
	w.Stop(t.Context(), from)
	w.Stop(t.Context(), to)
	if err := w.Failure(); err != nil {
		t.Error(err)
	}
}
