package main

import (
	"context"
	"os"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
)

// hangs is the hook that never returns, such as "source Poll"; none where it is
// empty.
var hangs = os.Getenv("STUCK_HOOK")

// at is called by each hook. What hangs minds no context, as code that waits for
// a lock or a dead server would not.
func at(hook string) {
	if hook == hangs {
		select {}
	}
}

// few is how many records a connector has.
const few = 20

// source gives a few records, and then none.
type source struct{ topic string }

type sourceTask struct {
	source
	given bool
	from  *connect.SourcePartition
}

func (s source) Tasks(context.Context, int) ([]connect.SourceTask, error) {
	at("source Tasks")
	return []connect.SourceTask{&sourceTask{source: s, from: connect.Partition("name", s.topic)}}, nil
}

func (t *sourceTask) Open(context.Context, connect.SourceContext) error {
	at("source Open")
	return nil
}

func (t *sourceTask) Poll(ctx context.Context, b *connect.Batch) error {
	at("source Poll")
	if t.given {
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
		return nil
	}
	t.given = true
	for range few {
		r := b.Add()
		r.Topic, r.Value = t.topic, connect.Datum{Schema: connect.StringSchema, Value: connect.String("a record")}
	}
	b.Mark(t.from, connect.SourceOffset{"given": int64(few)})
	return nil
}

// Committed is told of offsets.
func (t *sourceTask) Committed(context.Context, *connect.SourcePartition, connect.SourceOffset) error {
	at("source Committed")
	return nil
}

func (t *sourceTask) Close() error {
	at("source Close")
	return nil
}

// sink takes all that it is given.
type sink struct{}

func (sink) Open(context.Context, connect.SinkContext) (connect.SinkTask, error) {
	at("sink Open")
	return sink{}, nil
}

func (sink) Put(context.Context, []connect.Record) error {
	at("sink Put")
	return nil
}

func (sink) Flush(context.Context) error {
	at("sink Flush")
	return nil
}

func (sink) Close() error {
	at("sink Close")
	return nil
}

// step is a transform of a source or of a sink.
func step(of string) connect.Transform {
	return connect.TransformFunc(func(*connect.Record) (bool, error) {
		at(of + " transform")
		return true, nil
	})
}

// converter is the String converter, unless it hangs.
type converter struct{ of string }

type codec struct {
	connect.Codec
	of string
}

func (c converter) Open(role connect.Role) (connect.Codec, error) {
	text, err := convert.String{Encoding: "UTF-8"}.Open(role)
	return codec{text, c.of}, err
}

func (c codec) Encode(buf *connect.Buffer, topic string, d connect.Datum) ([]byte, error) {
	at(c.of + " converter")
	return c.Codec.Encode(buf, topic, d)
}

func (c codec) Decode(topic string, data []byte) (connect.Datum, error) {
	at(c.of + " converter")
	return c.Codec.Decode(topic, data)
}
