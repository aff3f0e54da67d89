package worker

import (
	"strconv"

	"kcgen.dev/runtime/kafka"
)

// The headers of a dead letter, as DeadLetterQueueReporter has them.
const errHeader = "__connect.errors."

// place is where a record came from.
type place struct {
	topic     string
	partition int32
	offset    int64
	known     bool // partition and offset, which a source's record has not
}

// letterHeaders are a dead letter's headers: the record's own and, where
// wanted, what went wrong.
func (d *DeadLetters) letterHeaders(own []kafka.Header, at place, f *Failure) []kafka.Header {
	if !d.ContextHeaders {
		return own
	}
	out := make([]kafka.Header, len(own), len(own)+10)
	copy(out, own)
	add := func(name, value string) {
		out = append(out, kafka.Header{Key: errHeader + name, Value: []byte(value)})
	}
	add("topic", at.topic)
	if at.known {
		add("partition", strconv.Itoa(int(at.partition)))
		add("offset", strconv.FormatInt(at.offset, 10))
	}
	add("connector.name", f.Connector)
	add("task.id", strconv.Itoa(f.Task))
	add("stage", string(f.Stage))
	add("class.name", className(f.Component))
	add("exception.class.name", className(f.Err))
	add("exception.message", f.Err.Error())
	add("exception.stacktrace", trace(f.Err))
	return out
}
