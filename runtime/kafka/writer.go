package kafka

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"
	"unsafe"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// The defaults of a Producer.
const (
	DefaultLinger         = 5 * time.Millisecond
	DefaultMaxRequestSize = 1 << 20
)

// ErrNotDelivered is the end of a record whose writer was closed or whose
// context ended first: nobody knows whether Kafka has it.
var ErrNotDelivered = errors.New("not delivered")

// Writer is a producer: idempotent, acks=all. A record is tried again until
// Kafka has it, unless deliveryTimeout sets an end. Its order within a
// partition holds.
type Writer struct {
	cl      *kgo.Client
	conn    *Conn
	maxSize int32
	lost    func(error) // of a Transactor: told of each record that Kafka has not

	mu    sync.Mutex
	free  []*Batch // used before; as many as were ever on their way at one time
	spare int      // records that the free ones have room for
	most  int      // records that may be on their way: no more room is kept
}

// Over lays the settings of over, where they are given, on those of p.
func (p Producer) Over(over *Producer) Producer {
	if over == nil {
		return p
	}
	set(&p.Linger, over.Linger)
	set(&p.BatchSize, over.BatchSize)
	set(&p.CompressionType, over.CompressionType)
	set(&p.MaxRequestSize, over.MaxRequestSize)
	set(&p.MaxBufferedRecords, over.MaxBufferedRecords)
	set(&p.DeliveryTimeout, over.DeliveryTimeout)
	set(&p.RequestTimeout, over.RequestTimeout)
	set(&p.TLS, over.TLS)
	set(&p.SASL, over.SASL)
	return p
}

// set takes v where it is not left out.
func set[T comparable](dst *T, v T) {
	var zero T
	if v != zero {
		*dst = v
	}
}

// Writer makes a producer. It connects when it is first used.
func (k *Conn) Writer(p Producer, clientID string) (*Writer, error) { return k.writer(p, clientID) }

func (k *Conn) writer(p Producer, clientID string, more ...kgo.Opt) (*Writer, error) {
	linger, size := DefaultLinger, int64(DefaultMaxRequestSize)
	set(&linger, p.Linger)
	set(&size, p.MaxRequestSize)
	records, bytes := p.buffers(k.opts.Producers)
	size = min(size, math.MaxInt32/4)
	sticky := 64 << 10
	if p.BatchSize != 0 {
		sticky = int(min(p.BatchSize, size))
	}
	w := &Writer{conn: k, maxSize: int32(size), most: records}
	opts := []kgo.Opt{
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerLinger(linger),
		kgo.ProducerBatchMaxBytesFn(func(topic string) int32 { return k.limit(topic, w.maxSize) }),
		kgo.BrokerMaxWriteBytes(int32(max(100<<20, size*2))),
		kgo.MaxBufferedRecords(records),
		kgo.MaxBufferedBytes(int(bytes)),
		kgo.UnknownTopicRetries(-1), // a topic that comes back is written on
		kgo.RecordPartitioner(newPartitioner(sticky)),
		kgo.AllowAutoTopicCreation(),
	}
	codec, ok := codecs[p.CompressionType]
	if !ok {
		return nil, fmt.Errorf("kafka: producer.compressionType %q is not one of none, gzip, snappy, lz4, zstd", p.CompressionType)
	}
	opts = append(opts, kgo.ProducerBatchCompression(codec))
	if p.DeliveryTimeout > 0 {
		opts = append(opts, kgo.RecordDeliveryTimeout(p.DeliveryTimeout))
	}
	timeout := 30 * time.Second
	set(&timeout, p.RequestTimeout)
	opts = append(opts, kgo.ProduceRequestTimeout(timeout))
	l, err := k.login.own("producer", p.TLS, p.SASL)
	if err != nil {
		return nil, err
	}
	w.cl, err = k.clientAs(l, clientID, append(opts, more...)...)
	return w, err
}

