//go:build synctests

package simulation

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

var (
	injectEvery = flag.Int("inject-every", 1, "run one injection of `N`")
	injectOnly  = flag.String("inject", "", "run the injections alone whose `name` begins so")
)

// injection is one kind of request answered by one error.
type injection struct {
	key kmsg.Key
	err *kerr.Error
	top bool // at the answer's top, not for one of its parts
}

func (i injection) fault() kfake.Fault {
	f := kfake.Fault{Keys: []kmsg.Key{i.key}, Err: i.err, TopLevel: i.top}
	if i.key == kmsg.OffsetFetch && slices.Contains(ofPartitions, i.err) {
		f.Partitions = []int32{0, 1, 2} // else the group gets the error, which no broker does
	}
	return f
}

func (i injection) String() string {
	s := i.key.Name() + "/" + i.err.Message
	if i.top {
		s += "/top"
	}
	return s
}

// allowed are the errors that Kafka's protocol has for the requests that the
// runtime sends. Every request may also be answered by anywhere.
var allowed = []struct {
	key  kmsg.Key
	top  bool
	errs []*kerr.Error
}{
	{kmsg.Produce, false, []*kerr.Error{
		kerr.CorruptMessage, kerr.UnknownTopicOrPartition, kerr.NotLeaderForPartition, kerr.LeaderNotAvailable, kerr.RequestTimedOut,
		kerr.MessageTooLarge, kerr.NotEnoughReplicas, kerr.NotEnoughReplicasAfterAppend, kerr.TopicAuthorizationFailed, kerr.KafkaStorageError,
		kerr.InvalidTimestamp, kerr.InvalidRecord, kerr.UnsupportedForMessageFormat, kerr.RecordListTooLarge, kerr.ClusterAuthorizationFailed,
		kerr.OutOfOrderSequenceNumber, kerr.UnknownProducerID, kerr.InvalidProducerEpoch, kerr.FencedLeaderEpoch,
		kerr.UnknownTopicID, kerr.PolicyViolation, kerr.ThrottlingQuotaExceeded,
	}},
	{kmsg.Fetch, false, []*kerr.Error{
		kerr.OffsetOutOfRange, kerr.UnknownTopicOrPartition, kerr.NotLeaderForPartition, kerr.ReplicaNotAvailable, kerr.TopicAuthorizationFailed,
		kerr.KafkaStorageError, kerr.FencedLeaderEpoch, kerr.UnknownLeaderEpoch, kerr.CorruptMessage, kerr.OffsetNotAvailable, kerr.UnknownTopicID, kerr.InconsistentTopicID,
	}},
	{kmsg.Fetch, true, []*kerr.Error{kerr.FetchSessionIDNotFound, kerr.InvalidFetchSessionEpoch, kerr.FetchSessionTopicIDError}},
	{kmsg.ListOffsets, false, []*kerr.Error{
		kerr.UnknownTopicOrPartition, kerr.NotLeaderForPartition, kerr.LeaderNotAvailable, kerr.ReplicaNotAvailable, kerr.OffsetNotAvailable,
		kerr.TopicAuthorizationFailed, kerr.KafkaStorageError, kerr.FencedLeaderEpoch, kerr.UnknownLeaderEpoch, kerr.UnsupportedForMessageFormat,
	}},
	{kmsg.Metadata, false, []*kerr.Error{
		kerr.UnknownTopicOrPartition, kerr.LeaderNotAvailable, kerr.InvalidTopicException, kerr.TopicAuthorizationFailed, kerr.InvalidReplicationFactor, kerr.RequestTimedOut,
	}},
	{kmsg.OffsetCommit, false, []*kerr.Error{
		kerr.RequestTimedOut, kerr.OffsetMetadataTooLarge, kerr.CoordinatorLoadInProgress, kerr.CoordinatorNotAvailable, kerr.NotCoordinator,
		kerr.IllegalGeneration, kerr.UnknownMemberID, kerr.RebalanceInProgress, kerr.InvalidCommitOffsetSize, kerr.TopicAuthorizationFailed,
		kerr.GroupAuthorizationFailed, kerr.UnknownTopicOrPartition, kerr.FencedInstanceID,
	}},
	{kmsg.OffsetFetch, false, []*kerr.Error{
		kerr.CoordinatorLoadInProgress, kerr.CoordinatorNotAvailable, kerr.NotCoordinator, kerr.GroupAuthorizationFailed, kerr.UnstableOffsetCommit,
		kerr.TopicAuthorizationFailed, kerr.UnknownTopicOrPartition,
	}},
	{kmsg.FindCoordinator, false, []*kerr.Error{
		kerr.CoordinatorLoadInProgress, kerr.CoordinatorNotAvailable, kerr.GroupAuthorizationFailed, kerr.InvalidRequest,
	}},
	{kmsg.JoinGroup, false, []*kerr.Error{
		kerr.CoordinatorLoadInProgress, kerr.CoordinatorNotAvailable, kerr.NotCoordinator, kerr.InconsistentGroupProtocol, kerr.UnknownMemberID,
		kerr.InvalidSessionTimeout, kerr.GroupAuthorizationFailed, kerr.GroupMaxSizeReached, kerr.RebalanceInProgress, kerr.FencedInstanceID,
	}},
	{kmsg.SyncGroup, false, []*kerr.Error{
		kerr.CoordinatorLoadInProgress, kerr.CoordinatorNotAvailable, kerr.NotCoordinator, kerr.IllegalGeneration, kerr.UnknownMemberID,
		kerr.RebalanceInProgress, kerr.GroupAuthorizationFailed, kerr.InconsistentGroupProtocol,
	}},
	{kmsg.Heartbeat, false, []*kerr.Error{
		kerr.CoordinatorLoadInProgress, kerr.CoordinatorNotAvailable, kerr.NotCoordinator, kerr.IllegalGeneration, kerr.UnknownMemberID,
		kerr.RebalanceInProgress, kerr.GroupAuthorizationFailed, kerr.FencedInstanceID,
	}},
	{kmsg.LeaveGroup, false, []*kerr.Error{
		kerr.CoordinatorLoadInProgress, kerr.CoordinatorNotAvailable, kerr.NotCoordinator, kerr.UnknownMemberID, kerr.GroupAuthorizationFailed,
	}},
	{kmsg.ApiVersions, true, []*kerr.Error{kerr.UnsupportedVersion, kerr.RequestTimedOut}},
	{kmsg.CreateTopics, false, []*kerr.Error{
		kerr.RequestTimedOut, kerr.NotController, kerr.InvalidTopicException, kerr.TopicAlreadyExists, kerr.InvalidPartitions, kerr.InvalidReplicationFactor,
		kerr.InvalidConfig, kerr.TopicAuthorizationFailed, kerr.ClusterAuthorizationFailed, kerr.PolicyViolation, kerr.ThrottlingQuotaExceeded,
	}},
	{kmsg.InitProducerID, false, []*kerr.Error{
		kerr.CoordinatorLoadInProgress, kerr.CoordinatorNotAvailable, kerr.NotCoordinator, kerr.ClusterAuthorizationFailed, kerr.ConcurrentTransactions, kerr.RequestTimedOut,
	}},
	// Sent where there are transactions alone.
	{kmsg.EndTxn, false, []*kerr.Error{
		kerr.CoordinatorLoadInProgress, kerr.CoordinatorNotAvailable, kerr.NotCoordinator, kerr.InvalidTxnState, kerr.InvalidProducerIDMapping,
		kerr.InvalidProducerEpoch, kerr.ProducerFenced, kerr.TransactionalIDAuthorizationFailed, kerr.ConcurrentTransactions, kerr.TransactionAbortable,
	}},
	{kmsg.DescribeTransactions, false, []*kerr.Error{
		kerr.CoordinatorLoadInProgress, kerr.CoordinatorNotAvailable, kerr.NotCoordinator, kerr.TransactionalIDNotFound, kerr.TransactionalIDAuthorizationFailed,
	}},
	{kmsg.DescribeProducers, false, []*kerr.Error{kerr.NotLeaderForPartition, kerr.UnknownTopicOrPartition, kerr.TopicAuthorizationFailed, kerr.InvalidTopicException}},

	{kmsg.DescribeConfigs, false, []*kerr.Error{kerr.TopicAuthorizationFailed, kerr.ClusterAuthorizationFailed, kerr.RequestTimedOut, kerr.UnknownTopicOrPartition}},
}

