package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A transaction is torn where its end was decided, and some of its partitions
// never heard of it. Brokers of Kafka 4.0 to 4.3 that come back in the middle
// of an end may take a partition that has no leader yet for one that was
// deleted, and count it as told (KAFKA-20734). What was written waits there,
// unseen, until the next transaction that has the partition in it ends: then it
// shares that one's end, whatever its own was. So records that were committed
// can vanish, and those of a transaction that was taken back come to light.
//
// Nobody tells the producer. But a producer that has no transaction open, and
// has one in a partition nevertheless, sees that it is torn; and as long as the
// brokers know how it ended, a transaction with these partitions and nothing
// else in it, ended in the same way, mends it. That needs no right that a
// producer has not, but Read on the topics, to look.
//
// It is looked for behind each fence. A producer that goes on without one mends
// what is torn by its next commit, unless that transaction is aborted: then
// what was torn is lost, and nothing can tell the two apart any more.

// ErrTorn is that a transaction is open in partitions, and nobody knows how it
// was to end.
var ErrTorn = errors.New("a transaction is torn")

// tornTries is how often an end is brought to partitions.
const tornTries = 5

// lookBack finds out how the last transaction of the id stands. It waits for
// one that is ending. An error may pass; nil is that nobody knows.
func (x *Transactor) lookBack(ctx context.Context) (*last, error) {
	for {
		s, err := x.askCoordinator(ctx)
		switch {
		case err != nil && transient(err):
			return nil, err
		case err != nil:
			return &last{}, nil
		case s.State != "PrepareCommit" && s.State != "PrepareAbort":
			return &last{s.State, s.ProducerID, int32(s.ProducerEpoch)}, nil
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// last is how a transaction stood before a fence.
type last struct {
	state string
	id    int64
	epoch int32
}

// ended says how the transaction of an epoch has ended. Each end makes the epoch
// greater by one; what is older than the last, or of a producer id that has run
// out, nobody knows any more.
func (l *last) ended(id int64, epoch int32) (commit, known bool) {
	switch l.state {
	case "CompleteCommit":
		return true, l.id == id && l.epoch == epoch+1
	case "CompleteAbort":
		return false, l.id == id && l.epoch == epoch+1
	case "Ongoing": // the fence has aborted it
		return false, l.id == id && l.epoch == epoch
	}
	return false, false
}

// mend brings the end of the last transaction to those of the topics' partitions
// that have not heard of it. It is called behind a fence, and fences again.
func (x *Transactor) mend(ctx context.Context, l *last, topics []string) error {
	var commit bool
	for tries := 1; ; tries++ {
		id, _, err := x.cl.ProducerID(ctx)
		if err != nil {
			return err
		}
		torn, err := x.torn(ctx, id, topics)
		if err != nil || len(torn) == 0 {
			return err
		}
		if tries == 1 {
			for _, p := range torn {
				how, known := l.ended(id, p.epoch)
				if !known {
					return x.tornFor(p)
				}
				commit = how
			}
		} else if tries > tornTries {
			return x.tornFor(torn[0])
		}
		x.conn.log.Warn("the brokers left the end of a transaction out of some partitions (KAFKA-20734); ending it there", "transactionalId", x.spec.ID, "committed", commit, "partitions", fmt.Sprint(torn))
		if err := x.endAgain(ctx, torn, commit); err != nil {
			return err
		}
		if err := x.renew(ctx); err != nil {
			return err
		}
		if _, err := x.fence(ctx); err != nil {
			return err
		}
	}
}

// tornFor is the error of a partition that is not to be mended.
func (x *Transactor) tornFor(p openIn) error {
	return fmt.Errorf("kafka: %w: the brokers never ended one of %s in %v, from offset %d on, and whether it was committed is not known. Nothing was written since. Look whether the connector's offsets are behind its records; then take it back, kafka-transactions.sh abort --topic %s --partition %d --start-offset %d, and start the task again", ErrTorn, x.spec.ID, p, p.start, p.Topic, p.Partition.Partition, p.start)
}

// openIn is a partition in which a transaction of an epoch is open, and since
// where.
type openIn struct {
	Partition
	epoch int32
	start int64
}

// torn are the partitions of topics in which the producer, who has none open,
// has a transaction open. Topics that nobody may read are left out.
func (x *Transactor) torn(ctx context.Context, id int64, topics []string) (torn []openIn, err error) {
	err = x.conn.retry(ctx, "look for transactions that are torn", func() error {
		torn = nil
		resp, err := x.producers(ctx, topics)
		if err != nil {
			return err
		}
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				err := kerr.ErrorForCode(p.ErrorCode)
				if err != nil && transient(err) {
					return err
				}
				if err != nil && !errors.Is(err, kerr.UnknownTopicOrPartition) {
					x.conn.log.Info("it cannot be seen whether a transaction is torn; going on", "topic", t.Topic, "error", denied(err, "Read", t.Topic).Error())
					break // of the others it is the same
				}
				for _, a := range p.ActiveProducers {
					if a.ProducerID == id && a.CurrentTxnStartOffset >= 0 {
						torn = append(torn, openIn{Partition{t.Topic, p.Partition}, a.ProducerEpoch, a.CurrentTxnStartOffset})
					}
				}
			}
		}
		return nil
	})
	return torn, err
}

// producers asks who writes to the topics.
func (x *Transactor) producers(ctx context.Context, topics []string) (*kmsg.DescribeProducersResponse, error) {
	req := kmsg.NewPtrDescribeProducersRequest()
	for _, name := range topics {
		t, err := x.conn.describe(ctx, name, false)
		if err != nil && transient(err) {
			return nil, err
		}
		rt := kmsg.NewDescribeProducersRequestTopic()
		rt.Topic = name
		for _, p := range t.partitions {
			rt.Partitions = append(rt.Partitions, p.Partition)
		}
		if len(rt.Partitions) > 0 {
			req.Topics = append(req.Topics, rt)
		}
	}
	if len(req.Topics) == 0 {
		return kmsg.NewPtrDescribeProducersResponse(), nil
	}
	return req.RequestWith(ctx, x.conn.admin)
}

// endAgain makes a transaction of partitions alone, and ends it. Where the
// process is killed between the two, the next fence aborts it: it does not wait
// in between, and no stop comes between them.
func (x *Transactor) endAgain(ctx context.Context, ps []openIn, commit bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	id, epoch, err := x.cl.ProducerID(ctx)
	if err != nil {
		return err
	}
	add := kmsg.NewPtrAddPartitionsToTxnRequest()
	add.TransactionalID, add.ProducerID, add.ProducerEpoch, add.Topics = x.spec.ID, id, epoch, byTopic(ps)
	end := kmsg.NewPtrEndTxnRequest()
	end.TransactionalID, end.ProducerID, end.ProducerEpoch, end.Commit = x.spec.ID, id, epoch, commit
	what := "end the transaction of " + x.spec.ID + " once more"
	err = x.conn.retry(ctx, what, func() error {
		resp, err := add.RequestWith(ctx, x.conn.admin)
		if err != nil {
			return err
		}
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				if p.ErrorCode != 0 {
					return ending(p.ErrorCode)
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.conn.retry(ctx, what, func() error {
		resp, err := end.RequestWith(ctx, x.conn.admin)
		if err != nil {
			return err
		}
		return ending(resp.ErrorCode)
	})
}

// ending is the error of a code; that an end is under way passes.
func ending(code int16) error {
	err := kerr.ErrorForCode(code)
	if errors.Is(err, kerr.ConcurrentTransactions) {
		return passing{err}
	}
	return err
}

func byTopic(ps []openIn) (topics []kmsg.AddPartitionsToTxnRequestTopic) {
	for _, p := range ps {
		i := slices.IndexFunc(topics, func(t kmsg.AddPartitionsToTxnRequestTopic) bool { return t.Topic == p.Topic })
		if i < 0 {
			i = len(topics)
			t := kmsg.NewAddPartitionsToTxnRequestTopic()
			t.Topic = p.Topic
			topics = append(topics, t)
		}
		topics[i].Partitions = append(topics[i].Partitions, p.Partition.Partition)
	}
	return topics
}
