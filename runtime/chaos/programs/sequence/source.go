// Package sequence holds connectors whose records can be judged: a source of
// numbered lines with checksums, and a sink that writes down all it is given.
// Their tasks keep diaries of when they were at work.
package sequence

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/servertest/history"
)

// LineSize is the length of a line.
const LineSize = 100

// Source sends lines of several sequences, each to a partition of its own.
// Where they are follows from the clock alone, so that a source that was away
// has to catch up.
type Source struct {
	Name      string    // of the sequences: NAME-0, NAME-1, …
	Topic     string    // of as many partitions as there are sequences
	Sequences int       // divided between the tasks
	Rate      int       // lines a second of each sequence
	Begin     time.Time // when each was at 0
	End       string    // a file with the number at which each ends, once it is there
	Diaries   string    // a folder
}

var (
	_ connect.Source      = Source{}
	_ connect.ExactlyOnce = Source{}
)

// ExactlyOnce says that it can: lines follow from their numbers.
func (Source) ExactlyOnce() error { return nil }

// Tasks divides the sequences.
func (s Source) Tasks(_ context.Context, most int) ([]connect.SourceTask, error) {
	n := max(1, min(most, s.Sequences))
	tasks := make([]connect.SourceTask, n)
	for i := range tasks {
		t := &sourceTask{s: s}
		for q := i; q < s.Sequences; q += n {
			name := SequenceName(s.Name, q)
			t.sequences = append(t.sequences, &sequence{name: name, partition: int32(q), from: connect.Partition("sequence", name)})
		}
		tasks[i] = t
	}
	return tasks, nil
}

// SequenceName is the name of a source's sequence.
func SequenceName(source string, n int) string { return source + "-" + strconv.Itoa(n) }

// sequence is one of a task's.
type sequence struct {
	name      string
	partition int32
	from      *connect.SourcePartition
	next      int64
}

type sourceTask struct {
	s         Source
	sequences []*sequence
	diary     *diary
	end       int64 // 0: not known yet
}

// most is how many lines of one sequence are in one batch.
const most = 200

func (t *sourceTask) Open(_ context.Context, tc connect.SourceContext) (err error) {
	for _, q := range t.sequences {
		q.next = 0
		if o := tc.Offsets.Offset(q.from); o != nil {
			at, ok := o["next"].(int64)
			if !ok {
				return fmt.Errorf("sequence: the offset of %s is %v, which holds no number \"next\"", q.name, o)
			}
			q.next = at
		}
	}
	t.diary, err = openDiary(t.s.Diaries, tc.Name, tc.Task)
	return err
}

func (t *sourceTask) Poll(ctx context.Context, b *connect.Batch) error {
	if err := t.diary.act(); err != nil {
		return err
	}
	limit, err := t.limit()
	if err != nil {
		return err
	}
	for _, q := range t.sequences {
		t.add(b, q, min(limit, q.next+most))
	}
	if len(b.Records) == 0 {
		select {
		case <-ctx.Done():
		case <-time.After(beat):
		}
	}
	return nil
}

func (t *sourceTask) add(b *connect.Batch, q *sequence, to int64) {
	if q.next >= to {
		return
	}
	for ; q.next < to; q.next++ {
		r := b.Add()
		r.Topic, r.Partition = t.s.Topic, q.partition
		r.Value = connect.Datum{Schema: connect.StringSchema, Value: connect.Text(history.AppendLine(nil, q.name, q.next, LineSize))}
	}
	b.Mark(q.from, connect.SourceOffset{"next": q.next})
}

// limit is the number that each sequence may have reached by now.
func (t *sourceTask) limit() (int64, error) {
	if t.end == 0 {
		text, err := os.ReadFile(t.s.End)
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return 0, fmt.Errorf("sequence: read where to end: %w", err)
		default:
			if t.end, err = strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err != nil {
				return 0, fmt.Errorf("sequence: read where to end: %w", err)
			}
		}
	}
	if t.end > 0 {
		return t.end, nil
	}
	return int64(time.Since(t.s.Begin).Seconds() * float64(t.s.Rate)), nil
}

func (t *sourceTask) Close() error {
	if t.diary == nil {
		return nil
	}
	return t.diary.close()
}
