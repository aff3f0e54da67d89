package worker

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// letter is a record for the dead letter queue.
type letter struct {
	original
	failure *Failure
}

// tolerate lets go of a failed record: to the dead letter queue, or for good.
func (t *sinkTask) tolerate(o original, failure *Failure) {
	t.sayTolerated(t.cfg.Errors, failure)
	if t.dlq == nil {
		t.dropped.Add(1)
		return
	}
	t.letters = append(t.letters, letter{o, failure})
}

// settle does with the records that the connector refused what the spec says.
// Until that is done no offset moves past them.
func (t *sinkTask) settle(hard context.Context, flushed bool) error {
	refused, err := t.results.take(flushed)
	if err != nil || len(refused) == 0 {
		return err
	}
	t.letters = t.letters[:0]
	for _, r := range refused {
		f := t.call(stagePut, t.cfg.Connector, r.cause)
		f.Place = r.place.String()
		if !t.cfg.Errors.Tolerate || errors.Is(r.cause, connect.ErrFatal) || errors.Is(r.cause, connect.ErrUnavailable) {
			return f
		}
		t.records.Add(^uint64(0)) // it was counted as put
		t.tolerate(r.original, f)
	}
	return t.writeLetters(hard)
}

// writeLetters writes the letters that were collected, as they came, and
// returns when Kafka has them: only then may the group's offset pass them.
func (t *sinkTask) writeLetters(hard context.Context) error {
	if len(t.letters) == 0 {
		return nil
	}
	dl := t.cfg.Errors.DeadLetters
	b := t.dlq.NewBatch(len(t.letters))
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
		headers := dl.letterHeaders(l.headers, l.place.topic, strconv.Itoa(int(l.place.partition)), strconv.FormatInt(l.place.offset, 10), l.failure, l.replays)
		if size := kafka.RecordSize(l.key, l.value, headers); size > limit {
			b.Discard()
			return t.tooLarge(dl.Topic, size, limit, l.failure)
		}
		b.Append(dl.Topic, connect.NoPartition, l.timestamp, l.key, l.value, headers)
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
	t.letters = t.letters[:0]
	return nil
}
