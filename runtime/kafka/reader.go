package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// DefaultMaxPollRecords is that of a Consumer.
const DefaultMaxPollRecords = 5000

// Partition is one partition of a topic.
type Partition struct {
	Topic     string
	Partition int32
}

func (p Partition) String() string { return p.Topic + "-" + itoa(int(p.Partition)) }

// Position is where a partition is read next.
type Position struct {
	Offset int64
	Epoch  int32 // of the leader that wrote the last record read; -1 unknown
}

// Subscription is what a Reader reads.
type Subscription struct {
	Group   string
	Topics  []string // or
	Regex   string   // RE2; the whole name matches
	Exclude []string // topics never to read, though the regex matches
	// Assigned, Revoked and Lost are told of the group's decisions, from
	// another goroutine than Poll's, but never between a Poll that returned
	// records and Release. In Revoked the partitions are still ours: what was
	// done can still be committed. In Lost they are not.
	Assigned, Revoked, Lost func([]Partition)
	// From, where given, says of partitions where to begin instead of at the
	// group's offsets. It is called behind Assigned, from yet another goroutine.
	From func(context.Context, []Partition) (map[Partition]int64, error)
}

// Over lays the settings of over, where they are given, on those of c.
func (c Consumer) Over(over *Consumer) Consumer {
	if over == nil {
		return c
	}
	set(&c.GroupID, over.GroupID)
	set(&c.AutoOffsetReset, over.AutoOffsetReset)
	set(&c.IsolationLevel, over.IsolationLevel)
	set(&c.FetchMinBytes, over.FetchMinBytes)
	set(&c.FetchMaxBytes, over.FetchMaxBytes)
	set(&c.MaxPartitionFetchBytes, over.MaxPartitionFetchBytes)
	set(&c.FetchMaxWait, over.FetchMaxWait)
	set(&c.MaxPollRecords, over.MaxPollRecords)
	set(&c.SessionTimeout, over.SessionTimeout)
	set(&c.HeartbeatInterval, over.HeartbeatInterval)
	set(&c.MaxPollInterval, over.MaxPollInterval)
	set(&c.RequestTimeout, over.RequestTimeout)
	set(&c.MetadataMaxAge, over.MetadataMaxAge)
	set(&c.ClientRack, over.ClientRack)
	set(&c.TLS, over.TLS)
	set(&c.SASL, over.SASL)
	return c
}

// Reader is a member of a consumer group. Offsets are committed by Commit
// alone. Heartbeats go on in the background however long a batch takes.
//
// It joins by the classic protocol with the range assignor, Kafka Connect's
// own first choice, so that members of both can be in one group while a
// connector moves from one to the other.
type Reader struct {
	cl        *kgo.Client
	conn      *Conn
	login     *login
	group     string
	by        *pattern    // nil: it reads topics by their names
	again     atomic.Bool // seek with the next nudge
	reset     string      // autoOffsetReset
	committed bool        // it reads committed records alone
	progress  *progress
	recordsP  recordPool
	nudge     nudge // of Poll's goroutine alone
}

