package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/offset"
)

// ship takes a poll's records through the chain and on their way. An error
// ends the task: records before the one that failed are on their way, those
// behind it are not. A stop leaves the poll to the next start.
func (t *sourceTask) ship(stop context.Context, b *connect.Batch) error {
	t.span.stage(traceConvert)
	if era := t.era(); era != t.now {
		t.now, t.topic = era, topicLimit{}
	}
	f := t.newFlight(b)
	err := guard(func() error { return t.convert(stop, b, f) })
	if errors.Is(err, errStopped) {
		f.out.Discard() // no mark is reached: what was sent now would come again
		return err
	}
	f.seal()
	if e := t.settle(f, err); e != nil {
		f.out.Discard()
		return e
	}
	if t.txn != nil && err != nil {
		f.out.Discard() // half a poll is none
		return err
	}
	if e := t.send(stop, f); e != nil {
		return e
	}
	return err
}

// settle records how the records ended that do not go to Kafka.
func (t *sourceTask) settle(f *flight, failed error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k := range f.spans {
		s := &f.spans[k]
		t.dropped.Add(uint64(s.dropped))
		if err := t.tracker.End(s.span, s.dropped, offset.Dropped); err != nil {
			return err
		}
	}
	if failed != nil && f.k < len(f.spans) {
		return t.tracker.End(f.spans[f.k].span, 1, offset.Failed)
	}
	return nil
}

// convert fills f's batch from the poll's records.
func (t *sourceTask) convert(stop context.Context, b *connect.Batch, f *flight) error {
	tries := t.cfg.Errors.retries()
	last := -1
	for i := 0; i < len(b.Records); {
		at, err := t.convertFrom(stop, i, b.Records, f)
		away := errors.Is(err, connect.ErrUnavailable)
		if at != last || !away {
			t.back()
		}
		if err == nil {
			return nil
		}
		var final fatal
		if errors.Is(err, errStopped) || errors.As(err, &final) {
			return err
		}
		t.errored(t.doing.Where())
		if at != last {
			tries.reset()
			last = at
		}
		b.Records[at] = t.orig
		if away {
			if err := t.awaitSystem(stop, f, t.recordFailure(at, b, err)); err != nil {
				return err
			}
			i = at
			continue
		}
		switch cause := tries.again(stop, err); {
		case cause == nil:
			t.counts.retries.Add(1)
			i = at
			continue
		case errors.Is(cause, errStopped):
			return errStopped
		}
		t.failures.Add(1)
		failure := t.recordFailure(at, b, err)
		if !t.cfg.Errors.Tolerate || errors.Is(err, connect.ErrFatal) {
			return failure
		}
		if err := t.tolerate(&b.Records[at], f, failure); err != nil {
			return err
		}
		i = at + 1
	}
	return nil
}

// awaitSystem waits for a system that the next record needs. The records
// before that one do not wait with it, unless they are in one transaction.
func (t *sourceTask) awaitSystem(stop context.Context, f *flight, failure error) error {
	if t.txn != nil {
		if err := t.txn.rest(stop); err != nil {
			return err
		}
	} else if f.out.Len() > 0 {
		if err := t.part(f); err != nil {
			return err
		}
	}
	return t.await(stop, failure)
}

// convertFrom takes records[i:] through the chain. With an error it returns
// the place of the record that failed, which a panic is also made to be.
func (t *sourceTask) convertFrom(stop context.Context, i int, records []connect.Record, f *flight) (at int, err error) {
	at = i
	saved := -1 // whose record is in t.orig
	t.watch.enter(hookChain)
	defer t.watch.leave()
	defer func() {
		if p := recover(); p != nil {
			err = asError(p)
		}
		if err != nil && saved != at {
			t.orig = records[at]
		}
	}()
	steps := len(t.chain.Steps) > 0 // else nothing changes the record
	for ; at < len(records); at++ {
		f.reach(at)
		t.watch.step()
		r := &records[at]
		if done, err := t.fused(stop, r, f); err != nil {
			return at, err
		} else if done {
			continue
		}
		if steps {
			saved = at
			if keep, err := t.step(r); err != nil {
				return at, err
			} else if !keep {
				f.spans[f.k].dropped++
				continue
			}
		}
		if err := t.encode(stop, r, f); err != nil {
			return at, err
		}
	}
	return at, nil
}

