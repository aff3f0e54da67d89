package kafka

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// tearing has a cluster tell that it left the end of a transaction out of
// partitions, until a transaction with these in it ends.
type tearing struct {
	c     *kfake.Cluster
	state string // of the transaction, as the coordinator tells
	deny  bool   // nobody may look
	id    int64  // of the producer
	epoch int16  // of the transaction that is torn
	since int16  // how many have ended since it began

	mu    sync.Mutex
	parts []int32 // of the topic out
	added []int32
	ends  []string
	asked int
}

func (s *tearing) control(key kmsg.Key, each func(kmsg.Request) kmsg.Response) {
	s.c.ControlKey(int16(key), func(req kmsg.Request) (kmsg.Response, error, bool) {
		s.c.KeepControl()
		s.mu.Lock()
		defer s.mu.Unlock()
		resp := each(req)
		return resp, nil, resp != nil
	})
}

func (s *tearing) begin() {
	s.control(kmsg.DescribeTransactions, func(req kmsg.Request) kmsg.Response {
		resp := req.ResponseKind().(*kmsg.DescribeTransactionsResponse)
		ts := kmsg.NewDescribeTransactionsResponseTransactionState()
		ts.TransactionalID, ts.State = req.(*kmsg.DescribeTransactionsRequest).TransactionalIDs[0], s.state
		ts.ProducerID, ts.ProducerEpoch = s.id, s.epoch+s.since
		if s.asked++; s.asked == 1 && strings.HasPrefix(s.state, "Complete") {
			ts.State = strings.Replace(s.state, "Complete", "Prepare", 1) // it is ending yet
		}
		resp.TransactionStates = append(resp.TransactionStates, ts)
		return resp
	})
	s.control(kmsg.DescribeProducers, func(req kmsg.Request) kmsg.Response {
		resp := req.ResponseKind().(*kmsg.DescribeProducersResponse)
		for _, t := range req.(*kmsg.DescribeProducersRequest).Topics {
			rt := kmsg.NewDescribeProducersResponseTopic()
			rt.Topic = t.Topic
			for _, p := range t.Partitions {
				rt.Partitions = append(rt.Partitions, s.producers(p))
			}
			resp.Topics = append(resp.Topics, rt)
		}
		return resp
	})
	s.control(kmsg.AddPartitionsToTxn, func(req kmsg.Request) kmsg.Response {
		for _, t := range req.(*kmsg.AddPartitionsToTxnRequest).Topics {
			s.added = append(s.added, t.Partitions...)
		}
		return nil
	})
	s.control(kmsg.EndTxn, func(req kmsg.Request) kmsg.Response {
		slices.Sort(s.added)
		s.ends = append(s.ends, fmt.Sprint(req.(*kmsg.EndTxnRequest).Commit, s.added))
		s.parts = slices.DeleteFunc(s.parts, func(p int32) bool { return slices.Contains(s.added, p) })
		s.added = nil
		return nil
	})
}

// producers is what is said of who writes to a partition: another one, who has
// something open, and ours.
func (s *tearing) producers(n int32) kmsg.DescribeProducersResponseTopicPartition {
	p := kmsg.NewDescribeProducersResponseTopicPartition()
	p.Partition = n
	if s.deny {
		p.ErrorCode = kerr.TopicAuthorizationFailed.Code
		return p
	}
	ours, other := kmsg.NewDescribeProducersResponseTopicPartitionActiveProducer(), kmsg.NewDescribeProducersResponseTopicPartitionActiveProducer()
	ours.ProducerID, ours.ProducerEpoch, ours.CurrentTxnStartOffset = s.id, int32(s.epoch), -1
	if slices.Contains(s.parts, n) {
		ours.CurrentTxnStartOffset = 7
	}
	other.ProducerID, other.CurrentTxnStartOffset = s.id+1, 3
	p.ActiveProducers = append(p.ActiveProducers, ours, other)
	return p
}

// What brokers left out of some partitions is ended there as it was elsewhere,
// before anything else is written; what nobody knows the end of ends the task.
func TestTornTransactions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, state string
		since       int16
		torn        []int32
		deny        bool
		ends        []string
		err         error
	}{
		{"none", "CompleteCommit", 1, nil, false, nil, nil},
		{"committed", "CompleteCommit", 1, []int32{0, 2}, false, []string{"true [0 2]"}, nil},
		{"aborted", "CompleteAbort", 1, []int32{1}, false, []string{"false [1]"}, nil},
		{"aborted by the fence", "Ongoing", 0, []int32{1}, false, []string{"false [1]"}, nil},
		{"older than the last", "CompleteAbort", 2, []int32{1}, false, nil, ErrTorn},
		{"older than the one that is open", "Ongoing", 1, []int32{1}, false, nil, ErrTorn},
		{"nobody knows", "Empty", 1, []int32{1}, false, nil, ErrTorn},
		{"not to be looked at", "CompleteCommit", 1, []int32{1}, true, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &tearing{c: cluster(t, kfake.SeedTopics(3, "out")), state: c.state, since: c.since, parts: c.torn, deny: c.deny}
			x, err := conn(t, s.c).Transactor(Producer{}, "x", Transaction{ID: "x", Timeout: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			defer x.Close(within(t))
			if s.id, s.epoch, err = x.cl.ProducerID(within(t)); err != nil {
				t.Fatal(err)
			}
			s.begin()
			if err := x.Fence(within(t), "out", "not-there"); !errors.Is(err, c.err) {
				t.Errorf("got %v, want %v", err, c.err)
			} else if err != nil && !strings.Contains(err.Error(), "kafka-transactions.sh abort --topic out --partition 1 --start-offset 7") {
				t.Errorf("the error does not say what to do: %v", err)
			}
			s.mu.Lock()
			ends := s.ends
			s.mu.Unlock()
			if !slices.Equal(ends, c.ends) {
				t.Errorf("transactions were ended as %v, want %v", ends, c.ends)
			}
			if c.err != nil {
				return
			}
			if err := x.Begin(); err != nil {
				t.Fatalf("the next transaction: %v", err)
			}
			if err := x.Commit(within(t), "out", []Entry{{Key: []byte("k"), Value: []byte("v")}}); err != nil {
				t.Errorf("the next transaction: %v", err)
			}
		})
	}
}

// A fence is tried again after an error that its client keeps.
func TestFenceAgain(t *testing.T) {
	t.Parallel()
	for key, name := range map[kmsg.Key]string{kmsg.InitProducerID: "no producer id", kmsg.DescribeTransactions: "no state"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := cluster(t)
			x, err := conn(t, c).Transactor(Producer{}, "x", Transaction{ID: "x", Timeout: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			defer x.Close(within(t))
			h := c.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Err: kerr.UnknownServerError, Count: 1})
			if err := x.Fence(within(t)); err != nil {
				t.Error(err)
			}
			if h.Hits() != 1 {
				t.Errorf("it was asked %d times before", h.Hits())
			}
		})
	}
}
