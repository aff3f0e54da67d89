package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/connect"
)

// Journals are topics in which sources keep what is too long for an offset.
func (k *Conn) Journals() connect.Journals { return journals{k} }

type journals struct{ conn *Conn }

func (j journals) Journal(topic string) (connect.Journal, error) {
	if err := CheckTopicName(topic); err != nil {
		return nil, err
	}
	return &journal{conn: j.conn, spec: JournalTopic(topic)}, nil
}

// JournalTopic is how the topic of a journal is made: of one partition, since
// its order counts, and never shortened.
func JournalTopic(name string) NewTopic {
	return NewTopic{Name: name, Partitions: 1, ReplicationFactor: -1, Configs: map[string]string{
		"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1",
	}}
}

type journal struct {
	conn *Conn
	spec NewTopic
	id   [16]byte // of the topic, once it was read
	made bool     // it is there, and has one partition
}

// Read reads committed records alone.
func (j *journal) Read(ctx context.Context, from int64, each func(connect.JournalEntry) error) (next int64, err error) {
	var fault error // of each
	r := logReader{conn: j.conn, name: j.spec.Name, id: j.id, next: map[int32]int64{}}
	r.each = func(e Entry) {
		if fault != nil {
			return
		}
		if fault = each(connect.JournalEntry{Key: e.Key, Value: e.Value, Offset: e.Offset, Millis: e.Timestamp}); fault != nil {
			r.enough = true
		}
	}
	end, err := j.span(ctx, &r, from)
	if err == nil && end != nil {
		err = j.conn.retry(ctx, "read topic "+j.spec.Name, func() error {
			return denied(r.to(ctx, end), Read+" and "+Describe, j.spec.Name)
		})
		j.id = r.id
	}
	if err == nil {
		err = fault
	}
	return r.next[0], err
}

// span finds what there is to be read: from r.next to the end that it gives,
// which is nil where there is no topic.
func (j *journal) span(ctx context.Context, r *logReader, from int64) (end map[int32]int64, err error) {
	partitions := 1
	err = j.conn.retry(ctx, "read topic "+j.spec.Name, func() error {
		l, err := r.lead(ctx)
		if errors.Is(err, kerr.UnknownTopicOrPartition) && !j.made && r.id == ([16]byte{}) {
			return nil
		}
		if partitions = len(l.leader); err != nil || partitions != 1 {
			return denied(err, Read+" and "+Describe, j.spec.Name)
		}
		start, err := r.offsets(ctx, l.parts(), startOffset)
		if err != nil {
			return err
		}
		r.next[0] = max(from, start[0])
		end, err = r.offsets(ctx, l.parts(), endOffset)
		return err
	})
	if err == nil {
		err = j.single(partitions)
	}
	return end, err
}

// single refuses a topic of several partitions.
func (j *journal) single(partitions int) error {
	if partitions != 1 {
		return fmt.Errorf("kafka: topic %[1]s has %[2]d partitions, and records are in order in one alone; name another topic, or make it anew with one partition", j.spec.Name, partitions)
	}
	return nil
}

func (j *journal) Append(ctx context.Context, entries ...connect.JournalEntry) error {
	if err := j.make(ctx); err != nil {
		return err
	}
	recs := make([]*kgo.Record, len(entries))
	for i, e := range entries {
		recs[i] = &kgo.Record{Topic: j.spec.Name, Key: e.Key, Value: e.Value}
	}
	if err := j.conn.admin.ProduceSync(ctx, recs...).FirstErr(); err != nil {
		return fmt.Errorf("kafka: write to topic %s: %w", j.spec.Name, denied(err, Write, j.spec.Name))
	}
	return nil
}

// make sees that the topic is there, once.
func (j *journal) make(ctx context.Context) error {
	if j.made {
		return nil
	}
	if err := j.conn.awaitTopic(ctx, j.spec.Name, &j.spec); err != nil {
		return err
	}
	partitions := 0
	err := j.conn.retry(ctx, "look at topic "+j.spec.Name, func() error {
		t, err := j.conn.describe(ctx, j.spec.Name, false)
		partitions = len(t.partitions)
		return denied(err, Describe, j.spec.Name)
	})
	if err == nil {
		err = j.single(partitions)
	}
	j.made = err == nil
	return err
}
