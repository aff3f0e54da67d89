package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kcgen.dev/runtime/kafka"
)

// The keys of the status topic, Kafka Connect's (KafkaStatusBackingStore).
const (
	connectorKey = "status-connector-"
	taskKey      = "status-task-"
	topicKey     = "status-topic-"
	topicOf      = ":connector-" // between topic and connector
)

// mostTrace is how much of a trace is kept, so that a record fits its topic.
const mostTrace = 64 << 10

// Statuses is what connectors and tasks were last said to be at, and which
// topics they have used. Instances share it through a topic, or an instance
// that is alone keeps it in memory.
type Statuses struct {
	topic *kafka.Log // nil: in memory
	skipped
	resets atomic.Uint64 // of topics, as far as they were read

	mu         sync.Mutex
	connectors map[string]*said
	tasks      map[TaskID]*said
	topics     map[string]map[string]bool // of a connector

	waiting map[string][]byte // to be written, by key: the last one counts
	order   []string          // of their keys
	more    chan struct{}     // holds a value when some wait
	written chan struct{}     // closed when none waits, and none is on its way
}

// said is what was said of one connector or task.
type said struct {
	now  Status
	late *Status // said later, with an older generation
	past bool    // now is of a group that has begun anew since
}

// NewStatuses are the statuses of an instance that is alone.
func NewStatuses() *Statuses {
	s := &Statuses{
		connectors: map[string]*said{}, tasks: map[TaskID]*said{}, topics: map[string]map[string]bool{},
		waiting: map[string][]byte{}, more: make(chan struct{}, 1), written: make(chan struct{}),
		skipped: skipped{log: slog.New(slog.DiscardHandler)},
	}
	close(s.written)
	return s
}

// OpenStatuses reads the status topic, which is made where it is not there.
// life ends the making of the topic.
func OpenStatuses(ctx, life context.Context, conn *kafka.Conn, spec kafka.NewTopic, log *slog.Logger) (*Statuses, error) {
	s := NewStatuses()
	s.skipped.log, s.skipped.topic = log, spec.Name
	spec.Configs = map[string]string{"cleanup.policy": "compact"}
	topic, err := conn.OpenLog(ctx, life, spec, s.read, func(err error) {
		log.Error("statuses are not shared: the status topic cannot be made", "topic", spec.Name, "error", err.Error())
	})
	if err != nil {
		return nil, fmt.Errorf("state: the status topic: %w", err)
	}
	s.topic = topic
	return s, nil
}

// Run writes what is put and follows the topic, until ctx ends.
func (s *Statuses) Run(ctx context.Context) error {
	if s.topic == nil {
		<-ctx.Done()
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { s.write(ctx) })
	err := s.topic.Follow(ctx)
	cancel()
	wg.Wait()
	return err
}

// CatchUp reads what was said up to now.
func (s *Statuses) CatchUp(ctx context.Context) error {
	if s.topic == nil {
		return nil
	}
	return s.topic.ReadToEnd(ctx)
}

// Skipped is the number of records that were not understood.
func (s *Statuses) Skipped() int64 { return s.skipped.count.Load() }

// Joined is told the generation of the group at each join. Where a group was
// empty for long it begins at 1 again: what carries a higher generation than
// the group has is of its earlier life, and newer than nothing.
func (s *Statuses) Joined(generation int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.connectors {
		e.joined(generation)
	}
	for _, e := range s.tasks {
		e.joined(generation)
	}
}

func (e *said) joined(generation int) {
	if e.now.Generation <= generation {
		return
	}
	e.past = true
	if e.late != nil {
		*e = said{now: *e.late, past: e.late.Generation > generation}
	}
}

// hear takes what was said next, unless it is out of date: said by an instance
// that has not heard yet that the group went on without it, or of a task that
// it gave up when another had begun it.
func (e *said) hear(st Status) {
	gaveUp := st.Phase == Unassigned && e.now.Phase != Unassigned && st.Worker != e.now.Worker && st.Generation <= e.now.Generation
	if !e.past && (st.Generation < e.now.Generation || gaveUp) {
		e.late = &st
		return
	}
	*e = said{now: st}
}