// fused makes r's bytes by the function of the chain, and adds them to the
// batch. It is false where there is none for a record like that.
func (t *sourceTask) fused(stop context.Context, r *connect.Record, f *flight) (done bool, err error) {
	if t.fuse == nil {
		return false, nil
	}
	t.doing = chain.Doing{Stage: chain.Transformation}
	topic := r.Topic
	key, value, ok := t.cfg.Fused(t.fuse, r)
	t.unused.saw(ok, t.log)
	if !ok {
		return false, nil
	}
	t.doing.Stage = chain.HeaderConverter
	headers, err := t.encodeHeaders(r) // the trace's, even where the record has none
	if err == nil {
		err = t.add(stop, r, key, value, headers, f)
	}
	if err != nil {
		r.Topic = topic
	}
	return true, err
}

// step takes r through the steps, and keeps it as it was.
func (t *sourceTask) step(r *connect.Record) (keep bool, err error) {
	t.orig = *r
	if len(r.Headers) > 0 {
		t.orig.Headers = slices.Clone(r.Headers)
	}
	return t.chain.Transform(r, &t.doing)
}

// encode makes r's bytes and adds them to the batch.
func (t *sourceTask) encode(stop context.Context, r *connect.Record, f *flight) error {
	t.doing.Stage = chain.HeaderConverter
	headers, err := t.encodeHeaders(r)
	if err != nil {
		return err
	}
	t.doing.Stage = chain.KeyConverter
	key, err := t.chain.Key.Encode(&t.buf, r.Topic, r.Key)
	if err != nil {
		return err
	}
	t.doing.Stage = chain.ValueConverter
	value, err := t.chain.Value.Encode(&t.buf, r.Topic, r.Value)
	if err != nil {
		return err
	}
	return t.add(stop, r, key, value, headers, f)
}

// add adds a record's bytes to the batch.
func (t *sourceTask) add(stop context.Context, r *connect.Record, key, value []byte, headers []kafka.Header, f *flight) error {
	t.doing.Stage = stageProduce
	if err := t.fits(stop, r.Topic, key, value, headers); err != nil {
		return err
	}
	f.bytes += len(key) + len(value)
	f.out.Append(t.topic.name, r.Partition, r.Timestamp, key, value, headers)
	t.span.topic(t.topic.name)
	return nil
}

// recordFailure says what failed for which record.
func (t *sourceTask) recordFailure(at int, b *connect.Batch, err error) *Failure {
	f := t.call(t.doing.Stage, t.chain.Component(t.doing), err)
	if f.Component == nil {
		f.Component = t.cfg.Connector
	}
	if f.Stage == chain.Transformation && t.doing.Step != nil {
		f.Step = t.doing.Step.Name
	}
	f.Place = t.place(at, b)
	return f
}

// place says where the record at work came from.
func (t *sourceTask) place(at int, b *connect.Batch) string {
	topic, marks := "topic "+t.orig.Topic, b.Marks()
	k := sort.Search(len(marks), func(k int) bool { return at < marks[k].End })
	if k == len(marks) {
		return topic
	}
	m, first := marks[k], 0
	if k > 0 {
		first = marks[k-1].End
	}
	return topic + fmt.Sprintf(", source partition %s, record %d of the %d before %v", offset.Describe(m.Partition), at-first+1, m.End-first, map[string]any(m.Offset))
}

// mark is the source partition and offset that the record at work counts
// towards, as JSON.
func (f *flight) mark() (partition, at string) {
	p, o := f.spans[f.k].span.Mark()
	if p == nil {
		return "", ""
	}
	return offset.Describe(p), offset.DescribeOffset(o)
}

// tolerate lets go of a failed record: to the dead letter queue, or for good.
func (t *sourceTask) tolerate(r *connect.Record, f *flight, failure *Failure) error {
	t.sayTolerated(t.cfg.Errors, failure)
	dl := t.cfg.Errors.DeadLetters
	if dl == nil {
		f.spans[f.k].dropped++
		return nil
	}
	key, value := plainBytes(r.Key.Value), plainBytes(r.Value.Value)
	partition, at := f.mark()
	replays := 0
	if t.cfg.Replay != nil {
		replays = t.cfg.Replay.again(r)
	}
	headers := dl.letterHeaders(append(plainHeaders(r.Headers), t.forms(r)...), r.Topic, partition, at, failure, replays)
	limit, _ := t.writer.Limit(dl.Topic)
	if kafka.RecordSize(key, value, headers) > limit {
		headers = small(headers)
	}
	if size := kafka.RecordSize(key, value, headers); size > limit {
		return fatal{t.tooLarge(dl.Topic, size, limit, failure)}
	}
	f.dead = append(f.dead, f.out.Len())
	f.out.Append(dl.Topic, connect.NoPartition, r.Timestamp, key, value, headers)
	return nil
}
