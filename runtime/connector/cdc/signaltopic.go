package cdc

import (
	"context"
	"log/slog"
	"time"

	"kcgen.dev/runtime/connect"
)

// SignalTopic is the topic by which a capture is told what to do
// (signal.kafka.topic). Where it is read next is part of the capture's offset, so
// that no signal is lost, and none is heeded twice but after a crash.
type SignalTopic struct {
	Journal connect.Journal
	Prefix  string        // topicPrefix: the key of the records that are for this capture
	Every   time.Duration // how often it is looked at (signal.poll.interval.ms); 0 is 5 s
	Log     *slog.Logger

	next int64
}

// TopicSignal is a signal of the topic.
type TopicSignal struct {
	Signal
	next int64
}

// signalOffset is the key of offsets that holds where the topic is read next.
// Debezium has none: it leaves that to a consumer group.
const signalOffset = "signal_topic_offset"

// Load takes the place from an offset.
func (s *SignalTopic) Load(o connect.SourceOffset) { s.next, _ = o[signalOffset].(int64) }

// Store adds the place to an offset.
func (s *SignalTopic) Store(o connect.SourceOffset) {
	if s.next > 0 {
		o[signalOffset] = s.next
	}
}

// Handled says that what a signal says is done, or part of the offset.
func (s *SignalTopic) Handled(t TopicSignal) { s.next = t.next }

// Watch reads the topic in a goroutine of its own, from the place that was loaded,
// until ctx ends. Signals come in their order; one that cannot be read is told in
// the log and passed over.
func (s *SignalTopic) Watch(ctx context.Context) <-chan TopicSignal {
	out := make(chan TopicSignal)
	next, every := s.next, s.Every
	if every <= 0 {
		every = 5 * time.Second
	}
	go func() {
		defer close(out)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			next = s.read(ctx, next, out)
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return out
}

// read hands over what is new, and gives the next place.
func (s *SignalTopic) read(ctx context.Context, from int64, out chan<- TopicSignal) int64 {
	next, err := s.Journal.Read(ctx, from, func(e connect.JournalEntry) error {
		g, ok, err := SignalRecord(e.Key, e.Value, s.Prefix)
		if err != nil {
			s.Log.Warn("a signal of the topic of signals is passed over", "offset", e.Offset, "cause", err)
		}
		if err != nil || !ok {
			return nil
		}
		select {
		case out <- TopicSignal{g, e.Offset + 1}:
			from = e.Offset + 1
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	if err == nil {
		return next
	}
	if ctx.Err() == nil {
		s.Log.Warn("the topic of signals cannot be read; it is tried again", "cause", err)
	}
	return from
}

// SignalState is the part of an offset that holds what signals have asked for: the
// snapshots, and the place in the topic of signals.
func SignalState(o connect.SourceOffset) connect.SourceOffset {
	s := connect.SourceOffset{}
	for _, k := range []string{snapshotCollections, snapshotLast, snapshotMax, snapshotCorrelation, signalOffset, Heard, Blocking} {
		if v, ok := o[k]; ok {
			s[k] = v
		}
	}
	return s
}
