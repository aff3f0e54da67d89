//go:build synctests

package simulation

import (
	"context"
	"errors"
	"strconv"
	"time"

	"kcgen.dev/runtime/connect"
)

// trouble is what a connector's method does instead of its work.
func (p *process) trouble(ctx context.Context) error {
	if !p.end.gate() {
		return errDead
	}
	h := p.w.hook()
	switch r := p.w.roll(); {
	case r < h.retry:
		return connect.Retry(errors.New("simulation: not now"))
	case r < h.retry+h.slow:
		select {
		case <-time.After(p.w.upTo(5 * time.Second)):
		case <-ctx.Done():
		}
		if !p.end.gate() {
			return errDead
		}
	case r < h.retry+h.slow+h.crash/2:
		return errPlanned
	case r < h.retry+h.slow+h.crash:
		panic(errPlanned)
	}
	return nil
}

var (
	errDead    = errors.New("simulation: the process is dead")
	errPlanned = errors.New("simulation: a planned failure")
)

// sequence is a source that counts: partition by partition, without an end
// until the world gives one.
type sequence struct{ p *process }

func (s *sequence) Tasks(_ context.Context, most int) ([]connect.SourceTask, error) {
	tasks := make([]connect.SourceTask, min(most, parts))
	for i := range tasks {
		t := &sequenceTask{p: s.p}
		for part := i; part < parts; part += len(tasks) {
			t.parts = append(t.parts, &counter{number: part, name: connect.Partition("part", strconv.Itoa(part))})
		}
		tasks[i] = t
	}
	return tasks, nil
}

// ExactlyOnce says that what the tasks give depends on their offsets alone.
func (*sequence) ExactlyOnce() error { return nil }

type sequenceTask struct {
	p       *process
	opening int
	parts   []*counter
}

type counter struct {
	number, next int
	name         *connect.SourcePartition
	unmarked     bool
}

func (t *sequenceTask) Open(ctx context.Context, sc connect.SourceContext) error {
	if err := t.p.trouble(ctx); err != nil {
		return err
	}
	t.opening = t.p.w.history.opening()
	for _, c := range t.parts {
		c.next = 0
		if o := sc.Offsets.Offset(c.name); o != nil {
			c.next = int(o["position"].(int64))
		}
		t.p.w.history.opened(t.p.since, t.opening, c.number, c.next)
		t.p.w.note("%s: opening %d reads partition %d from %d", t.p.name, t.opening, c.number, c.next)
	}
	return nil
}

func (t *sequenceTask) Poll(ctx context.Context, b *connect.Batch) error {
	w := t.p.w
	select {
	case <-time.After(w.upTo(300 * time.Millisecond)):
	case <-ctx.Done():
		return nil
	}
	if err := t.p.trouble(ctx); err != nil {
		if w.intn(2) == 0 { // what a failed poll has added is thrown away
			t.parts[0].fill(b, t.opening, 1)
			t.parts[0].next--
		}
		return err
	}
	for i, c := range t.parts {
		n := min(w.intn(6), w.left(c.number, c.next))
		c.fill(b, t.opening, n)
		w.emitted(c.number, c.next)
		if n == 0 && !c.unmarked {
			continue
		}
		// Now and then the last mark comes with a later poll, but not at the end.
		c.unmarked = i == len(t.parts)-1 && w.roll() < w.hook().unmarked && w.left(c.number, c.next) > 0
		if !c.unmarked {
			b.Mark(c.name, connect.SourceOffset{"position": c.next})
		}
	}
	return nil
}

// fill adds n records.
func (c *counter) fill(b *connect.Batch, opening, n int) {
	for range n {
		r := b.Add()
		r.Topic, r.Partition = dataTopic, int32(c.number)
		r.Key.Value = connect.String(strconv.Itoa(c.next))
		r.Value.Value = connect.String(origin{c.number, c.next, opening}.text(dataTopic))
		c.next++
	}
}

func (t *sequenceTask) Committed(_ context.Context, p *connect.SourcePartition, o connect.SourceOffset) error {
	part, _ := strconv.Atoi(p.Pairs[0].Value.(string))
	position, ok := o["position"].(int)
	if !ok {
		position = int(o["position"].(int64))
	}
	h := &t.p.w.history
	h.add(func(tick int) { h.told = append(h.told, told{tick, part, position}) })
	return nil
}

func (t *sequenceTask) Close() error { return nil }

func (h *history) opening() (n int) {
	h.add(func(int) { h.number++; n = h.number })
	return n
}

func (h *history) opened(since, number, part, start int) {
	h.add(func(int) { h.openings = append(h.openings, opening{since, number, part, start}) })
}

// collector is a sink that notes what it is given, and which of that has been
// flushed. What was not flushed is lost with its process, as in a buffer.
type collector struct {
	p    *process
	name string
}

func (c *collector) Open(ctx context.Context, _ connect.SinkContext) (connect.SinkTask, error) {
	if err := c.p.trouble(ctx); err != nil {
		return nil, err
	}
	t := &collectorTask{p: c.p, name: c.name}
	c.p.w.history.add(func(int) { c.p.w.history.tasks++; t.number = c.p.w.history.tasks })
	return t, nil
}

type collectorTask struct {
	p      *process
	name   string
	number int
	buffer []int // places in the history
	busy   bool
}

// enter holds the contract that methods are called one at a time.
func (t *collectorTask) enter() func() {
	if t.busy {
		t.p.w.wrong("%s: two methods of one sink task run at a time", t.p.name)
	}
	t.busy = true
	return func() { t.busy = false }
}

func (t *collectorTask) Put(ctx context.Context, batch []connect.Record) error {
	defer t.enter()()
	if err := t.p.trouble(ctx); err != nil {
		return err
	}
	h := &t.p.w.history
	for _, r := range batch {
		h.add(func(tick int) {
			t.buffer = append(t.buffer, len(h.puts))
			h.puts = append(h.puts, put{tick: tick, task: t.number, sink: t.name, topic: r.Topic, partition: r.Partition, offset: r.Offset, text: r.Value.Value.Str()})
		})
	}
	return nil
}

func (t *collectorTask) Flush(ctx context.Context) error {
	defer t.enter()()
	if err := t.p.trouble(ctx); err != nil {
		return err
	}
	h := &t.p.w.history
	h.add(func(tick int) {
		for _, i := range t.buffer {
			h.puts[i].durable = tick
		}
	})
	t.buffer = t.buffer[:0]
	return nil
}

func (t *collectorTask) Close() error { return nil }
