package worker

import (
	"context"
	"errors"
	"slices"
	"time"

	"kcgen.dev/runtime/state"
)

// splitPatience is how long a start waits for the sources to say what their
// tasks are. One that takes longer starts when it has said so, and holds nobody
// up until then.
const splitPatience = 10 * time.Second

// asked is a source that was asked for its tasks.
type asked struct {
	s      *Source
	answer chan []*slot
}

// ask asks a source for its tasks.
func (w *Worker) ask(ctx context.Context, s *Source) asked {
	a := asked{s, make(chan []*slot, 1)}
	go func() { a.answer <- w.sourceSlots(ctx, s) }()
	return a
}

// answers are what the sources say by the time that patience ends. late are
// those that have said nothing, and what stands for them.
func (w *Worker) answers(ctx context.Context, all []asked, patience <-chan time.Time) (slots []*slot, late map[*slot]asked) {
	late = map[*slot]asked{}
	over := false
	for _, a := range all {
		if !over {
			select {
			case said := <-a.answer:
				slots = append(slots, said...)
				continue
			case <-ctx.Done():
			case <-patience:
			}
			over = true
		}
		select {
		case said := <-a.answer:
			slots = append(slots, said...)
		default:
			slow := &slot{id: state.TaskID{Connector: a.s.Name}, source: a.s,
				fault: errors.New("it does not say what its tasks are: its Tasks has not returned; they start when it has")}
			w.log.Warn("the connector does not say what its tasks are; going on without it until it does", "connector", a.s.Name)
			slots, late[slow] = append(slots, slow), a
		}
	}
	return slots, late
}

// awaitLate takes up what a source says after all.
func (w *Worker) awaitLate(slow *slot, a asked) {
	select {
	case said := <-a.answer:
		w.replace(slow, said)
		w.late <- w.about(a.s.Name) // there is room for one of each source
	case <-w.stop.Done():
	}
}

// replace puts others in the place of a slot, if it is there still.
func (w *Worker) replace(broken *slot, by []*slot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.Index(w.slots, broken); i >= 0 {
		w.slots = slices.Concat(w.slots[:i], by, w.slots[i+1:])
	}
}

// Late are sources that could not be waited for at the start, each once when it
// has said what its tasks are, or that it cannot.
func (w *Worker) Late() <-chan Connector { return w.late }
