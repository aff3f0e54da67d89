package connecttest

import (
	"context"
	"log/slog"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
)

var sinkChecks = []check[SinkDriver]{
	{"Flush", sinkFlush},
	{"Empty", sinkEmpty},
	{"KeepsNothing", sinkKeepsNothing},
	{"Unchanged", sinkUnchanged},
	{"Redelivery", sinkRedelivery},
	{"Tasks", sinkTasks},
	{"AnyValue", sinkAnyValue},
	{"Invalid", sinkInvalid},
	{"Leaks", sinkLeaks},
}

// task is a sink's task under test.
type task struct {
	t testing.TB
	connect.SinkTask
}

func openSink(t testing.TB, w SinkWorld, n int) task {
	t.Helper()
	var st connect.SinkTask
	var err error
	guard(t, "Open", func() { st, err = w.Sink().Open(context.Background(), sinkContext(n)) })
	if err != nil {
		t.Fatalf("Open of task %d: %v", n, err)
	}
	return task{t, st}
}

func sinkContext(task int) connect.SinkContext {
	return connect.SinkContext{Name: "contract", Task: task, Log: slog.New(slog.DiscardHandler), Results: nobody{}}
}

// nobody is connect.Results without a dead letter queue: a record that was
// refused is missing.
type nobody struct{}

func (nobody) Ticket(int) connect.Ticket    { return 1 }
func (nobody) Refuse(connect.Ticket, error) {}

func (s task) put(batch []connect.Record) {
	s.t.Helper()
	var err error
	guard(s.t, "Put", func() { err = s.Put(context.Background(), batch) })
	if err != nil {
		s.t.Fatalf("Put of %d records: %v", len(batch), err)
	}
}

func (s task) flush() {
	s.t.Helper()
	var err error
	guard(s.t, "Flush", func() { err = s.Flush(context.Background()) })
	if err != nil {
		s.t.Fatalf("Flush: %v", err)
	}
}

func (s task) close() {
	s.t.Helper()
	var err error
	guard(s.t, "Close", func() { err = s.Close() })
	if err != nil {
		s.t.Errorf("Close: %v", err)
	}
}

// records makes the records of the numbers from first on.
func records(w SinkWorld, first, n int) []connect.Record {
	rs := make([]connect.Record, n)
	for i := range rs {
		rs[i] = w.Record(first + i)
	}
	return rs
}

// holds fails unless the world holds the numbers below n: each once, or at
// least once where repeats are fair.
func holds(t testing.TB, w SinkWorld, n int, repeats bool) {
	t.Helper()
	numbers, err := w.Numbers(t)
	if err != nil {
		t.Fatalf("what was written is damaged: %v", err)
	}
	slices.Sort(numbers)
	if repeats {
		numbers = slices.Compact(numbers)
	}
	for i := range n {
		if i >= len(numbers) || numbers[i] != i {
			t.Fatalf("of the records 0 to %d, %d is missing or there twice: the world holds %d, %v …", n-1, i, len(numbers), numbers[:min(len(numbers), 20)])
		}
	}
	if len(numbers) > n {
		t.Fatalf("%d records were put, the world holds %d", n, len(numbers))
	}
}

// After Flush everything put so far is there for others to read, before Close
// and without it: the process may die.
func sinkFlush(t testing.TB, d SinkDriver) {
	w := d.New(t)
	s := openSink(t, w, 0)
	n := 0
	for _, c := range []int{1, 500, 3} {
		s.put(records(w, n, c))
		n += c
		s.put(records(w, n, c))
		n += c
		s.flush()
		holds(t, w, n, false)
	}
	s.close()
	holds(t, w, n, false)
}

// Flush without Put, twice, and Put of nothing do nothing.
func sinkEmpty(t testing.TB, d SinkDriver) {
	w := d.New(t)
	s := openSink(t, w, 0)
	s.flush()
	s.put(nil)
	s.flush()
	s.put(records(w, 0, 5))
	s.flush()
	s.flush()
	holds(t, w, 5, false)
	s.close()
	s = openSink(t, w, 0)
	s.close()
	holds(t, w, 5, false)
}

// The batch belongs to the worker again when Put returns: it holds other
// records by the time of Flush.
func sinkKeepsNothing(t testing.TB, d SinkDriver) {
	w := d.New(t)
	s := openSink(t, w, 0)
	batch := make([]connect.Record, 20)
	for first := 0; first < 100; first += len(batch) {
		copy(batch, records(w, first, len(batch)))
		s.put(batch)
		for i := range batch {
			clear(batch[i].Headers)
			batch[i] = connect.Record{Topic: "another", Value: connect.Datum{Value: connect.String("another")}}
		}
	}
	s.flush()
	holds(t, w, 100, false)
	s.close()
}

// Put changes no record: another may share what it reaches, and the batch
// itself is put again after a retriable error.
func sinkUnchanged(t testing.TB, d SinkDriver) {
	w := d.New(t)
	s := openSink(t, w, 0)
	batch, want := records(w, 0, 50), records(w, 0, 50)
	s.put(batch)
	s.flush()
	for i := range batch {
		if !sameRecord(&batch[i], &want[i]) {
			t.Fatalf("Put or Flush changed record %d", i)
		}
	}
	s.close()
}

func sameRecord(a, b *connect.Record) bool {
	return a.Topic == b.Topic && a.Timestamp == b.Timestamp && a.Offset == b.Offset && a.Partition == b.Partition &&
		a.Key.Equal(b.Key) && a.Value.Equal(b.Value) &&
		slices.EqualFunc(a.Headers, b.Headers, func(a, b connect.Header) bool { return a.Key == b.Key && a.Datum.Equal(b.Datum) })
}

