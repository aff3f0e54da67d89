package fuse

import (
	"strconv"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/avrobin"
	"kcgen.dev/runtime/internal/jsontext"
)

// Func gives a source record's key and value as its chain would write them, nil
// for Kafka's null. They alias the record or stand in the task's buffer. It sets
// the topic to which the record goes. Where ok is false the record is not of the
// form that the function is for, and is as it was.
type Func func(t *Task, r *connect.Record) (key, value []byte, ok bool)

// Functions are a pipeline's, by the names of its sources and sinks.
type Functions struct {
	Sources Sources
	Sinks   Sinks
}

// Sources are the functions of sources, by their names.
type Sources map[string]Func

// Sinks are the functions of sinks, by their names.
type Sinks map[string]Sink

// IsText reports whether a record is a text that is never null, as its schema
// has it, and nothing besides: no key, no headers.
func IsText(r *connect.Record) bool {
	return r.Value.Schema == connect.StringSchema && isText(r)
}

// IsOptionalText is IsText for a schema that allows nulls; this one is none.
func IsOptionalText(r *connect.Record) bool {
	return r.Value.Schema == connect.OptionalStringSchema && isText(r)
}

func isText(r *connect.Record) bool {
	return r.Value.Value.Kind() == connect.KindString && r.Key.Schema == nil && r.Key.Value.IsNull() && len(r.Headers) == 0
}

// HasTime reports whether a record has a timestamp.
func HasTime(r *connect.Record) bool { return r.Timestamp != connect.NoTimestamp }

// AppendJSON appends a record's text as a JSON string.
func AppendJSON(dst []byte, r *connect.Record) []byte {
	return jsontext.AppendStringValue(dst, r.Value.Value)
}

// AppendTopic appends a record's topic as a JSON string.
func AppendTopic(dst []byte, r *connect.Record) []byte {
	return jsontext.AppendStringValue(dst, connect.String(r.Topic))
}

// AppendTime appends a record's timestamp, in milliseconds since the epoch.
func AppendTime(dst []byte, r *connect.Record) []byte {
	return strconv.AppendInt(dst, r.Timestamp, 10)
}

// AppendAvro appends a record's text as an Avro string.
func AppendAvro(dst []byte, r *connect.Record) []byte {
	return avrobin.AppendString(dst, r.Value.Value)
}

// AppendAvroTopic appends a record's topic as an Avro string.
func AppendAvroTopic(dst []byte, r *connect.Record) []byte {
	return avrobin.AppendString(dst, connect.String(r.Topic))
}

// AppendAvroTime appends a record's timestamp as Avro's timestamp-millis.
func AppendAvroTime(dst []byte, r *connect.Record) []byte {
	return avrobin.AppendLong(dst, r.Timestamp)
}