// PutConnector says what a connector is at. It does not wait: what is put
// meanwhile of the same connector is written in its place. DestroyedTask takes
// the status away.
func (s *Statuses) PutConnector(connector string, st Status) {
	s.mu.Lock()
	e := s.connectors[connector]
	s.mu.Unlock()
	s.put(connectorKey+connector, e, st)
}

// PutTask says what a task is at, as PutConnector does.
func (s *Statuses) PutTask(id TaskID, st Status) {
	s.mu.Lock()
	e := s.tasks[id]
	s.mu.Unlock()
	s.put(taskKey+id.String(), e, st)
}

// statusValue is a status in Kafka Connect's order of fields. The version is
// that of a plug-in, which a compiled pipeline does not have.
type statusValue struct {
	State      Phase   `json:"state"`
	Trace      *string `json:"trace"`
	Worker     string  `json:"worker_id"`
	Generation int     `json:"generation"`
	Version    *string `json:"version"`
}

func (s *Statuses) put(key string, known *said, st Status) {
	s.mu.Lock()
	stale := known != nil && !known.past && known.now.Generation > st.Generation && known.now.Worker != st.Worker
	s.mu.Unlock()
	if stale {
		return // another instance has it by now
	}
	if st.Phase == DestroyedTask {
		s.enqueue(key, nil)
		return
	}
	v := statusValue{State: st.Phase, Worker: st.Worker, Generation: st.Generation}
	if trace := st.Trace; trace != "" {
		if len(trace) > mostTrace {
			trace = strings.ToValidUTF8(trace[:mostTrace], "") + "…"
		}
		v.Trace = &trace
	}
	s.enqueue(key, encode(v))
}

type topicValue struct {
	Topic struct {
		Name       string `json:"name"`
		Connector  string `json:"connector"`
		Task       int    `json:"task"`
		Discovered int64  `json:"discoverTimestamp"`
	} `json:"topic"`
}

// AddTopic says that a task uses a topic (KIP-558). It costs nothing where that
// is known.
func (s *Statuses) AddTopic(id TaskID, topic string) {
	s.mu.Lock()
	known := s.topics[id.Connector][topic]
	key := topicKey + topic + topicOf + id.Connector
	if value, waits := s.waiting[key]; waits {
		known = value != nil
	}
	s.mu.Unlock()
	if known {
		return
	}
	var v topicValue
	v.Topic.Name, v.Topic.Connector, v.Topic.Task, v.Topic.Discovered = topic, id.Connector, id.Task, time.Now().UnixMilli()
	s.enqueue(key, encode(v))
}

// Topics are the topics that a connector has used since they were last reset,
// sorted.
func (s *Statuses) Topics(connector string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	for t := range s.topics[connector] {
		out = append(out, t)
	}
	slices.Sort(out)
	return out
}

// ResetTopics forgets the topics that a connector has used.
func (s *Statuses) ResetTopics(connector string) {
	for _, t := range s.Topics(connector) {
		s.enqueue(topicKey+t+topicOf+connector, nil)
	}
}

// Resets counts what was forgotten of topics, of any connector: who has said
// that it uses one says so again when the count has changed.
func (s *Statuses) Resets() uint64 { return s.resets.Load() }

// Connector is what a connector is at; false where nobody has said.
func (s *Statuses) Connector(name string) (Status, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.connectors[name]
	if e == nil {
		return Status{}, false
	}
	return e.now, true
}

// Task is what a task is at; false where nobody has said.
func (s *Statuses) Task(id TaskID) (Status, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.tasks[id]
	if e == nil {
		return Status{}, false
	}
	return e.now, true
}

// Tasks are the statuses of a connector's tasks, by their numbers.
func (s *Statuses) Tasks(connector string) map[int]Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[int]Status{}
	for id, e := range s.tasks {
		if id.Connector == connector {
			out[id.Task] = e.now
		}
	}
	return out
}

// DropTasks takes away what was said of a connector's tasks from a number on, up
// to a generation: tasks that it has no longer.
func (s *Statuses) DropTasks(connector string, from, generation int) {
	for task, st := range s.Tasks(connector) {
		if task >= from && st.Generation <= generation {
			s.enqueue(taskKey+TaskID{connector, task}.String(), nil)
		}
	}
}

