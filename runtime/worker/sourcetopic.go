package worker

import (
	"context"
	"fmt"

	"kcgen.dev/runtime/kafka"
)

// topicLimit is what a topic takes.
type topicLimit struct {
	name    string
	bytes   int    // the largest record
	byTopic bool   // because of max.message.bytes, not of maxRequestSize
	told    uint64 // the era in which it was told of
}

// fatal is an error that is not the record's, and never tolerated.
type fatal struct{ error }

func (f fatal) Unwrap() error { return f.error }

// fits checks that the topic takes the record. The first record of a topic
// waits until the topic is ready.
func (t *sourceTask) fits(stop context.Context, topic string, key, value []byte, headers []kafka.Header) error {
	if topic != t.topic.name || topic == "" {
		if err := t.useTopic(stop, topic); err != nil {
			return err
		}
	}
	const easily = 128 // of overhead
	if len(headers) == 0 && len(key)+len(value)+easily <= t.topic.bytes {
		return nil
	}
	size := kafka.RecordSize(key, value, headers)
	if size <= t.topic.bytes {
		return nil
	}
	if t.topic.byTopic {
		return fmt.Errorf("the record takes %d bytes and topic %s at most %d (its max.message.bytes)", size, topic, t.topic.bytes)
	}
	return fmt.Errorf("the record takes %d bytes and producer.maxRequestSize is %d", size, t.topic.bytes)
}

// useTopic makes topic the current one. The names of topics may alias a
// connector's buffers: they are copied once.
func (t *sourceTask) useTopic(stop context.Context, topic string) error {
	l, ok := t.topics[topic]
	if !ok {
		if err := kafka.CheckTopicName(topic); err != nil {
			return err
		}
		t.watch.leave() // what follows is ours
		defer t.watch.enter(hookChain)
		name := string([]byte(topic))
		if name == t.offsetsTopic() {
			return fatal{fmt.Errorf("connector %s, task %d: a record is for %s, the topic of the sources' offsets: give it another topic, or worker.offsetStorageTopic another name", t.connector, t.id, name)}
		}
		if err := t.conn.ReadyAs(stop, t.cfg.Admin, name, t.rules.spec(name)); err != nil {
			if stop.Err() != nil {
				return errStopped
			}
			return fatal{fmt.Errorf("connector %s, task %d: %w", t.connector, t.id, err)}
		}
		l = topicLimit{name: name, told: t.now}
		l.bytes, l.byTopic = t.writer.Limit(name)
		t.topics[name] = l
		t.use(name)
	}
	if l.told != t.now {
		l.told = t.now
		t.topics[l.name] = l
		t.use(l.name)
	}
	t.topic = l
	return nil
}
