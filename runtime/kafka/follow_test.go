package kafka

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

var sharedSpec = NewTopic{Name: "shared", Partitions: 3, ReplicationFactor: 1, Configs: map[string]string{"cleanup.policy": "compact"}}

// seen is what an instance has seen of a log.
type seen struct {
	mu    sync.Mutex
	all   []Entry
	moved chan struct{}
}

func newSeen() *seen { return &seen{moved: make(chan struct{}, 1)} }

func (s *seen) each(e Entry) {
	s.mu.Lock()
	s.all = append(s.all, e)
	s.mu.Unlock()
	select {
	case s.moved <- struct{}{}:
	default:
	}
}

func (s *seen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var parts []string
	for _, e := range s.all {
		parts = append(parts, string(e.Key)+"="+string(e.Value))
	}
	return strings.Join(parts, " ")
}

// await waits until the text has all the parts, each once.
func (s *seen) await(t *testing.T, parts ...string) {
	t.Helper()
	ctx := within(t)
	for {
		text := " " + s.text() + " "
		missing := 0
		for _, p := range parts {
			switch strings.Count(text, " "+p+" ") {
			case 0:
				missing++
			case 1:
			default:
				t.Fatalf("%s was given twice: %s", p, text)
			}
		}
		if missing == 0 {
			return
		}
		select {
		case <-s.moved:
		case <-ctx.Done():
			t.Fatalf("%d of %v are missing; there is %s", missing, parts, text)
		}
	}
}

