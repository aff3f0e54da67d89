package worker

import (
	"context"
	"errors"
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// letter is a record for the dead letter queue.
type letter struct {
	run, at int
	failure *Failure
}

func (t *sinkTask) tolerate(at stopPoint, failure *Failure) {
	if e := t.cfg.Errors; e.Log {
		args := []any{"stage", string(failure.Stage), "error", failure.Err.Error()}
		if e.LogPlace {
			args = append(args, "record", failure.Place)
		}
		t.log.Error("a record failed and is tolerated", args...)
		t.logged.Add(1)
	}
	if t.dlq == nil {
		t.dropped.Add(1)
		return
	}
	t.letters = append(t.letters, letter{at.run, at.at, failure})
}

// writeLetters writes the poll's dead letters, as they came, and returns when
// Kafka has them: only then may the group's offset pass them.
func (t *sinkTask) writeLetters(hard context.Context) error {
	if len(t.letters) == 0 {
		return nil
	}
	dl := t.cfg.Errors.DeadLetters
	b := t.dlq.NewBatch()
	var lost error
	done := make(chan struct{})
	b.Ended = func(_ int, err error) {
		if err != nil && lost == nil {
			lost = err
		}
	}
	b.Done = func() { close(done) }
	limit, _ := t.dlq.Limit(dl.Topic)
	for _, l := range t.letters {
		run := &t.runs[l.run]
		at := place{run.Topic, run.Partition.Partition, run.Offset(l.at), true}
		headers := dl.letterHeaders(run.Headers(l.at), at, l.failure)
		key, value := run.Key(l.at), run.Value(l.at)
		if size := kafka.RecordSize(key, value, headers); size > limit {
			b.Discard()
			return fmt.Errorf("connector %s, task %d: the dead letter queue %s cannot take a record of %d bytes, its limit is %d: raise its max.message.bytes; the record failed by: %w", t.connector, t.id, dl.Topic, size, limit, l.failure)
		}
		b.Append(dl.Topic, connect.NoPartition, run.Timestamp(l.at), key, value, headers)
	}
	t.dlq.Produce(hard, b)
	select {
	case <-done:
	case <-hard.Done():
		return errStopped // the outcome is not known: nothing of the poll is committed
	}
	if errors.Is(lost, kafka.ErrNotDelivered) {
		return errStopped
	}
	if lost != nil {
		t.letterFailures.Add(uint64(len(t.letters)))
		return fmt.Errorf("connector %s, task %d: the dead letter queue cannot be written, so no offset moves past the record: %w; the record failed by: %w", t.connector, t.id, lost, t.letters[0].failure)
	}
	t.dead.Add(uint64(len(t.letters)))
	return nil
}