// Reader joins a group, in the background.
func (k *Conn) Reader(c Consumer, clientID string, sub Subscription) (*Reader, error) {
	r := &Reader{conn: k, group: sub.Group, reset: c.AutoOffsetReset, committed: c.IsolationLevel == "read_committed", progress: newProgress()}
	session, heartbeat, rebalance := 45*time.Second, 3*time.Second, 5*time.Minute
	set(&session, c.SessionTimeout)
	set(&rebalance, c.MaxPollInterval)
	set(&heartbeat, c.HeartbeatInterval)
	fetchMax, partMax := c.fetches(k.opts.Consumers)
	opts := []kgo.Opt{
		kgo.ConsumerGroup(sub.Group),
		kgo.Balancers(kgo.RangeBalancer()),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		kgo.SessionTimeout(session),
		kgo.HeartbeatInterval(heartbeat),
		kgo.RebalanceTimeout(max(rebalance, session)),
		kgo.FetchMaxBytes(int32(min(fetchMax, math.MaxInt32))),
		kgo.FetchMaxPartitionBytes(int32(min(partMax, math.MaxInt32))),
		kgo.BrokerMaxReadBytes(int32(min(max(100<<20, 2*fetchMax), math.MaxInt32))),
		kgo.MaxConcurrentFetches(1),
		kgo.WithPools(&r.recordsP),
		kgo.OnPartitionsAssigned(told(r.progress.assigned, sub.Assigned)),
		kgo.OnPartitionsRevoked(told(sub.Revoked, r.progress.gone)),
		kgo.OnPartitionsLost(told(sub.Lost, r.progress.gone)),
		kgo.OnOffsetsFetched(allPlaced),
		kgo.AdjustFetchOffsetsFn(r.beginAt(sub.From)),
	}
	opts = append(opts, startAt(c.AutoOffsetReset)...)
	if c.FetchMinBytes > 0 {
		opts = append(opts, kgo.FetchMinBytes(int32(min(c.FetchMinBytes, math.MaxInt32))))
	}
	if c.FetchMaxWait > 0 {
		opts = append(opts, kgo.FetchMaxWait(c.FetchMaxWait))
	} else {
		opts = append(opts, kgo.FetchMaxWait(500*time.Millisecond))
	}
	if c.RequestTimeout > 0 {
		opts = append(opts, kgo.RequestTimeoutOverhead(c.RequestTimeout))
	}
	if c.MetadataMaxAge > 0 {
		opts = append(opts, kgo.MetadataMaxAge(min(max(c.MetadataMaxAge, metadataMinAge), time.Hour)))
	}
	if r.committed {
		opts = append(opts, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	}
	if c.ClientRack != "" {
		opts = append(opts, kgo.Rack(c.ClientRack))
	}
	var err error
	if r.by, err = sub.pattern(); err != nil {
		return nil, err
	}
	topics := []kgo.Opt{kgo.ConsumeTopics(sub.Topics...)}
	if r.by != nil {
		topics = r.by.options()
	}
	if r.login, err = k.login.own("consumer", c.TLS, c.SASL); err != nil {
		return nil, err
	}
	if r.cl, err = k.clientAs(r.login, clientID, append(opts, topics...)...); err != nil {
		return nil, err
	}
	r.nudge.wake = func() {
		r.cl.ResumeFetchTopics() // of none: it wakes all the same
		if r.again.Swap(false) {
			r.Seek()
		}
	}
	if r.by != nil {
		k.seekers.add(r)
	}
	return r, nil
}

// allPlaced ends the group's session, which then begins anew, where the broker
// does not know a partition that it has just given to us. The client would drop
// that partition and go on with the others (franz-go 1.22), and its error is the
// one that explain takes for a topic that is still to come: nobody would read
// the partition, and nobody would know.
func allPlaced(_ context.Context, _ *kgo.Client, resp *kmsg.OffsetFetchResponse) error {
	for _, g := range resp.Groups {
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				if p.ErrorCode == kerr.UnknownTopicOrPartition.Code {
					return kerr.UnknownTopicOrPartition
				}
			}
		}
	}
	return nil
}

// beginAt puts positions of the caller's in the place of the group's.
func (r *Reader) beginAt(from func(context.Context, []Partition) (map[Partition]int64, error)) func(context.Context, map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	return func(ctx context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
		if from == nil {
			return r.progress.begin(ctx, offsets)
		}
		at, err := from(ctx, partitions(offsets))
		if err != nil {
			return nil, err
		}
		for p, o := range at {
			offsets[p.Topic][p.Partition] = kgo.NewOffset().At(o)
		}
		return r.progress.begin(ctx, offsets)
	}
}

// Once is a From: the places hold once for each partition, whatever the group
// has committed.
func Once(at map[Partition]int64) func(context.Context, []Partition) (map[Partition]int64, error) {
	left := maps.Clone(at)
	return func(_ context.Context, ps []Partition) (map[Partition]int64, error) {
		now := map[Partition]int64{}
		for _, p := range ps {
			if o, ok := left[p]; ok {
				now[p] = o
				delete(left, p)
			}
		}
		return now, nil
	}
}

