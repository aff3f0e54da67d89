package sql

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// op is what one record does to its table.
type op struct {
	record int // its place in the batch
	layout *layout
	args   []any // one a column; of a tombstone, the key's
	key    string
	at     connect.TopicPartition // of the record
	offset int64

	from, to int // where the key stands in sinkTask.keys
}

// bind makes parameters of a record. An error is the record's.
func (l *layout) bind(dst []any, r *connect.Record) ([]any, error) {
	for i := range l.columns {
		c := &l.columns[i]
		v, err := c.bind(c.value(r))
		if err != nil {
			return dst, fmt.Errorf("field %s: %w", connect.Word(c.name), err)
		}
		dst = append(dst, v)
	}
	return dst, nil
}

// value is what a record has for the column.
func (c *column) value(r *connect.Record) connect.Value {
	var v connect.Value
	switch c.from {
	case fromTopic:
		return connect.String(r.Topic)
	case fromPartition:
		return connect.Int32(r.Partition)
	case fromOffset:
		return connect.Int64(r.Offset)
	case fromKey:
		v = r.Key.Value
	case fromValue:
		v = r.Value.Value
	case fromKeyField:
		v = slot(r.Key.Value, c.slot)
	case fromValueField:
		v = slot(r.Value.Value, c.slot)
	}
	if v.IsNull() {
		return c.def
	}
	return v
}

func slot(v connect.Value, i int) connect.Value {
	if st := v.Struct(); st != nil && i < len(st.Slots) {
		return st.Slots[i]
	}
	return connect.Null
}

// readTime says that the column's numbers are points in time.
func (c *column) readTime() error {
	k := c.schema.Kind()
	if k != connect.KindInt64 && k != connect.KindString || c.schema.Logical() != connect.NotLogical {
		return fmt.Errorf("timestampFieldsList: field %s has to be an int64 or a string; it is %s", connect.Word(c.name), describe(c.schema))
	}
	c.time = connect.TimestampSchema
	if c.schema.IsOptional() {
		c.time = connect.OptionalTimestampSchema
	}
	return nil
}

// instant reads a number, or its text, as a point in time.
func instant(v connect.Value, unit time.Duration) (connect.Value, error) {
	n := v.Int()
	switch v.Kind() {
	case connect.KindNull:
		return v, nil
	case connect.KindString:
		var err error
		if n, err = strconv.ParseInt(v.Str(), 10, 64); err != nil {
			return v, errors.New("timestampFieldsList: the text is no number of an int64")
		}
	case connect.KindInt64:
	default:
		return v, fmt.Errorf("timestampFieldsList: %v is no number", v.Kind())
	}
	per := int64(time.Second / unit)
	seconds, rest := n/per, n%per
	return connect.Instant(time.Unix(seconds, rest*int64(unit))), nil
}

// fromJulian has dates and moments that were counted by the Julian calendar bound
// as the dates that they are.
func (t *sinkTask) fromJulian(s *connect.Schema, bind database.Bind) database.Bind {
	zone := t.writing.Zone
	switch {
	case s == nil:
		return bind
	case s.Logical() == connect.LogicalDate:
		zone = t.writing.DateZone
	case s.Logical() != connect.LogicalTimestamp:
		return bind
	}
	return func(v connect.Value) (any, error) {
		if v.Kind() == connect.KindInstant {
			v = connect.Instant(database.FromJulian(v.Instant().In(zone)))
		}
		return bind(v)
	}
}

// appendKey appends what tells a record's key from others.
func (l *layout) appendKey(dst []byte, r *connect.Record) []byte {
	for i := range l.columns[:l.keys] {
		dst = appendScalar(dst, l.columns[i].value(r))
	}
	return dst
}

// appendScalar appends a value so that no two differ and look alike.
func appendScalar(dst []byte, v connect.Value) []byte {
	dst = append(dst, byte(v.Kind()))
	switch v.Kind() {
	case connect.KindString, connect.KindBytes:
		dst = binary.AppendUvarint(dst, uint64(len(v.Raw())))
		return append(dst, v.Raw()...)
	case connect.KindDecimal:
		text := v.Decimal().Append(nil)
		dst = binary.AppendUvarint(dst, uint64(len(text)))
		return append(dst, text...)
	case connect.KindInstant:
		dst = binary.LittleEndian.AppendUint64(dst, uint64(v.Milli()))
		return binary.LittleEndian.AppendUint32(dst, uint32(v.Instant().Nanosecond()))
	case connect.KindFloat32, connect.KindFloat64:
		return append(strconv.AppendFloat(dst, v.Float(), 'g', -1, 64), 0)
	case connect.KindBool:
		if v.Bool() {
			return append(dst, 1)
		}
		return append(dst, 0)
	case connect.KindArray:
		dst = binary.AppendUvarint(dst, uint64(len(v.Array().Elems)))
		for _, e := range v.Array().Elems {
			dst = appendScalar(dst, e)
		}
		return dst
	case connect.KindMap, connect.KindStruct:
		text := connect.FormatValue(nil, v)
		dst = binary.AppendUvarint(dst, uint64(len(text)))
		return append(dst, text...)
	}
	return binary.LittleEndian.AppendUint64(dst, uint64(v.Int()))
}
