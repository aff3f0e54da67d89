package connecttest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"kcgen.dev/runtime/connect"
)

// table is a sink world in memory: what is durable, and who writes.
type table struct {
	t     testing.TB
	mu    sync.Mutex
	rows  []string
	fault string
	tasks int
	freed chan struct{}
}

// faultySink drives a fake sink that keeps the contract but for one fault.
type faultySink struct{ fault string }

func (d faultySink) New(t testing.TB) SinkWorld {
	w := &table{t: t, fault: d.fault, freed: make(chan struct{})}
	t.Cleanup(func() { close(w.freed) })
	return w
}

func (d faultySink) Invalid(testing.TB) map[string]connect.Sink {
	if d.fault == "driver without invalid" {
		return nil
	}
	return map[string]connect.Sink{"no table": fakeSink{nil, d.fault}}
}

func (w *table) Sink() connect.Sink { return fakeSink{w, w.fault} }

func (w *table) Record(i int) connect.Record {
	return connect.Record{Topic: "t", Offset: int64(i), Value: connect.Datum{Value: connect.Text(fmt.Appendf(nil, "row %d", i))}}
}

func (w *table) Numbers(testing.TB) ([]int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var numbers []int
	for _, row := range w.rows {
		var n int
		if _, err := fmt.Sscanf(row, "row %d", &n); err != nil {
			return nil, fmt.Errorf("row %q", row)
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

type fakeSink struct {
	w     *table
	fault string
}

func (s fakeSink) Open(context.Context, connect.SinkContext) (connect.SinkTask, error) {
	if s.w == nil {
		switch s.fault {
		case "panics in Open":
			panic("no table")
		case "accepts anything":
			return &fakeSinkTask{s: s, w: &table{}}, nil
		case "empty error":
			return nil, errors.New("")
		}
		return nil, errors.New("fake: no table")
	}
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.tasks++
	switch {
	case s.fault == "opens once" && s.w.tasks > 1:
		return nil, errors.New("fake: open already")
	case s.fault == "truncates at Open":
		s.w.rows = nil
	case s.fault == "leaks a goroutine":
		go func() { <-s.w.freed }()
	case s.fault == "leaks a file":
		f, _ := os.Open(os.DevNull)
		s.w.t.Cleanup(func() { f.Close() })
	}
	return &fakeSinkTask{s: s, w: s.w}, nil
}

type fakeSinkTask struct {
	s    fakeSink
	w    *table
	pend []string         // put, not flushed
	last []connect.Record // for a fault
}

func (f *fakeSinkTask) Put(_ context.Context, batch []connect.Record) error {
	switch f.s.fault {
	case "keeps the batch":
		f.last = batch
		f.write(batch[:0])
		return nil
	case "Put hangs":
		<-f.w.freed
	case "Put fails":
		return errors.New("fake: no")
	case "empty Put panics":
		_ = batch[0]
	case "changes the text":
		batch[0].Value.Value.Raw()[0] = 'R'
	case "changes the record":
		batch[0].Topic = ""
	case "clears the batch":
		f.write(batch)
		clear(batch)
		return nil
	case "loses the last":
		batch = batch[:max(0, len(batch)-1)]
	case "writes twice":
		f.write(batch)
	}
	f.write(batch)
	return nil
}

func (f *fakeSinkTask) write(batch []connect.Record) {
	for i := range batch {
		v := batch[i].Value.Value
		if f.s.fault == "text only" && v.Kind() != connect.KindString {
			panic("not a text")
		}
		f.pend = append(f.pend, string(v.Raw()))
	}
}

func (f *fakeSinkTask) Flush(context.Context) error {
	for i := range f.last {
		f.pend = append(f.pend, f.last[i].Value.Value.Str())
	}
	switch f.s.fault {
	case "Flush does nothing":
		return nil
	case "Flush fails without Put":
		if len(f.pend) == 0 {
			return errors.New("fake: nothing to flush")
		}
	case "Flush repeats":
		f.commit(f.pend)
		return nil
	case "tasks overwrite each other":
		f.w.mu.Lock()
		defer f.w.mu.Unlock()
		if f.w.tasks >= 3 {
			f.w.rows = nil
		}
		f.w.rows = append(f.w.rows, f.pend...)
		f.pend = nil
		return nil
	}
	f.commit(f.pend)
	f.pend = nil
	return nil
}

func (f *fakeSinkTask) commit(rows []string) {
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	f.w.rows = append(f.w.rows, rows...)
}

func (f *fakeSinkTask) Close() error {
	switch f.s.fault {
	case "Flush does nothing":
		f.commit(f.pend)
	case "Close fails":
		return errors.New("fake: cannot close")
	case "Close hangs":
		<-f.w.freed
	case "Close drops what was flushed":
		f.w.mu.Lock()
		f.w.rows = nil
		f.w.mu.Unlock()
	}
	return nil
}