var codecs = map[string]kgo.CompressionCodec{
	"": kgo.NoCompression(), "none": kgo.NoCompression(), "gzip": kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
}

// Warm connects and asks for a producer id, so that the first record does not
// wait for it. Its failure is no failure: the first record tries again.
func (w *Writer) Warm(ctx context.Context) {
	if w.lost == nil { // a transaction's begins with Fence
		_, _, _ = w.cl.ProducerID(ctx)
	}
}

// replace goes on with another client.
func (w *Writer) replace(ctx context.Context, cl *kgo.Client) {
	w.mu.Lock()
	old := w.cl
	w.cl = cl
	w.mu.Unlock()
	closeWithin(ctx, old.Close)
}

// Limit is the size of the largest record that the topic takes from this
// writer, and whether the topic's own max.message.bytes is what limits it.
func (w *Writer) Limit(topic string) (limit int, byTopic bool) {
	l := w.conn.limit(topic, w.maxSize)
	return int(l), l < w.maxSize
}

// Close lets go of the connections. Records that are not acknowledged by then
// end with ErrNotDelivered. It returns when ctx ends at the latest.
func (w *Writer) Close(ctx context.Context) {
	w.mu.Lock()
	cl := w.cl
	w.mu.Unlock()
	closeWithin(ctx, cl.Close)
}

// Header is one header of a record as bytes.
type Header = kgo.RecordHeader

// Batch is a run of records on their way to Kafka, and memory that is used
// again. The caller fills it, hands it to Produce, and is told of each record's
// end through Ended.
type Batch struct {
	w       *Writer
	recs    []kgo.Record
	left    int // not yet ended
	promise func(*kgo.Record, error)

	// Ended is told that record i has ended: in Kafka (nil) or not. It is
	// called once per record, one call at a time over all batches of a writer,
	// and must not block. Done follows the last of them; after it the batch
	// belongs to the writer again.
	Ended func(i int, err error)
	Done  func()
}

// NewBatch gives an empty batch with room for n records. Its memory is that of
// another batch, or new where that has too little room or far too much: what is
// on its way takes the memory of its own number and not of the largest batch's.
func (w *Writer) NewBatch(n int) *Batch {
	b := w.unused()
	if c := cap(b.recs); c < n || c > 4*n+64 {
		b.recs = make([]kgo.Record, 0, n)
	}
	return b
}

func (w *Writer) unused() *Batch {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.free); n > 0 {
		b := w.free[n-1]
		w.free = w.free[:n-1]
		w.spare -= cap(b.recs)
		return b
	}
	b := &Batch{w: w}
	b.promise = b.end
	return b
}

// Len is the number of records.
func (b *Batch) Len() int { return len(b.recs) }

// Append adds a record. A negative partition leaves the choice to the
// partitioner, a negative timestamp (milliseconds) is the present. Key, value
// and the headers' bytes are not copied, and may not be written before the
// record's end.
func (b *Batch) Append(topic string, partition int32, timestamp int64, key, value []byte, headers []Header) {
	if len(b.recs) < cap(b.recs) {
		b.recs = b.recs[:len(b.recs)+1]
	} else {
		b.recs = append(b.recs, kgo.Record{})
	}
	// What is behind the records is zero: a record is written field by field,
	// and no pointer more than it has.
	r := &b.recs[len(b.recs)-1]
	r.Topic, r.Partition, r.Value = topic, partition, value
	if key != nil {
		r.Key = key
	}
	if headers != nil {
		r.Headers = headers
	}
	if timestamp >= 0 {
		r.Timestamp = time.UnixMilli(timestamp).UTC() // UTC is no pointer
	}
}

// Discard gives an unused batch back.
func (b *Batch) Discard() { b.recycle() }

func (b *Batch) recycle() {
	clear(b.recs) // let go of keys and values
	b.recs = b.recs[:0]
	b.Ended, b.Done = nil, nil
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	if b.w.spare > 0 && b.w.spare+cap(b.recs) > b.w.most {
		b.recs = nil
	}
	b.w.spare += cap(b.recs)
	b.w.free = append(b.w.free, b)
}

