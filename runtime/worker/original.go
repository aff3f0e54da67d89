package worker

import (
	"fmt"

	"kcgen.dev/runtime/kafka"
)

// original is a sink's record as it came from Kafka. Its bytes are never
// written again, so it may be kept when the poll's memory is used again.
type original struct {
	from      kafka.Partition // where it was read
	place     place           // where it came from: the same, but for a replayed letter
	timestamp int64
	key       []byte
	value     []byte
	headers   []kafka.Header
	replays   int // how often it has come from the dead letter queue
}

// originalOf is record i of a run.
func originalOf(run *kafka.Run, i int) original {
	m := run.At(i)
	return original{
		from:      run.Partition,
		place:     place{run.Topic, run.Partition.Partition, m.Offset},
		timestamp: m.Milli(),
		key:       m.Key, value: m.Value, headers: m.Headers,
	}
}

// original is record i of a run, as it was before it became a letter.
func (t *sinkTask) original(run *kafka.Run, i int) original {
	o := originalOf(run, i)
	if t.cfg.Replay != nil {
		t.cfg.Replay.restore(&o)
	}
	return o
}

// size is about what keeping it takes.
func (o *original) size() int {
	const self = 160
	n := self + len(o.key) + len(o.value)
	for _, h := range o.headers {
		n += len(h.Key) + len(h.Value)
	}
	return n
}

// place is where in Kafka a record is.
type place struct {
	topic     string
	partition int32
	offset    int64
}

// String names a record: topic t, partition 0, offset 5.
func (p place) String() string {
	return fmt.Sprintf("topic %s, partition %d, offset %d", p.topic, p.partition, p.offset)
}
