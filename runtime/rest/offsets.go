package rest

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
)

func (h *Handler) offsets() []endpoint {
	return []endpoint{
		{method: "GET", path: "/connectors/{}/offsets", serve: h.getOffsets},
		{method: "PATCH", path: "/connectors/{}/offsets", serve: h.alterOffsets, body: true},
		{method: "DELETE", path: "/connectors/{}/offsets", serve: h.resetOffsets},
	}
}

func (h *Handler) getOffsets(c *call) (answer, error) {
	x, err := h.connector(c, notFound)
	if err != nil {
		return answer{}, err
	}
	list, err := h.o.Herder.Offsets(c.ctx, x.Name)
	if list == nil {
		list = []Offset{}
	}
	return answer{http.StatusOK, map[string][]Offset{"offsets": list}}, err
}

type message struct {
	Message string `json:"message"`
}

// alterOffsets changes positions (KIP-875).
func (h *Handler) alterOffsets(c *call) (answer, error) {
	x, err := h.connector(c, notFound)
	if err != nil {
		return answer{}, err
	}
	list, err := parseOffsets(c.body)
	if err != nil {
		return answer{}, err
	}
	if x.Kind == "sink" {
		for i := range list {
			if list[i], err = sinkOffset(list[i]); err != nil {
				return answer{}, err
			}
		}
	}
	if err := h.o.Herder.AlterOffsets(c.ctx, x.Name, list); err != nil {
		return answer{}, err
	}
	return ok(message{"The offsets for this connector have been altered successfully"})
}

func (h *Handler) resetOffsets(c *call) (answer, error) {
	x, err := h.connector(c, notFound)
	if err != nil {
		return answer{}, err
	}
	if err := h.o.Herder.ResetOffsets(c.ctx, x.Name); err != nil {
		return answer{}, err
	}
	return ok(message{"The offsets for this connector have been reset successfully"})
}

// parseOffsets reads {"offsets": [{"partition": {…}, "offset": {…} or null}]}.
func parseOffsets(body []byte) ([]Offset, error) {
	o, err := parseObject(body)
	if err != nil {
		return nil, err
	}
	if err := onlyKnown(o, "offsets"); err != nil {
		return nil, err
	}
	given := o.get("offsets")
	entries, isList := given.(array)
	if given != nil && !isList {
		return nil, fail(http.StatusBadRequest, "offsets must be a list of objects with a partition and an offset")
	}
	if len(entries) == 0 {
		return nil, fail(http.StatusBadRequest, "Partitions / offsets need to be provided for an alter offsets request")
	}
	var out []Offset
	seen := map[string]bool{}
	for _, e := range entries {
		one, err := parseOffset(e)
		if err != nil {
			return nil, err
		}
		if seen[string(one.Partition)] {
			return nil, fail(http.StatusBadRequest, "The partition %s is given twice", clip(string(one.Partition)))
		}
		seen[string(one.Partition)] = true
		out = append(out, one)
	}
	return out, nil
}

func parseOffset(v any) (Offset, error) {
	o, is := v.(object)
	if !is {
		return Offset{}, fail(http.StatusBadRequest, "offsets must be a list of objects with a partition and an offset")
	}
	if err := onlyKnown(o, "partition", "offset"); err != nil {
		return Offset{}, err
	}
	partition, is := o.get("partition").(object)
	if !is {
		return Offset{}, fail(http.StatusBadRequest, "Partition objects cannot be null")
	}
	out := Offset{Partition: raw(partition)}
	switch offset := o.get("offset").(type) {
	case nil:
	case object:
		out.Offset = raw(offset)
	default:
		return Offset{}, fail(http.StatusBadRequest, "An offset must be an object or null")
	}
	return out, nil
}

func onlyKnown(o object, known ...string) error {
next:
	for _, m := range o {
		for _, k := range known {
			if m.name == k {
				continue next
			}
		}
		return fail(http.StatusBadRequest, "Unrecognized field %q", clip(m.name))
	}
	return nil
}

// sinkPosition is the partition and offset of a sink.
type sinkPartition struct {
	Partition int32  `json:"kafka_partition"`
	Topic     string `json:"kafka_topic"`
}

type sinkPosition struct {
	Offset int64 `json:"kafka_offset"`
}

// SinkOffset makes a sink's position.
func SinkOffset(topic string, partition int32, offset int64) Offset {
	p, _ := json.Marshal(sinkPartition{partition, topic})
	o, _ := json.Marshal(sinkPosition{offset})
	return Offset{p, o}
}

// Sink reads a sink's position; offset is -1 where it is to be removed.
func (o Offset) Sink() (topic string, partition int32, offset int64, err error) {
	var p sinkPartition
	if err := json.Unmarshal(o.Partition, &p); err != nil {
		return "", 0, 0, err
	}
	if o.Offset == nil {
		return p.Topic, p.Partition, -1, nil
	}
	var at sinkPosition
	err = json.Unmarshal(o.Offset, &at)
	return p.Topic, p.Partition, at.Offset, err
}

// sinkOffset checks a sink's position as it came, and gives it in one form.
// Numbers may be texts, as in Kafka Connect.
func sinkOffset(o Offset) (Offset, error) {
	p, err := parseObject(o.Partition)
	if err != nil {
		return o, err
	}
	topic, partition := p.get("kafka_topic"), p.get("kafka_partition")
	if topic == nil || partition == nil {
		return o, fail(http.StatusBadRequest, "The partition for a sink connector offset must contain the keys 'kafka_topic' and 'kafka_partition'")
	}
	name, isText := topic.(string)
	if !isText || name == "" {
		return o, fail(http.StatusBadRequest, "The value of 'kafka_topic' must be the name of a topic")
	}
	n, good := wholeNumber(partition, math.MaxInt32)
	if !good {
		return o, fail(http.StatusBadRequest, "Failed to parse the value of 'kafka_partition': it must be a whole number, 0 or more")
	}
	if o.Offset == nil {
		out := SinkOffset(name, int32(n), 0)
		out.Offset = nil
		return out, nil
	}
	at, err := parseObject(o.Offset)
	if err != nil {
		return o, err
	}
	given := at.get("kafka_offset")
	if given == nil {
		return o, fail(http.StatusBadRequest, "The offset for a sink connector should either be null or contain the key 'kafka_offset'")
	}
	offset, good := wholeNumber(given, math.MaxInt64)
	if !good {
		return o, fail(http.StatusBadRequest, "Failed to parse the value of 'kafka_offset': it must be a whole number, 0 or more")
	}
	return SinkOffset(name, int32(n), offset), nil
}

// wholeNumber reads a number, or the text of one, from 0 to most.
func wholeNumber(v any, most int64) (int64, bool) {
	var text string
	switch v := v.(type) {
	case number:
		text = string(v)
	case string:
		text = v
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n >= 0 && n <= most && !bytes.ContainsAny([]byte(text), "+_")
}
