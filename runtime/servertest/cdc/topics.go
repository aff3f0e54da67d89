package cdc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/servertest"
)

// watch reads what a capture writes, as it comes.
type watch struct {
	client *kgo.Client
	topics *regexp.Regexp
	stop   context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	records []*kgo.Record
	counts  map[string]int
	stream  map[string]int // changes that were streamed
	mark    int            // the newest
	newest  time.Time      // when the last record came that is no heartbeat
	told    int            // records that are none
}

// newWatch watches the topics of a prefix. signals is a topic to be made, or "".
func newWatch(ctx context.Context, b *servertest.Broker, prefix, signals string) (*watch, error) {
	q := regexp.QuoteMeta(prefix)
	pattern := "^" + q + "($|[._-])|^__debezium-heartbeat." + q + "$"
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addr()), kgo.ConsumeRegex(), kgo.ConsumeTopics(pattern),
		kgo.MetadataMinAge(100*time.Millisecond), kgo.MetadataMaxAge(300*time.Millisecond), kgo.FetchMaxWait(100*time.Millisecond),
		kgo.UnknownTopicRetries(-1), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return nil, fmt.Errorf("cdc: make a consumer: %w", err)
	}
	if signals != "" {
		if _, err := kadm.NewClient(client).CreateTopic(ctx, 1, 1, nil, signals); err != nil {
			client.Close()
			return nil, fmt.Errorf("cdc: make the topic %s: %w", signals, err)
		}
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	w := &watch{client: client, topics: regexp.MustCompile(pattern), stop: stop, done: make(chan struct{}), counts: map[string]int{}, stream: map[string]int{}, newest: time.Now()}
	go w.read(ctx)
	return w, nil
}

func (w *watch) read(ctx context.Context) {
	defer close(w.done)
	for ctx.Err() == nil {
		fetches := w.client.PollFetches(ctx)
		w.mu.Lock()
		fetches.EachRecord(func(r *kgo.Record) {
			w.records = append(w.records, r)
			w.counts[r.Topic]++
			if bytes.Contains(r.Value, []byte(`"op":"c"`)) {
				w.stream[r.Topic]++
			}
			if !strings.HasPrefix(r.Topic, "__debezium-heartbeat") {
				w.newest = time.Now()
				w.told++
			}
			w.mark = max(w.mark, streamedMark(r.Value))
		})
		w.mu.Unlock()
	}
}

// close ends the watch.
func (w *watch) close() {
	w.stop()
	<-w.done
	w.client.Close()
}

func (w *watch) count(topic string) int { w.mu.Lock(); defer w.mu.Unlock(); return w.counts[topic] }

func (w *watch) streamed(topic string) int { w.mu.Lock(); defer w.mu.Unlock(); return w.stream[topic] }

func (w *watch) marked() int { w.mu.Lock(); defer w.mu.Unlock(); return w.mark }

// quiet is for how long nothing but heartbeats has come, and how much else has.
func (w *watch) quiet() (time.Duration, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Since(w.newest), w.told
}

func (w *watch) taken() int { w.mu.Lock(); defer w.mu.Unlock(); return len(w.records) }

// produce writes a record.
func (w *watch) produce(ctx context.Context, topic, key, value string) error {
	return w.client.ProduceSync(ctx, &kgo.Record{Topic: topic, Key: []byte(key), Value: []byte(value)}).FirstErr()
}

// toEnd waits until all that is in the topics was read, and gives it: in the
// order in which Kafka got it, as far as that is known.
func (w *watch) toEnd(ctx context.Context) ([]Record, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	admin := kadm.NewClient(w.client)
	for {
		ends, err := admin.ListEndOffsets(ctx)
		if err == nil {
			err = ends.Error()
		}
		if err != nil {
			return nil, fmt.Errorf("cdc: ask for the ends of topics: %w", err)
		}
		want := 0
		ends.Each(func(o kadm.ListedOffset) {
			if w.topics.MatchString(o.Topic) {
				want += int(o.Offset)
			}
		})
		if w.taken() >= want {
			return w.sorted(), nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.New("cdc: the topics were not read to their end")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// sorted are the records by time, those of one topic in their order.
func (w *watch) sorted() []Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.SortStableFunc(w.records, func(a, b *kgo.Record) int {
		if a.Topic == b.Topic && a.Partition == b.Partition {
			return int(a.Offset - b.Offset)
		}
		return a.Timestamp.Compare(b.Timestamp)
	})
	out := make([]Record, len(w.records))
	for i, r := range w.records {
		out[i] = newRecord(r)
	}
	return out
}

func newRecord(r *kgo.Record) Record {
	out := Record{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp.UnixMilli(), Key: raw(r.Key), Value: raw(r.Value)}
	for _, h := range r.Headers {
		out.Headers = append(out.Headers, Header{h.Key, raw(h.Value)})
	}
	return out
}

// raw is JSON as it is, anything else as a string.
func raw(b []byte) json.RawMessage {
	switch {
	case b == nil:
		return nil
	case json.Valid(b):
		var out bytes.Buffer
		_ = json.Compact(&out, b)
		return out.Bytes()
	}
	text, _ := json.Marshal(string(b))
	return text
}

// streamedMark is the number of a mark that was streamed, 0 for all else.
func streamedMark(value []byte) int {
	if !bytes.Contains(value, []byte(markPrefix)) {
		return 0
	}
	var v struct {
		Payload struct {
			Op      string
			After   *struct{ Mark string }
			Message *struct{ Prefix string }
		}
	}
	if json.Unmarshal(value, &v) != nil || v.Payload.Op == "r" {
		return 0
	}
	text := ""
	if v.Payload.After != nil {
		text = v.Payload.After.Mark
	} else if v.Payload.Message != nil {
		text = v.Payload.Message.Prefix
	}
	n := 0
	if _, err := fmt.Sscanf(strings.TrimPrefix(text, markPrefix), "%d", &n); err != nil {
		return 0
	}
	return n
}