// A task that ended before its Flush gets its records again, in another life:
// they are all there then.
func sinkRedelivery(t testing.TB, d SinkDriver) {
	w := d.New(t)
	s := openSink(t, w, 0)
	s.put(records(w, 0, 30))
	s.flush()
	s.put(records(w, 30, 30))
	s.close()
	for range 2 {
		s = openSink(t, w, 0)
		s.put(records(w, 30, 30))
		s.flush()
		s.close()
	}
	s = openSink(t, w, 0)
	s.put(records(w, 60, 30))
	s.flush()
	holds(t, w, 90, true)
	s.close()
}

// Several tasks write at the same time, and a second instance may for a while:
// nothing of it is lost, mixed or written twice.
func sinkTasks(t testing.TB, d SinkDriver) {
	w := d.New(t)
	const tasks, each, batch = 3, 400, 20
	errs := make([]error, tasks)
	all := make([]task, tasks)
	for i := range all {
		all[i] = openSink(t, w, i)
	}
	guard(t, "Put and Flush of several tasks", func() {
		var wg sync.WaitGroup
		for i := range all {
			wg.Go(func() {
				for n := 0; n < each && errs[i] == nil; n += batch {
					errs[i] = all[i].Put(context.Background(), records(w, i*each+n, batch))
				}
				if errs[i] == nil {
					errs[i] = all[i].Flush(context.Background())
				}
			})
		}
		wg.Wait()
	})
	for i, err := range errs {
		if err != nil {
			t.Errorf("task %d beside others: %v", i, err)
		}
	}
	if !t.Failed() {
		holds(t, w, tasks*each, false)
	}
	for i := range all {
		all[i].close()
	}
}

// Whatever a record holds, Put takes it or gives an error.
func sinkAnyValue(t testing.TB, d SinkDriver) {
	for what, datum := range anyValues() {
		w := d.New(t)
		s := openSink(t, w, 0)
		for _, rec := range []connect.Record{
			{Topic: "odd", Value: datum, Timestamp: connect.NoTimestamp},
			{Topic: "odd", Key: datum, Value: datum, Headers: []connect.Header{{Key: "", Datum: datum}}},
		} {
			guard(t, "Put of "+what, func() { _ = s.Put(context.Background(), []connect.Record{rec}) })
			guard(t, "Flush after "+what, func() { _ = s.Flush(context.Background()) })
		}
		guard(t, "Close after "+what, func() { _ = s.Close() })
	}
}

// anyValues are a value of each kind, and odd ones, with and without a schema.
func anyValues() map[string]connect.Datum {
	values := map[string]connect.Value{
		"null":    connect.Null,
		"boolean": connect.Bool(true),
		"int8":    connect.Int8(-128), "int16": connect.Int16(1), "int32": connect.Int32(1), "int64": connect.Int64(-1 << 63),
		"float32": connect.Float32(1.5), "float64": connect.Float64(1e300),
		"empty text": connect.String(""), "damaged text": connect.String("a\xff\x00\nb"), "long text": connect.String(strings.Repeat("x", 1<<20)),
		"bytes": connect.Bytes([]byte{0, 1, 255}), "no bytes": connect.Bytes(nil),
		"array":     (&connect.Array{Elems: []connect.Value{connect.Null, connect.Int8(1)}}).Value(),
		"map":       connect.MapOf(connect.Entry{Key: connect.Int32(1), Value: connect.Null}, connect.Entry{Key: connect.String("k"), Value: connect.Bool(false)}).Value(),
		"empty map": (&connect.Map{}).Value(), "empty array": (&connect.Array{}).Value(),
		"decimal": (&connect.Decimal{Unscaled: big.NewInt(-12345), Scale: 2}).Value(),
		"instant": connect.Instant(time.UnixMilli(1700000000123)),
	}
	data := map[string]connect.Datum{}
	for what, v := range values {
		data[what+" without a schema"] = connect.Datum{Value: v}
	}
	st := connect.NewSchema(connect.KindStruct).Field("a", connect.OptionalInt32Schema).Field("b", connect.StringSchema).MustBuild()
	data["struct"] = connect.Datum{Schema: st, Value: (&connect.Struct{Schema: st, Slots: []connect.Value{connect.Null, connect.String("x")}}).Value()}
	data["text with a schema"] = connect.Datum{Schema: connect.StringSchema, Value: connect.String("x")}
	data["null with a schema"] = connect.Datum{Schema: connect.OptionalStringSchema}
	data["date"] = connect.Datum{Schema: connect.DateSchema, Value: connect.Instant(time.UnixMilli(0))}
	return data
}

// A configuration that cannot work is an error of Open.
func sinkInvalid(t testing.TB, d SinkDriver) {
	bad := d.Invalid(t)
	if len(bad) == 0 {
		t.Fatal("the driver has no invalid configuration")
	}
	for what, s := range bad {
		var st connect.SinkTask
		var err error
		guard(t, "Open: "+what, func() { st, err = s.Open(context.Background(), sinkContext(0)) })
		if err == nil {
			t.Errorf("%s: Open gave no error", what)
			guard(t, "Close: "+what, func() { _ = st.Close() })
		} else if err.Error() == "" {
			t.Errorf("%s: the error says nothing", what)
		}
	}
}

// Close lets go of everything, with and without a Flush before it.
func sinkLeaks(t testing.TB, d SinkDriver) {
	w := d.New(t)
	leaks(t, func() {
		s := openSink(t, w, 0)
		s.put(records(w, 0, 5))
		s.flush()
		s.close()
		s = openSink(t, w, 0)
		s.put(records(w, 0, 5))
		s.close()
	})
}