// Produce sends the batch's records, in order. It blocks while too many
// records or bytes are on their way. When ctx ends, records that were not sent
// end with ErrNotDelivered.
func (w *Writer) Produce(ctx context.Context, b *Batch) {
	n := len(b.recs)
	if n == 0 {
		if b.Done != nil {
			b.Done()
		}
		b.recycle()
		return
	}
	b.left = n
	recs := b.recs // b may be somebody else's before the loop ends
	for i := range recs {
		w.cl.Produce(ctx, &recs[i], b.promise)
	}
}

// end is the promise of every record. The client calls its promises one at a
// time, which is why counting needs no lock.
func (b *Batch) end(r *kgo.Record, err error) {
	i := int((uintptr(unsafe.Pointer(r)) - uintptr(unsafe.Pointer(unsafe.SliceData(b.recs)))) / unsafe.Sizeof(kgo.Record{}))
	if err != nil {
		err = b.w.explain(r, err)
		if b.w.lost != nil {
			b.w.lost(err)
		}
	}
	b.Ended(i, err)
	if b.left--; b.left == 0 {
		if b.Done != nil {
			b.Done()
		}
		b.recycle()
	}
}

func (w *Writer) explain(r *kgo.Record, err error) error {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, kgo.ErrClientClosed):
		return fmt.Errorf("%w: %w", ErrNotDelivered, err)
	case errors.Is(err, kgo.ErrRecordTimeout):
		return fmt.Errorf("kafka: write to topic %s: no answer within producer.deliveryTimeout: %w", r.Topic, err)
	case errors.Is(err, kerr.MessageTooLarge):
		limit, _ := w.Limit(r.Topic)
		return fmt.Errorf("kafka: write to topic %s: the broker refused a batch of at most %d bytes: was the topic's max.message.bytes lowered? Start again to take up the new limit: %w", r.Topic, limit, err)
	case errors.Is(err, kerr.ClusterAuthorizationFailed): // no producer id: it may write to no topic at all
		return fmt.Errorf("kafka: write to topic %s: not allowed; grant the principal Write on the topic %s (and on brokers before Kafka 2.8 IdempotentWrite on the cluster): %w", r.Topic, r.Topic, err)
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		return fmt.Errorf("kafka: write to topic %s: not allowed; grant the principal Write on the topic %s: %w", r.Topic, r.Topic, err)
	case errors.Is(err, kerr.InvalidRecord):
		return fmt.Errorf("kafka: write to topic %s: the broker refused a batch with this record in it (a compacted topic takes no record without a key): %w", r.Topic, err)
	case errors.Is(err, kerr.InvalidTimestamp):
		return fmt.Errorf("kafka: write to topic %s: the broker refused a batch with a record of %s in it, which is too far from its own clock: set the clocks, or let the topic take such records (its message.timestamp.before.max.ms and message.timestamp.after.max.ms): %w",
			r.Topic, r.Timestamp.UTC().Format(time.RFC3339), err)
	}
	return fmt.Errorf("kafka: write to topic %s: %w", r.Topic, err)
}

// RecordSize is what a record takes in a batch of its own, as the client counts
// it at the most: the size that max.message.bytes and maxRequestSize limit. A
// few bytes below the limit may be lost to that.
func RecordSize(key, value []byte, headers []Header) int {
	n := 1 + 1 + 1 + varint(len(key)) + len(key) + varint(len(value)) + len(value) + varint(len(headers))
	for _, h := range headers {
		n += varint(len(h.Key)) + len(h.Key) + varint(len(h.Value)) + len(h.Value)
	}
	const batch = 61 + 4 // a batch's header, and at the most its own length
	return batch + varint(n) + n
}

// varint is the length of n as a zigzag varint.
func varint(n int) int {
	size := 1
	for u := uint64(n) << 1; u >= 0x80; u >>= 7 {
		size++
	}
	return size
}
