package fuse

import (
	"strings"

	"kcgen.dev/runtime/connect"
)

// Task is what a function has for one task: memory for the bytes, and what it
// keeps from record to record.
type Task struct {
	*connect.Buffer
	key, value head
	structs
}

// NewTask makes one of a task's buffer and codecs.
func NewTask(b *connect.Buffer, key, value connect.Codec) *Task {
	t := &Task{Buffer: b}
	t.key.codec, _ = key.(Heads)
	t.value.codec, _ = value.(Heads)
	return t
}

// Heads is a codec that puts something in front of data that is known only when
// it writes, as the number that a registry gave their schema.
type Heads interface {
	connect.Codec
	// Head is what stands in front of all data of a schema, given as its text in
	// the registry, in a topic. It is nil as long as the codec has not written
	// any: that asks the registry, and says what is wrong with it.
	Head(topic, schema string) []byte
}

// KeyHead is what stands in front of a key; see Heads.
func (t *Task) KeyHead(topic, schema string) []byte { return t.key.of(topic, schema) }

// ValueHead is what stands in front of a value.
func (t *Task) ValueHead(topic, schema string) []byte { return t.value.of(topic, schema) }

// head keeps the last one: most records go to one topic.
type head struct {
	codec         Heads // nil: the codec has none
	topic, schema string
	bytes         []byte
}

func (h *head) of(topic, schema string) []byte {
	if h.bytes != nil && h.topic == topic && h.schema == schema {
		return h.bytes
	}
	if h.codec == nil {
		return nil
	}
	b := h.codec.Head(topic, schema)
	if b != nil {
		h.topic, h.schema, h.bytes = strings.Clone(topic), schema, b
	}
	return b
}