// ofPartitions are errors that an OffsetFetch has for a partition alone.
var ofPartitions = []*kerr.Error{kerr.UnstableOffsetCommit, kerr.TopicAuthorizationFailed, kerr.UnknownTopicOrPartition}

var ofTransactions = map[kmsg.Key]bool{kmsg.EndTxn: true, kmsg.DescribeTransactions: true, kmsg.DescribeProducers: true}

// transactional are errors of other requests that a broker has for a
// transaction's alone.
var transactional = map[kmsg.Key][]*kerr.Error{
	kmsg.Produce:        {kerr.InvalidTxnState, kerr.InvalidProducerIDMapping, kerr.TransactionAbortable, kerr.TransactionalIDAuthorizationFailed, kerr.ProducerFenced, kerr.ConcurrentTransactions},
	kmsg.InitProducerID: {kerr.ProducerFenced, kerr.InvalidProducerEpoch, kerr.TransactionalIDAuthorizationFailed, kerr.InvalidTransactionTimeout, kerr.InvalidProducerIDMapping},
}

// ofGroups are the requests by which instances share: several of them are
// started for these, and the error comes early and stays for a time alone.
var ofGroups = map[kmsg.Key]bool{kmsg.FindCoordinator: true, kmsg.JoinGroup: true, kmsg.SyncGroup: true, kmsg.Heartbeat: true, kmsg.LeaveGroup: true}

