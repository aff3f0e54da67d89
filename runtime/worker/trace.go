package worker

import (
	"errors"
	"slices"
	"sync"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// The stages of traces.
const (
	tracePoll    = "poll"    // a connector's, or Kafka's, with the time waited
	traceConvert = "convert" // transforms and converters
	traceProduce = "produce" // until Kafka has the records
	tracePut     = "put"
	traceFlush   = "flush"
	traceCommit  = "commit"
)

// traced is the span of a batch that is traced; nil is one that is not, and
// every method may be called of it. The batch may be in several hands, such as
// the flights that it was divided into: the span ends when the last lets go.
type traced struct {
	mu     sync.Mutex
	span   connect.Span
	hands  int
	err    error // the first one
	topics []string
	header []byte // that its records get; nil: none
}

// trace begins a batch's span, in one hand, where it is to be traced.
func (a *about) trace(begun time.Time, records int, parents []string) *traced {
	if a.traces == nil {
		return nil
	}
	span := a.traces.Begin(connect.Traced{
		Connector: a.connector, Task: a.id, Sink: a.sink, Stage: tracePoll, Begun: begun, Records: records, Parents: parents,
	})
	if span == nil {
		return nil
	}
	s := &traced{span: span, hands: 1}
	if !a.sink && a.traces.Propagates() {
		s.header = []byte(span.Traceparent())
	}
	return s
}

func (s *traced) stage(name string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hands > 0 {
		s.span.Stage(name)
	}
}

// topic says where records come from or go to.
func (s *traced) topic(name string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hands > 0 && !slices.Contains(s.topics, name) {
		s.topics = append(s.topics, name)
		s.span.Topic(name)
	}
}

// hold gives the batch into another hand.
func (s *traced) hold() *traced {
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.hands++
	}
	return s
}

// release takes the batch out of a hand. A stop is no failure.
func (s *traced) release(err error) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil && !errors.Is(err, errStopped) {
		s.err = err
	}
	if s.hands--; s.hands == 0 {
		s.span.End(s.err)
	}
}

// mostTraced are the batches of a task whose spans wait for a commit; of
// others it ends before.
const mostTraced = 1000

// traceds are batches that wait for a commit.
type traceds []*traced

func (l *traceds) add(s *traced) {
	switch {
	case s == nil:
	case len(*l) >= mostTraced:
		s.release(nil)
	default:
		*l = append(*l, s)
	}
}

func (l traceds) stage(name string) {
	for _, s := range l {
		s.stage(name)
	}
}

// release ends the wait.
func (l *traceds) release(err error) {
	for _, s := range *l {
		s.release(err)
	}
	clear(*l)
	*l = (*l)[:0]
}

// traceHeader adds the batch's trace to a record's headers, where the record
// has none of its own. The headers' memory is the task's.
func (t *sourceTask) traceHeader(r *connect.Record) {
	if t.span == nil || t.span.header == nil {
		return
	}
	if !slices.ContainsFunc(r.Headers, func(h connect.Header) bool { return h.Key == connect.Traceparent }) {
		t.headers = append(t.headers, kafka.Header{Key: connect.Traceparent, Value: t.span.header})
	}
}

// mostParents are looked at of a batch.
const mostParents = 16

// parents are the traces that polled records bring along.
func (t *sinkTask) parents() (out []string) {
	if t.traces == nil || !t.traces.Propagates() {
		return nil
	}
	last := ""
	for i := range t.runs {
		for j := range t.runs[i].Len() {
			for _, h := range t.runs[i].At(j).Headers {
				if h.Key != connect.Traceparent || string(h.Value) == last {
					continue
				}
				if last = string(h.Value); !slices.Contains(out, last) {
					out = append(out, last)
				}
				if len(out) == mostParents {
					return out
				}
			}
		}
	}
	return out
}

// traceTopics names the topics of what was polled.
func (t *sinkTask) traceTopics() {
	if t.span == nil {
		return
	}
	for i := range t.runs {
		t.span.topic(t.runs[i].Topic)
	}
}

// traceEnd leaves the span of what was put to the next commit.
func (t *sinkTask) traceEnd(err error) {
	if err != nil {
		t.span.release(err)
	} else {
		t.span.stage("")
		t.traced.add(t.span)
	}
	t.span = nil
}

// errUncommitted is said of batches that were put, and of which the group does
// not know.
var errUncommitted = errors.New("it was put, and not committed")
