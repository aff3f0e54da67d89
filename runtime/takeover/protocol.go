package takeover

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// connectorTask stands for the connector itself among its tasks
// (ConnectProtocol.CONNECTOR_TASK).
const connectorTask = -1

// worker is a member of a Kafka Connect group.
type worker struct {
	url  string
	runs map[string]map[int32]bool // tasks of connectors
}

// readWorker puts together what a worker runs. In versions 1 and 2 of the
// protocol (IncrementalCooperativeConnectProtocol) a worker says when it joins
// what it runs, and is told what it begins and ends; in version 0
// (ConnectProtocol) it is told everything.
func readWorker(metadata, assignment []byte) (worker, error) {
	w := worker{runs: map[string]map[int32]bool{}}
	m := wire{data: metadata}
	version := m.int16()
	w.url = m.string()
	m.int64() // offset of the config topic
	if version >= 1 && len(m.data) > 0 {
		if err := w.told(m.bytes()); err != nil {
			return w, fmt.Errorf("a worker's state: %w", err)
		}
	}
	if m.err == nil && version < 0 {
		m.err = fmt.Errorf("version %d of the protocol", version)
	}
	if m.err != nil {
		return w, fmt.Errorf("a worker's state: %w", m.err)
	}
	if err := w.told(assignment); err != nil {
		return w, fmt.Errorf("a worker's assignment: %w", err)
	}
	return w, nil
}

// told takes an assignment: nothing, or what is begun and ended.
func (w *worker) told(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	a := wire{data: data}
	version := a.int16()
	if a.err == nil && version < 0 {
		return fmt.Errorf("version %d of the protocol", version)
	}
	a.int16()  // error
	a.string() // leader
	a.string() // its address
	a.int64()  // offset of the config topic
	begun := a.tasks()
	var ended []connectorTasks
	if version >= 1 && len(a.data) > 0 {
		ended = a.tasks()
	}
	if a.err != nil {
		return a.err
	}
	for _, c := range begun {
		for _, id := range c.tasks {
			if w.runs[c.name] == nil {
				w.runs[c.name] = map[int32]bool{}
			}
			w.runs[c.name][id] = true
		}
	}
	for _, c := range ended {
		for _, id := range c.tasks {
			delete(w.runs[c.name], id)
		}
	}
	return nil
}

type connectorTasks struct {
	name  string
	tasks []int32
}

// wire reads Kafka's types, until they do not fit.
type wire struct {
	data []byte
	err  error
}

var errShort = errors.New("it ends too early")

func (w *wire) take(n int) []byte {
	if w.err == nil && (n < 0 || n > len(w.data)) {
		w.err = errShort
	}
	if w.err != nil {
		return make([]byte, 8)[:min(max(n, 0), 8)]
	}
	b := w.data[:n]
	w.data = w.data[n:]
	return b
}

func (w *wire) int16() int16 { return int16(binary.BigEndian.Uint16(w.take(2))) }
func (w *wire) int32() int32 { return int32(binary.BigEndian.Uint32(w.take(4))) }
func (w *wire) int64() int64 { return int64(binary.BigEndian.Uint64(w.take(8))) }

// string is "" for null.
func (w *wire) string() string {
	n := w.int16()
	if n < 0 || w.err != nil {
		return ""
	}
	s := w.take(int(n))
	if w.err != nil {
		return ""
	}
	return string(s)
}

// bytes is nil for null.
func (w *wire) bytes() []byte {
	n := w.int32()
	if n < 0 || w.err != nil {
		return nil
	}
	b := w.take(int(n))
	if w.err != nil {
		return nil
	}
	return b
}

// array is the length of an array whose elements take at least size bytes.
func (w *wire) array(size int) int {
	n := int(w.int32())
	if n > len(w.data)/size {
		w.err = errShort
	}
	if w.err != nil {
		return 0
	}
	return max(n, 0) // -1 is null
}

func (w *wire) tasks() []connectorTasks {
	var out []connectorTasks
	for range w.array(6) {
		c := connectorTasks{name: w.string()}
		for range w.array(4) {
			c.tasks = append(c.tasks, w.int32())
		}
		if w.err != nil {
			return nil
		}
		out = append(out, c)
	}
	return out
}
