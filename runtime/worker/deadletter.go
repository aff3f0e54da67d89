package worker

import (
	"fmt"
	"strconv"

	"kcgen.dev/runtime/kafka"
)

// The headers of a dead letter, as DeadLetterQueueReporter has them.
const errHeader = "__connect.errors."

// replaysHeader says how often a letter was replayed and failed again.
const replaysHeader = "kcgen.replays"

// letterHeaders are a dead letter's headers: the record's own and, where
// wanted, what went wrong.
//
// partition and offset are Kafka's for a sink's letter. For a source's, which
// Kafka Connect has none of, they are the source partition and the source offset
// that the record counts towards, as JSON; "" where the connector gave no mark.
func (d *DeadLetters) letterHeaders(own []kafka.Header, topic, partition, offset string, f *Failure, replays int) []kafka.Header {
	if !d.ContextHeaders && replays == 0 {
		return own
	}
	out := make([]kafka.Header, len(own), len(own)+11)
	copy(out, own)
	if replays > 0 {
		out = append(out, kafka.Header{Key: replaysHeader, Value: []byte(strconv.Itoa(replays))})
	}
	if !d.ContextHeaders {
		return out
	}
	add := func(name, value string) {
		out = append(out, kafka.Header{Key: errHeader + name, Value: []byte(value)})
	}
	add("topic", topic)
	if partition != "" {
		add("partition", partition)
		add("offset", offset)
	}
	if d.Connector != "" {
		add("connector.name", d.Connector)
	} else {
		add("connector.name", f.Connector)
	}
	add("task.id", strconv.Itoa(f.Task))
	add("stage", string(f.Stage))
	add("class.name", className(f.Component))
	add("exception.class.name", className(f.Err))
	add("exception.message", f.Err.Error())
	add("exception.stacktrace", trace(f.Err))
	return out
}

// sayTolerated logs a failure that is tolerated, where the spec wants it.
func (t *task) sayTolerated(e Errors, f *Failure) {
	if !e.Log {
		return
	}
	args := []any{"stage", string(f.Stage), "error", f.Err.Error()}
	if e.LogPlace {
		args = append(args, "record", f.Place)
	}
	t.log.Error("a record failed and is tolerated", args...)
	t.logged.Add(1)
}

// tooLarge ends a task whose dead letter queue is too small for a letter.
func (t *task) tooLarge(topic string, size, limit int, f *Failure) error {
	return fmt.Errorf("connector %s, task %d: the dead letter queue %s cannot take a record of %d bytes, its limit is %d: raise its max.message.bytes; the record failed by: %w", t.connector, t.id, topic, size, limit, f)
}
