package herder

import (
	"time"

	"kcgen.dev/runtime/state"
)

// Snapshot is what an instance knows at one moment. It is never changed.
type Snapshot struct {
	Worker     string
	Member     bool      // the instance has an assignment
	Joining    bool      // it waits for one
	Generation int       // of the last one
	Leader     string    // the leading instance, as HOST:PORT; empty: not known
	Leads      bool      // it is this one
	Lease      time.Time // until when the assignment holds without another heartbeat
	Connectors []string  // whose statuses this instance says
	Tasks      []Task    // that are this instance's, or are still being stopped
	Targets    map[string]state.Target
}

// Task is a task in a Snapshot.
type Task struct {
	ID    state.TaskID
	Phase state.Phase // as it was last published; empty: not yet
	Err   error       // of one that has failed
	Retry time.Time   // when it is tried again; zero: it is not
}

// Snapshot is what is known now. It may be called at any time.
func (h *Herder) Snapshot() *Snapshot { return h.current.Load() }

func (h *Herder) show() {
	c := h.core
	s := &Snapshot{
		Worker: c.rules.Worker, Member: c.member, Joining: c.joining, Generation: c.epoch,
		Leader: c.leader, Leads: c.leads, Lease: c.lease,
		Targets: make(map[string]state.Target, len(c.targets)),
	}
	for name, t := range c.targets {
		s.Targets[name] = t
	}
	for _, u := range c.sorted() {
		if !u.IsTask() {
			s.Connectors = append(s.Connectors, u.Connector)
			continue
		}
		t := Task{ID: u.ID(), Phase: u.said.phase}
		if u.phase == failed {
			t.Err, t.Retry = u.err, u.retry
		}
		s.Tasks = append(s.Tasks, t)
	}
	h.current.Store(s)
	if h.cfg.Changed != nil {
		h.cfg.Changed(s)
	}
}