func openShared(t *testing.T, c *kfake.Cluster, s *seen) *Log {
	t.Helper()
	l, err := conn(t, c).OpenLog(within(t), t.Context(), sharedSpec, s.each, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func entry(key, value string) Entry { return Entry{Key: []byte(key), Value: []byte(value)} }

func TestLogReadToEnd(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	one, two := newSeen(), newSeen()
	a, b := openShared(t, c, one), openShared(t, c, two)
	for round := range 5 {
		var want []string
		for i := range 20 {
			k, v := fmt.Sprint("k", i), fmt.Sprint(round)
			appendAll(t, a, entry(k, v))
			want = append(want, k+"="+v)
		}
		if round == 3 {
			c.ShufflePartitionLeaders()
		}
		if err := b.ReadToEnd(within(t)); err != nil {
			t.Fatal(err)
		}
		two.await(t, want...)
	}
	if n := strings.Count(two.text(), "="); n != 100 {
		t.Errorf("%d records were given, want 100", n)
	}
	for _, e := range two.all {
		if e.Timestamp <= 0 || e.Offset < 0 {
			t.Errorf("%s has no place: %+v", e.Key, e)
		}
	}
	if one.text() != "" {
		t.Errorf("who did not read was given %s", one.text())
	}
}

// A record that is committed is seen although somebody else's transaction is
// open in front of it; what that one holds is seen when it is committed, and
// what was aborted never.
func TestLogReadsBehindOpenTransactions(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	s := newSeen()
	spec := sharedSpec
	spec.Partitions = 1
	if err := conn(t, c).Create(within(t), spec); err != nil {
		t.Fatal(err)
	}
	l := openShared(t, c, s)
	end := openTransactionOf(t, c, "shared", "other", "o", "1")
	appendAll(t, l, entry("mine", "1"))
	transaction(t, c, "shared", "aborted", "1", kgo.TryAbort)
	transaction(t, c, "shared", "mine", "2", kgo.TryCommit)
	if err := l.ReadToEnd(within(t)); err != nil {
		t.Fatal(err)
	}
	if got, want := s.text(), "mine=1 mine=2"; got != want {
		t.Errorf("behind an open transaction: %s, want %s", got, want)
	}
	fresh := newSeen() // from the start
	openShared(t, c, fresh)
	if got, want := fresh.text(), "mine=1 mine=2"; got != want {
		t.Errorf("from the start: %s, want %s", got, want)
	}
	end(kgo.TryCommit)
	if err := l.ReadToEnd(within(t)); err != nil {
		t.Fatal(err)
	}
	if got, want := s.text(), "mine=1 mine=2 o=1"; got != want {
		t.Errorf("after its commit: %s, want %s", got, want)
	}
}

// openTransactionOf begins a transaction with one record; the function that it
// gives ends it.
func openTransactionOf(t *testing.T, c *kfake.Cluster, topic, id, key, value string) func(kgo.TransactionEndTry) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.TransactionalID(id), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := cl.ProduceSync(within(t), &kgo.Record{Topic: topic, Key: []byte(key), Value: []byte(value)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	return func(how kgo.TransactionEndTry) {
		if err := cl.EndTransaction(within(t), how); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLogFollow(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	s := newSeen()
	l, other := openShared(t, c, s), openShared(t, c, newSeen())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Follow(ctx) }()
	appendAll(t, other, entry("a", "1"))
	s.await(t, "a=1")

	c.ShufflePartitionLeaders()
	appendAll(t, other, entry("a", "2"), entry("b", "2"), entry("c", "2"), entry("d", "2"))
	s.await(t, "a=2", "b=2", "c=2", "d=2")

	c.Fault(
		kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.NotLeaderForPartition, Count: 3},
		kfake.Fault{Keys: []kmsg.Key{kmsg.Metadata}, Err: kerr.LeaderNotAvailable, Count: 2},
		kfake.Fault{Keys: []kmsg.Key{kmsg.ListOffsets}, Err: kerr.CoordinatorLoadInProgress, Count: 1},
	)
	appendAll(t, other, entry("a", "3"), entry("b", "3"), entry("c", "3"))
	s.await(t, "a=3", "b=3", "c=3")

	// Reading to the end while it is followed waits for the follower.
	appendAll(t, other, entry("a", "4"))
	if err := l.ReadToEnd(within(t)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.text(), "a=4") {
		t.Errorf("the end was not read: %s", s.text())
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("following ended with %v", err)
	}
	appendAll(t, other, entry("a", "5"))
	if err := l.ReadToEnd(within(t)); err != nil {
		t.Fatal(err)
	}
	s.await(t, "a=1", "a=2", "a=3", "a=4", "a=5")
}

// A follower waits for rights that it may be given again.
func TestLogFollowWaitsForRights(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	s := newSeen()
	l, other := openShared(t, c, s), openShared(t, c, newSeen())
	appendAll(t, other, entry("a", "1"))
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.TopicAuthorizationFailed, Count: 2})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Follow(ctx) }()
	s.await(t, "a=1")
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestLogNoticesANewTopic(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	l := openShared(t, c, newSeen())
	appendAll(t, l, entry("a", "1"))
	if err := l.ReadToEnd(within(t)); err != nil {
		t.Fatal(err)
	}
	k := conn(t, c)
	deleteShared(t, k)
	if err := l.ReadToEnd(within(t)); err == nil || !strings.Contains(err.Error(), "UNKNOWN_TOPIC_OR_PARTITION") {
		t.Errorf("of a deleted topic: %v", err)
	}
	if err := k.Create(within(t), sharedSpec); err != nil {
		t.Fatal(err)
	}
	const want = "deleted and made anew"
	if err := l.ReadToEnd(within(t)); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("of a new topic: %v", err)
	}
	if err := l.Follow(within(t)); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("following a new topic: %v", err)
	}
}

func TestLogSingle(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	l := openShared(t, c, newSeen())
	if err := l.Single(within(t)); err == nil || !strings.Contains(err.Error(), "has 3 partitions") {
		t.Errorf("three partitions: %v", err)
	}
}

func deleteShared(t *testing.T, k *Conn) {
	t.Helper()
	req := kmsg.NewPtrDeleteTopicsRequest()
	rt := kmsg.NewDeleteTopicsRequestTopic()
	rt.Topic = kmsg.StringPtr("shared")
	req.Topics, req.TopicNames, req.TimeoutMillis = append(req.Topics, rt), []string{"shared"}, 1000
	resp, err := req.RequestWith(within(t), k.admin)
	if err == nil {
		err = kerr.ErrorForCode(resp.Topics[0].ErrorCode)
	}
	if err != nil {
		t.Fatal(err)
	}
}
