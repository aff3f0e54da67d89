package state

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"

	"kcgen.dev/runtime/kafka"
)

// encode is v as Kafka Connect's JsonConverter writes it without schemas: on
// one line, its characters as they are.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // of types that are known here
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// null reports whether a record deletes what was under its key.
func null(value []byte) bool {
	return value == nil || string(bytes.TrimSpace(value)) == "null"
}

// skipped counts records that say nothing to this program, and warns of the
// first: a topic may hold what a stranger wrote.
type skipped struct {
	log   *slog.Logger
	topic string
	count atomic.Int64
}

func (s *skipped) add(e kafka.Entry, why error) {
	if s.count.Add(1) == 1 {
		s.log.Warn("a record is not in Kafka Connect's format and was skipped; further ones are only counted",
			"topic", s.topic, "partition", e.Partition, "offset", e.Offset, "key", fmt.Sprintf("%.100q", e.Key), "error", why.Error())
	}
}

// parseTask takes apart a task's name, name-0.
func parseTask(s string) (TaskID, error) {
	i := strings.LastIndexByte(s, '-')
	if i < 1 {
		return TaskID{}, fmt.Errorf("%.100q is not NAME-TASK", s)
	}
	n, err := strconv.ParseUint(s[i+1:], 10, 31)
	if err != nil {
		return TaskID{}, fmt.Errorf("%.100q is not NAME-TASK", s)
	}
	return TaskID{s[:i], int(n)}, nil
}