// partitions are those of the client's maps, in order.
func partitions(m map[string]map[int32]kgo.Offset) []Partition {
	var ps []Partition
	for t, parts := range m {
		for p := range parts {
			ps = append(ps, Partition{t, p})
		}
	}
	inOrder(ps)
	return ps
}

func inOrder(ps []Partition) {
	slices.SortFunc(ps, func(a, b Partition) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
}

// startAt: a group without an offset starts at the earliest record, or where
// auto.offset.reset says. An offset that the log no longer holds is followed by
// the same only where the spec asks for it; else it is a failure, since going
// on elsewhere would skip or repeat records in silence.
func startAt(reset string) []kgo.Opt {
	switch reset {
	case "earliest":
		return []kgo.Opt{kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())}
	case "latest":
		return []kgo.Opt{kgo.ConsumeStartOffset(kgo.NewOffset().AtEnd()), kgo.ConsumeResetOffset(kgo.NewOffset().AtEnd())}
	}
	return []kgo.Opt{kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.ConsumeResetOffset(kgo.NoResetOffset())}
}

// told calls fs, in order.
func told(fs ...func([]Partition)) func(context.Context, *kgo.Client, map[string][]int32) {
	return func(_ context.Context, _ *kgo.Client, m map[string][]int32) {
		var ps []Partition
		for t, parts := range m {
			for _, p := range parts {
				ps = append(ps, Partition{t, p})
			}
		}
		inOrder(ps)
		for _, f := range fs {
			if f != nil {
				f(ps)
			}
		}
	}
}

// Run is a run of records of one partition, in the order of their offsets.
type Run struct {
	Partition
	recs []*kgo.Record
	end  int64 // of the partition, when the records were fetched
}

// Len is the number of records.
func (r *Run) Len() int { return len(r.recs) }

// Message is a record as a topic has it. A nil Key or Value is null; what they
// hold is never written again.
type Message kgo.Record

// At is record i.
func (r *Run) At(i int) *Message { return (*Message)(r.recs[i]) }

// Milli is the timestamp in milliseconds; -1 where it has none.
func (m *Message) Milli() int64 {
	if t := m.Timestamp; !t.IsZero() {
		return max(t.UnixMilli(), -1)
	}
	return -1
}

// Next is the position behind the last record.
func (r *Run) Next() Position {
	last := r.recs[len(r.recs)-1]
	return Position{last.Offset + 1, last.LeaderEpoch}
}

// Recycle gives the memory of the run's records back; their keys, values and
// headers stay as they are. It says how many bytes keys and values have.
func (r *Run) Recycle() (bytes int) {
	for _, rec := range r.recs {
		bytes += len(rec.Key) + len(rec.Value)
		rec.Recycle()
	}
	return bytes
}

// Poll waits for records, at most max, and appends them to runs. It returns
// with none when ctx ends. After a Poll that returned records no rebalance
// happens until Release. Errors are final: what the client can try again it
// does.
func (r *Reader) Poll(ctx context.Context, max int, runs []Run) ([]Run, error) {
	r.progress.polled()
	r.nudge.due(time.Now())
	fetches := r.cl.PollRecords(ctx, max)
	var err error
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if p.Err != nil {
			if e := r.explain(p); e != nil && err == nil && ctx.Err() == nil {
				err = e
			}
			return
		}
		if len(p.Records) > 0 {
			runs = append(runs, Run{Partition{p.Topic, p.Partition}, p.Records, p.HighWatermark})
		}
	})
	r.progress.gave(runs)
	return runs, err
}

// Expelled says that the group went on without us: we were frozen, or cut off,
// for longer than the session lasts.
func Expelled(err error) bool {
	return errors.Is(err, kerr.UnknownMemberID) || errors.Is(err, kerr.IllegalGeneration) || errors.Is(err, kerr.RebalanceInProgress)
}

