package worker

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"kcgen.dev/runtime/connect"
)

// topics is a source that gives a line for each of two topics, and then one for
// the second again, which it is to be stopped before.
type topics struct {
	polls int
	ended func() // its second poll
}

func (s *topics) Tasks(context.Context, int) ([]connect.SourceTask, error) {
	return []connect.SourceTask{s}, nil
}

func (s *topics) Open(context.Context, connect.SourceContext) error { return nil }

func (s *topics) Close() error { return nil }

func (s *topics) Poll(ctx context.Context, b *connect.Batch) error {
	give := func(topic, line string) {
		r := b.Add()
		r.Topic, r.Value = topic, connect.Datum{Value: connect.String(line)}
	}
	switch s.polls++; s.polls {
	case 1:
		give("held", "0")
		give("refused", "0")
	case 2:
		defer s.ended()
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Second): // the refusal was not heeded
			give("refused", "1")
		}
	default:
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// A record that Kafka refuses ends its task though others of its poll have no
// answer yet: what is behind it is not written before it.
func TestRefusedEndsAtOnce(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.NumBrokers(2), kfake.SeedTopics(1, "held", "refused"))
	for node, topic := range []string{"held", "refused"} { // else one request has both
		if err := c.MoveTopicPartition(topic, 0, int32(node)); err != nil {
			t.Fatal(err)
		}
	}
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "refused", Err: kerr.PolicyViolation, Count: 1})
	release := make(chan struct{})
	held := c.TopicInfo("held").TopicID
	c.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if r.(*kmsg.ProduceRequest).Topics[0].TopicID == held {
			c.SleepControl(func() { <-release })
		}
		return nil, nil, false
	})
	cfg, _ := config(t, c)
	cfg.IdleExit = 0
	freed := sync.OnceFunc(func() { close(release) })
	defer freed()
	src := &topics{ended: func() { time.AfterFunc(time.Second, freed) }} // a line that came is on its way then
	cfg.Sources = []Source{{Name: "src", Connector: src, MaxTasks: 1, Key: raw{}, Value: raw{}, Header: raw{}}}
	if _, err := run(t, cfg); !errors.Is(err, kerr.PolicyViolation) {
		t.Errorf("error %v", err)
	}
	if n := end(t, c, "refused"); n != 0 {
		t.Errorf("%d records were written behind the one that was refused", n)
	}
}
