package offset

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// SinkPosition is the position of a sink: an offset of its consumer group.
type SinkPosition struct {
	Topic     string
	Partition int32
	Offset    int64 // -1: it is deleted
}

// FromSink gives sinks' positions Kafka Connect's form, sorted.
func FromSink(list []SinkPosition) []Position {
	slices.SortFunc(list, func(a, b SinkPosition) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	out := []Position{}
	for _, p := range list {
		out = append(out, Position{
			Partition: fmt.Appendf(nil, `{"kafka_partition":%d,"kafka_topic":%s}`, p.Partition, appendString(nil, p.Topic)),
			Offset:    fmt.Appendf(nil, `{"kafka_offset":%d}`, p.Offset),
		})
	}
	return out
}

// ToSink reads positions of a sink, by Kafka Connect's rules (SinkUtils):
// numbers may be texts.
func ToSink(positions []Position) ([]SinkPosition, error) {
	if len(positions) == 0 {
		return nil, shape("Partitions / offsets need to be provided for an alter offsets request")
	}
	type place struct {
		topic     string
		partition int32
	}
	seen := map[place]bool{}
	var out []SinkPosition
	for _, p := range positions {
		s, err := toSink(p)
		if err != nil {
			return nil, err
		}
		if at := (place{s.Topic, s.Partition}); seen[at] {
			return nil, shape("the partition %.100s-%d is given twice", s.Topic, s.Partition)
		} else {
			seen[at] = true
		}
		out = append(out, s)
	}
	return out, nil
}

func toSink(p Position) (s SinkPosition, err error) {
	partition, err := flat("Partition", p.Partition)
	if err != nil {
		return s, err
	}
	if partition == nil {
		return s, shape("The partition for a sink connector offset cannot be null or missing")
	}
	topic, ok := partition["kafka_topic"]
	number, ok2 := partition["kafka_partition"]
	switch {
	case !ok || !ok2:
		return s, shape("The partition for a sink connector offset must contain the keys 'kafka_topic' and 'kafka_partition'")
	case topic == nil || topic == "":
		return s, shape("Kafka topic names must be valid strings and may not be null")
	case number == nil:
		return s, shape("Kafka partitions must be valid numbers and may not be null")
	}
	s.Topic = fmt.Sprint(topic)
	n, ok := whole(number)
	if !ok || n > math.MaxInt32 {
		return s, shape("Failed to parse the following Kafka partition value in the provided offsets: '%.100v'. Partition values for sink connectors need to be integers.", number)
	}
	if s.Partition = int32(n); n < 0 {
		return s, shape("The Kafka partition %d is negative", n)
	}
	offset, err := flat("Offset", p.Offset)
	if err != nil {
		return s, err
	}
	if offset == nil {
		s.Offset = -1
		return s, nil
	}
	at, ok := offset["kafka_offset"]
	if !ok {
		return s, shape("The offset for a sink connector should either be null or contain the key 'kafka_offset'")
	}
	if s.Offset, ok = whole(at); !ok {
		return s, shape("Failed to parse the following Kafka offset value in the provided offsets: '%.100v'. Offset values for sink connectors need to be integers.", at)
	}
	if s.Offset < 0 {
		return s, shape("The Kafka offset %d is negative", s.Offset)
	}
	return s, nil
}

// whole is a whole number, also as a text.
func whole(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		return n, err == nil
	}
	return 0, false
}