// suits says whether an injection means something in a scenario.
func (i injection) suits(s *scenario, at timing) bool {
	switch {
	case ofTransactions[i.key] || slices.Contains(transactional[i.key], i.err):
		return s.exactly
	case s.shared:
		return ofGroups[i.key] && at.name == "start"
	}
	return true
}

var anywhere = []*kerr.Error{kerr.UnknownServerError}

// injections is the table.
var injections = sync.OnceValue(func() (all []injection) {
	for _, a := range allowed {
		for _, e := range append(a.errs, anywhere...) {
			all = append(all, injection{a.key, e, a.top})
		}
	}
	for _, key := range []kmsg.Key{kmsg.Produce, kmsg.InitProducerID} {
		for _, e := range transactional[key] {
			all = append(all, injection{key, e, false})
		}
	}
	return all
})

// timing is when and how often an injection is made.
type timing struct {
	name     string
	after    int           // requests of the kind that pass before
	count    int           // requests that fail; 0: all
	from, to time.Duration // where all do
	rare     bool          // there need not be so many requests
}

var timings = []timing{
	{name: "first", count: 1},
	{name: "third", after: 2, count: 1, rare: true},
	{name: "five", after: 1, count: 5, rare: true},
	{name: "tenth", after: 9, count: 3, rare: true},
	{name: "start", to: 12 * time.Second},
	{name: "later", from: 5 * time.Second, to: 20 * time.Second, rare: true},
}

// TestInjections answers each kind of request by each error that it may have.
// When the fault is over, everything arrives; until then a task may fail, where
// the error is none that passes, and then says which error it was.
func TestInjections(t *testing.T) {
	n := 0
	for _, i := range injections() {
		for _, at := range timings {
			for _, s := range injected() {
				if !i.suits(s, at) {
					continue
				}
				name := fmt.Sprintf("%v/%s/%s", i, at.name, s.name)
				if n++; n%*injectEvery != 0 || !strings.HasPrefix(name, *injectOnly) {
					continue
				}
				seed := uint64(n)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					simulate(t, seed, func(w *world) { w.injected(s, i, at) })
					if t.Failed() {
						t.Logf("to replay: go test -tags synctests ./runtime/simulation -run 'TestInjections$' -inject %s -events", name)
					}
				})
			}
		}
	}
	fmt.Fprintf(os.Stderr, "%d injections\n", n)
}

// injected is a run with one injection.
func (w *world) injected(s *scenario, i injection, at timing) {
	r := &run{world: w, s: s, jams: map[string]*jam{}, tolerated: i.err.Message}
	f := i.fault()
	f.Count = -1
	passed := 0
	if at.count > 0 {
		f.Count = at.count
		f.When = func(kmsg.Request) bool { passed++; return passed > at.after }
	}
	var h *kfake.FaultHandle
	time.AfterFunc(at.from, func() { h = w.cluster.Fault(f) })
	instances := 1
	if s.shared {
		instances = s.instances
	}
	for range instances {
		r.slots = append(r.slots, r.start(s))
	}
	r.wait(max(at.to, 10*time.Second))
	if i.key == kmsg.LeaveGroup || i.key == kmsg.OffsetFetch || i.key == kmsg.JoinGroup || i.key == kmsg.SyncGroup {
		r.restart(0) // when it is sent
		r.wait(5 * time.Second)
	}
	h.Remove()
	w.note("the fault is over after %d requests", h.Hits())
	if h.Hits() == 0 && at.rare == false {
		w.wrong("no such request was sent: the table is wrong")
	}
	w.finish()
	r.settle()
	r.restart(0)
	for _, p := range r.slots {
		p.terminate()
	}
	w.check(s, false)
}
