package worker

import (
	"context"
	"errors"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// origin is where a record of the batch came from: a run, and its place there.
type origin struct{ run, at int32 }

// stopPoint is where a poll's records end because one of them failed.
type stopPoint struct{ run, at int }

// decode fills the batch from a record on. It ends before the record whose
// failure is returned, or behind the last run.
func (t *sinkTask) decode(stop context.Context, from stopPoint) (stopPoint, error) {
	tries := t.cfg.Errors.retries()
	last := stopPoint{-1, -1}
	for {
		at, err := t.decodeFrom(from)
		if t.watch.isHung() {
			return at, errStopped
		}
		if err == nil {
			return stopPoint{run: len(t.runs)}, nil
		}
		t.errored(t.doing.Where())
		if errors.Is(err, connect.ErrUnavailable) {
			return at, t.recordFailure(at, err)
		}
		if at != last {
			tries.reset()
			last = at
		}
		switch cause := tries.again(stop, err); {
		case cause == nil:
			t.counts.retries.Add(1)
			from = at
			continue
		case errors.Is(cause, errStopped):
			return at, errStopped
		}
		t.failures.Add(1)
		failure := t.recordFailure(at, err)
		if !t.cfg.Errors.Tolerate || errors.Is(err, connect.ErrFatal) {
			return at, failure
		}
		t.tolerate(t.original(&t.runs[at.run], at.at), failure)
		from = stopPoint{at.run, at.at + 1}
	}
}

// decodeFrom decodes from a record on. With an error it returns the place of
// the record that failed, which a panic is also made to be.
func (t *sinkTask) decodeFrom(at stopPoint) (where stopPoint, err error) {
	where = at
	n := len(t.batch)
	t.watch.enter(hookChain)
	defer t.watch.leave()
	defer func() {
		if p := recover(); p != nil {
			err = asError(p)
		}
		if err != nil {
			t.batch, t.origin = t.batch[:n], t.origin[:n] // without the one that failed
		}
	}()
	for ; where.run < len(t.runs); where.run, where.at = where.run+1, 0 {
		run := &t.runs[where.run]
		if t.taken[run.Partition] {
			continue
		}
		for ; where.at < run.Len(); where.at++ {
			if t.cfg.Replay != nil && t.cfg.Replay.foreign(run.At(where.at).Headers) {
				continue
			}
			n = len(t.batch)
			t.watch.step()
			r := t.next()
			keep, err := t.decodeOne(run, where.at, r)
			if err != nil {
				return where, err
			}
			if !keep {
				t.dropped.Add(1)
				t.batch = t.batch[:n]
				continue
			}
			t.origin = append(t.origin, origin{int32(where.run), int32(where.at)})
		}
	}
	return where, nil
}

// next makes room for a record.
func (t *sinkTask) next() *connect.Record {
	if len(t.batch) < cap(t.batch) {
		t.batch = t.batch[:len(t.batch)+1]
	} else {
		t.batch = append(t.batch, connect.Record{})
	}
	return &t.batch[len(t.batch)-1]
}

func (t *sinkTask) decodeOne(run *kafka.Run, i int, r *connect.Record) (keep bool, err error) {
	m := run.At(i)
	topic, headers := run.Topic, m.Headers
	// One by one: a literal would be made elsewhere, and copied.
	r.Topic, r.Partition, r.Offset = topic, run.Partition.Partition, m.Offset
	r.Timestamp, r.Headers = m.Milli(), r.Headers[:0]
	if t.cfg.Replay != nil {
		o := t.original(run, i)
		if o.place.topic == "" {
			t.doing = chain.Doing{Stage: stageConsume}
			return false, connect.Fatal(errNoTopic)
		}
		topic, headers = o.place.topic, o.headers
		r.Topic, r.Partition, r.Offset = topic, o.place.partition, o.place.offset
	}
	t.doing = chain.Doing{Stage: chain.KeyConverter}
	if r.Key, err = t.chain.Key.Decode(topic, m.Key); err != nil {
		return false, err
	}
	t.doing.Stage = chain.ValueConverter
	done := 0
	if t.fused != nil && t.takes(m.Value, r) {
		done = t.fused.Steps
	} else if r.Value, err = t.chain.Value.Decode(topic, m.Value); err != nil {
		return false, err
	}
	if len(headers) > 0 {
		t.doing.Stage = chain.HeaderConverter
		if err = t.decodeHeaders(topic, r, headers); err != nil {
			return false, err
		}
	}
	if done == len(t.chain.Steps) {
		return true, nil
	}
	return t.chain.TransformFrom(done, r, &t.doing)
}

// takes makes r's value by the function of the chain, if it takes the message. It
// takes no tombstone, which says nothing of the others.
func (t *sinkTask) takes(message []byte, r *connect.Record) bool {
	if message == nil {
		return false
	}
	ok := t.fused.Decode(message, r)
	t.unused.saw(ok, t.log)
	return ok
}

func (t *sinkTask) recordFailure(at stopPoint, err error) *Failure {
	run := &t.runs[at.run]
	f := t.call(t.doing.Stage, t.chain.Component(t.doing), err)
	if f.Component == nil {
		f.Component = t.cfg.Connector
	}
	if f.Stage == chain.Transformation && t.doing.Step != nil {
		f.Step = t.doing.Step.Name
	}
	o := t.original(run, at.at)
	f.Place = o.place.String()
	return f
}
