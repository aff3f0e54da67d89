package worker

import (
	"log/slog"
	"sync"
	"time"

	"kcgen.dev/runtime/connect"
)

// measureWait is how long whoever wants a task's figures waits for those that
// its connector measures itself.
const measureWait = 100 * time.Millisecond

// measured is what a source's connector measures itself.
type measured struct {
	behind   *Behind
	snapshot *Snapshot
	gauges   []connect.Gauge
}

// meter asks a source's connector for what it measures. That is code that is
// not ours, so it is asked in a goroutine of its own, one question at a time:
// where the answer takes long, the last one stands for it, and where it never
// comes nobody waits for it but that goroutine. No watch fails the task then:
// its records are on their way all the same.
type meter struct {
	mu    sync.Mutex
	plug  connect.SourceTask // open; nil: there is nobody to ask
	asked *question          // without an answer yet; nil: none
	said  measured
	bad   limited
}

// question is one that was put.
type question struct {
	begun    time.Time
	answered chan struct{}
	told     bool // that the answer takes long
}

// use says which task is open; nil: none. What another still answers is not
// looked at.
func (m *meter) use(plug connect.SourceTask) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.plug, m.asked, m.said = plug, nil, measured{}
}

// read gives the newest answer that comes in time, or else the last one.
func (m *meter) read(log *slog.Logger) measured {
	if q := m.ask(log); q != nil {
		t := time.NewTimer(measureWait - time.Since(q.begun))
		defer t.Stop()
		select {
		case <-q.answered:
		case <-t.C:
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.said
}

// ask puts the question, where it is not being answered already. It is nil
// where there is nobody to ask.
func (m *meter) ask(log *slog.Logger) *question {
	m.mu.Lock()
	defer m.mu.Unlock()
	if q := m.asked; q != nil {
		if d := time.Since(q.begun); d >= lastWord && !q.told {
			q.told = true
			log.Warn("the connector does not say what it measures; its figures stay as they were", "waited", d.Round(time.Millisecond).String())
		}
		return q
	}
	if m.plug == nil {
		return nil
	}
	q, plug := &question{begun: time.Now(), answered: make(chan struct{})}, m.plug
	m.asked = q
	go func() {
		said, err := measure(plug)
		m.answer(q, said, err, log)
	}()
	return q
}

// answer takes up what was said to the question that stands.
func (m *meter) answer(q *question, said measured, err error, log *slog.Logger) {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer close(q.answered)
	if m.asked != q {
		return
	}
	m.asked, m.said = nil, said
	if err != nil && m.bad.ok() {
		log.Warn("the connector failed to say what it measures", "error", err.Error(), "stack", stackOf(err))
	}
}

// measure asks a task for all that it can tell. One that panics tells the rest.
func measure(plug connect.SourceTask) (said measured, first error) {
	ask := func(f func()) {
		if err := guard(func() error { f(); return nil }); err != nil && first == nil {
			first = err
		}
	}
	if l, ok := plug.(connect.Lagger); ok {
		ask(func() {
			if amount, unit, ok := l.Lag(); ok {
				said.behind = &Behind{amount, unit}
			}
		})
	}
	if g, ok := plug.(connect.Gauges); ok {
		ask(func() { said.gauges = g.Gauges() })
	}
	if p, ok := plug.(connect.Snapshots); ok {
		ask(func() {
			if read, all, ok := p.Snapshot(); ok {
				said.snapshot = &Snapshot{read, all}
			}
		})
	}
	return said, first
}

// measure adds what the connector measures itself, also while it is paused: a
// slot grows meanwhile.
func (t *sourceTask) measure(s *Stats) {
	if s.State != Running && s.State != Paused {
		return
	}
	said := t.meter.read(t.log)
	s.Snapshot, s.Gauges = said.snapshot, said.gauges
	if s.State == Running {
		s.Behind = said.behind
	}
}

// measure has nothing to add: only sources measure.
func (t *task) measure(*Stats) {}