func (r *Reader) explain(p kgo.FetchTopicPartition) error {
	err := p.Err
	where := fmt.Sprintf("kafka: read %s-%d", p.Topic, p.Partition)
	if p.Topic == "" {
		where = "kafka: read"
	}
	var loss *kgo.ErrDataLoss
	var session *kgo.ErrGroupSession
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, kgo.ErrClientClosed):
		return nil
	case errors.As(err, &loss):
		return r.lost(loss)
	case errors.Is(err, kerr.OffsetOutOfRange):
		return fmt.Errorf("%s: the offset that the group %s committed is no longer in the log; set consumer.autoOffsetReset to say where to go on, or alter the group's offset: %w", where, r.group, err)
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		return fmt.Errorf("%s: not allowed; grant the principal Read and Describe on the topic: %w", where, err)
	case errors.Is(err, kerr.GroupAuthorizationFailed):
		return fmt.Errorf("%s: not allowed; grant the principal Read on the group %s: %w", where, r.group, err)
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		return nil // not there yet: the client goes on asking
	case errors.As(err, &session) && (transient(err) || Expelled(err)):
		return nil // the partitions are lost, and the client joins again
	}
	if refused := r.login.refusal(err); refused != nil { // a password changes, or a certificate ends
		return refused
	}
	return fmt.Errorf("%s: %w", where, err)
}

// Release lets rebalances happen again after a Poll.
func (r *Reader) Release() { r.cl.AllowRebalance() }

// Commit writes positions to the group. An error names the first partition
// that was refused.
func (r *Reader) Commit(ctx context.Context, positions map[Partition]Position) error {
	if len(positions) == 0 {
		return nil
	}
	offsets := map[string]map[int32]kgo.EpochOffset{}
	for p, pos := range positions {
		if offsets[p.Topic] == nil {
			offsets[p.Topic] = map[int32]kgo.EpochOffset{}
		}
		offsets[p.Topic][p.Partition] = kgo.EpochOffset{Epoch: pos.Epoch, Offset: pos.Offset}
	}
	var failed error
	r.cl.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
		if err != nil {
			failed = err
			return
		}
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil && failed == nil {
					failed = fmt.Errorf("%s-%d: %w", t.Topic, p.Partition, err)
				}
			}
		}
	})
	if failed != nil {
		return fmt.Errorf("kafka: commit the offsets of group %s: %w", r.group, failed)
	}
	return nil
}

// CommitFatal reports whether an error of Commit will come again however often
// it is tried: it is not allowed, or not understood.
func CommitFatal(err error) bool {
	var code *kerr.Error
	if !errors.As(err, &code) || code.Retriable {
		return false
	}
	switch code { // a rebalance has taken or is taking the partitions
	case kerr.RebalanceInProgress, kerr.IllegalGeneration, kerr.UnknownMemberID, kerr.FencedMemberEpoch, kerr.StaleMemberEpoch:
		return false
	}
	return true
}

// Close leaves the group. It returns when ctx ends at the latest.
func (r *Reader) Close(ctx context.Context) {
	r.conn.seekers.remove(r)
	closeWithin(ctx, func() {
		r.cl.AllowRebalance()
		_ = r.cl.LeaveGroupContext(ctx)
		r.cl.Close()
		r.cl.AllowRebalance() // Close polls a last time: what still waits to leave would wait for ever
	})
}

// recordPool lets the client use the memory of its record structs again.
type recordPool struct{ pool sync.Pool }

// GetRecords gives a slice with room for n.
func (p *recordPool) GetRecords(n int) []kgo.Record {
	if s, ok := p.pool.Get().(*[]kgo.Record); ok && cap(*s) >= n {
		return (*s)[:0]
	}
	return make([]kgo.Record, 0, n)
}

// PutRecords takes one back.
func (p *recordPool) PutRecords(s []kgo.Record) {
	s = s[:0]
	p.pool.Put(&s)
}
