package fuse

import (
	"strconv"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

// Func gives a source record's key and value as its chain would write them, nil
// for Kafka's null. They alias the record or were appended to b. It sets the
// topic to which the record goes. Where ok is false the record is not of the
// form that the function is for, and is as it was.
type Func func(r *connect.Record, b *connect.Buffer) (key, value []byte, ok bool)

// Functions are a pipeline's, by the source's name.
type Functions map[string]Func

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