// enqueue has a record written, or takes it at once where the instance is
// alone.
func (s *Statuses) enqueue(key string, value []byte) {
	if s.topic == nil {
		s.read(kafka.Entry{Key: []byte(key), Value: value})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, waits := s.waiting[key]; !waits {
		s.order = append(s.order, key)
	}
	s.waiting[key] = value
	select {
	case <-s.written:
		s.written = make(chan struct{})
	default:
	}
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// write writes what waits. While a broker does not answer, newer statuses take
// the places of older ones: what waits is bounded by what there is to say.
func (s *Statuses) write(ctx context.Context) {
	for {
		select {
		case <-s.more:
		case <-ctx.Done():
			return
		}
		for batch := s.take(); len(batch) > 0; batch = s.take() {
			done := make(chan error, 1)
			s.topic.Append(ctx, batch, func(err error) { done <- err })
			select {
			case err := <-done:
				if err != nil && ctx.Err() == nil {
					s.skipped.log.Error("statuses were not written", "records", len(batch), "error", err.Error())
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

// take takes what waits, in order. With nothing it says that all is written.
func (s *Statuses) take() []kafka.Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	var batch []kafka.Entry
	for _, key := range s.order {
		batch = append(batch, kafka.Entry{Key: []byte(key), Value: s.waiting[key]})
	}
	clear(s.waiting)
	s.order = s.order[:0]
	if len(batch) == 0 {
		select {
		case <-s.written:
		default:
			close(s.written)
		}
	}
	return batch
}

// Flush waits until what was put is in the topic. Run must be running.
func (s *Statuses) Flush(ctx context.Context) error {
	s.mu.Lock()
	written := s.written
	s.mu.Unlock()
	select {
	case <-written:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("state: write statuses: %w", ctx.Err())
	}
}

// read takes one record.
func (s *Statuses) read(e kafka.Entry) {
	key := string(e.Key)
	var err error
	if name, ok := strings.CutPrefix(key, connectorKey); ok {
		err = readStatus(s, s.connectors, name, e.Value)
	} else if name, ok := strings.CutPrefix(key, taskKey); ok {
		var id TaskID
		if id, err = parseTask(name); err == nil {
			err = readStatus(s, s.tasks, id, e.Value)
		}
	} else if name, ok := strings.CutPrefix(key, topicKey); ok {
		err = s.readTopic(name, e.Value)
	} else {
		err = errors.New("the key is not known")
	}
	if err != nil {
		s.skipped.add(e, err)
	}
}

func readStatus[K comparable](s *Statuses, of map[K]*said, name K, value []byte) error {
	if null(value) {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(of, name)
		return nil
	}
	var v struct {
		State      *Phase  `json:"state"`
		Trace      *string `json:"trace"`
		Worker     *string `json:"worker_id"`
		Generation *int32  `json:"generation"`
	}
	if err := json.Unmarshal(value, &v); err != nil {
		return err
	}
	if v.State == nil || v.Worker == nil || v.Generation == nil {
		return errors.New("it misses one of state, worker_id and generation")
	}
	switch *v.State {
	case Unassigned, Running, PausedPhase, StoppedPhase, Failed, Restarting, DestroyedTask:
	default:
		return fmt.Errorf("%.100q is no state", *v.State)
	}
	st := Status{Phase: *v.State, Worker: *v.Worker, Generation: int(*v.Generation)}
	if v.Trace != nil {
		st.Trace = *v.Trace
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := of[name]; e != nil {
		e.hear(st)
	} else {
		of[name] = &said{now: st}
	}
	return nil
}

func (s *Statuses) readTopic(name string, value []byte) error {
	topic, connector, ok := strings.Cut(name, topicOf)
	if !ok || topic == "" || connector == "" {
		return errors.New("the key does not name a topic and a connector")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if null(value) {
		delete(s.topics[connector], topic)
		s.resets.Add(1)
		return nil
	}
	var v topicValue
	if err := json.Unmarshal(value, &v); err != nil {
		return err
	}
	if s.topics[connector] == nil {
		s.topics[connector] = map[string]bool{}
	}
	s.topics[connector][topic] = true
	return nil
}
