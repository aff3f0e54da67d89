package connecttest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
)

// memory is a source world in memory: a list of texts.
type memory struct {
	t     testing.TB
	lines []string
	fault string
	part  *connect.SourcePartition // for a fault: shared and spoilt
	freed chan struct{}            // ends what a fault leaves behind
}

// faultySource drives a fake source that keeps the contract but for one fault;
// with none it keeps all of it.
type faultySource struct{ fault string }

func (d faultySource) New(t testing.TB) SourceWorld {
	m := &memory{t: t, fault: d.fault, freed: make(chan struct{})}
	t.Cleanup(func() { close(m.freed) })
	return m
}

func (d faultySource) Invalid(testing.TB) map[string]connect.Source {
	if d.fault == "driver without invalid" {
		return nil
	}
	return map[string]connect.Source{"no memory": fakeSource{m: nil, fault: d.fault}}
}

func (m *memory) Source() connect.Source { return fakeSource{m, m.fault} }

func (m *memory) Add(_ testing.TB, first, n int) {
	for i := range n {
		m.lines = append(m.lines, "record "+strconv.Itoa(first+i))
	}
}

func (m *memory) Number(r *connect.Record) (int, error) {
	var n int
	if _, err := fmt.Sscanf(r.Value.Value.Str(), "record %d", &n); err != nil || r.Topic != "t" {
		return 0, fmt.Errorf("%q in topic %q", r.Value.Value.Str(), r.Topic)
	}
	return n, nil
}

type fakeSource struct {
	m     *memory
	fault string
}

func (s fakeSource) Tasks(_ context.Context, max int) ([]connect.SourceTask, error) {
	n := 1
	switch s.fault {
	case "panics in Tasks":
		panic("no memory")
	case "too many tasks":
		n = max + 1
	case "no tasks":
		n = 0
	}
	tasks := make([]connect.SourceTask, n)
	for i := range tasks {
		tasks[i] = &fakeTask{s: s}
	}
	switch s.fault {
	case "nil task":
		tasks[0] = nil
	case "one task twice":
		return append(tasks, tasks[0])[:min(max, 2)], nil
	}
	return tasks, nil
}

type fakeTask struct {
	s      fakeSource
	opened bool
	part   *connect.SourcePartition
	next   int
	buf    []byte
	offset connect.SourceOffset
	file   *os.File
}

func (f *fakeTask) Open(_ context.Context, tc connect.SourceContext) error {
	m, fault := f.s.m, f.s.fault
	if m == nil {
		switch fault {
		case "accepts anything":
			return nil
		case "panics in Open":
			panic("no memory")
		case "empty error":
			return errors.New("")
		}
		return errors.New("fake: no memory")
	}
	f.opened = true
	f.part = connect.Partition("name", "memory")
	if m.part == nil {
		m.part = f.part
	} else if fault == "second Open spoils the first" {
		m.part = nil
	}
	if o := tc.Offsets.Offset(f.part); o != nil && fault != "ignores offsets" {
		n, ok := o["next"].(int64)
		if !ok {
			return fmt.Errorf("fake: next is a %T", o["next"])
		}
		f.next = int(n)
	}
	switch fault {
	case "resumes one late":
		if f.next > 0 {
			f.next++
		}
	case "resumes one early":
		f.next = max(0, f.next-1)
	case "second Open hangs":
		if m.part != f.part {
			<-m.freed
		}
	case "starts only once":
		if m.part != f.part {
			f.next = 1 << 30
		}
	case "leaks a goroutine":
		go func() { <-m.freed }()
	case "leaks a file":
		f.file, _ = os.Open(os.DevNull)
		m.t.Cleanup(func() { f.file.Close() })
	}
	return nil
}

func (f *fakeTask) Poll(ctx context.Context, b *connect.Batch) error {
	m, fault := f.s.m, f.s.fault
	end := min(len(m.lines), f.next+100)
	if f.next < end {
		f.give(b, end)
		return nil
	}
	switch fault {
	case "spins":
		return nil
	case "waits too long":
		wait(ctx, 20*time.Second)
		return nil
	case "ignores its context":
		wait(context.Background(), time.Second)
		return nil
	case "hangs":
		<-m.freed
	case "context's end is an error":
		wait(ctx, time.Second)
		return ctx.Err()
	case "context's end ends the task":
		if wait(ctx, time.Second); ctx.Err() != nil {
			f.next = 1 << 30
		}
		return nil
	case "idle records":
		r := b.Add()
		r.Topic, r.Value.Value = "t", connect.String("record 0")
		b.Mark(f.part, connect.SourceOffset{"next": 0})
		return nil
	}
	wait(ctx, time.Second)
	return nil
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// give adds the records up to end, and a mark.
func (f *fakeTask) give(b *connect.Batch, end int) {
	m, fault := f.s.m, f.s.fault
	for ; f.next < end; f.next++ {
		line := m.lines[f.next]
		r := b.Add()
		r.Topic, r.Value.Value = "t", connect.String(line)
		switch {
		case fault == "reuses its buffer":
			f.buf = append(f.buf[:0], line...)
			r.Value.Value = connect.Text(f.buf)
		case fault == "loses a record" && f.next == 3, fault == "loses a large record" && f.next == 4711:
			b.Records = b.Records[:len(b.Records)-1]
		case fault == "repeats a record" && f.next == 3:
			*b.Add() = *r
		case fault == "damages a record" && f.next == 3:
			r.Value.Value = connect.String("rec")
		}
	}
	if n := len(b.Records); fault == "out of order" && n > 1 {
		b.Records[0], b.Records[n-1] = b.Records[n-1], b.Records[0]
	}
	f.mark(b)
	if fault == "second Open spoils the first" && m.part == nil {
		b.Records[0].Value.Value = connect.String("spoilt")
	}
}

func (f *fakeTask) mark(b *connect.Batch) {
	part, offset := f.part, connect.SourceOffset{"next": f.next}
	switch f.s.fault {
	case "never marks":
		return
	case "marks only once":
		if f.next > 1 {
			return
		}
	case "new partition each time":
		part = connect.Partition("name", "memory")
	case "one offset for all":
		if f.offset == nil {
			f.offset = offset
		}
		f.offset["next"] = f.next
		offset = f.offset
	case "mark without partition":
		part = nil
	case "mark without offset":
		offset = nil
	case "struct in offset":
		offset["next"] = struct{}{}
	case "infinite offset":
		offset["next"] = "1e999"
	case "marks ahead":
		offset["next"] = f.next + 1
	case "marks out of order":
		b.Mark(part, connect.SourceOffset{"next": f.next})
		b.Records = b.Records[:len(b.Records)-1]
		f.next--
		offset["next"] = f.next
	}
	b.Mark(part, offset)
}

func (f *fakeTask) Close() error {
	switch fault := f.s.fault; {
	case fault == "Close without Open panics" && !f.opened:
		panic("not open")
	case fault == "Close fails after a failed Open" && !f.opened:
		return errors.New("fake: not open")
	case fault == "Close fails":
		return errors.New("fake: cannot close")
	case fault == "Close hangs":
		<-f.s.m.freed
	case fault == "Close frees the records":
		for i := range f.buf {
			f.buf[i] = 0
		}
	}
	return nil
}
