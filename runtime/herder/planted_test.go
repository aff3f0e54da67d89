package herder

import (
	"slices"
	"testing"
	"time"

	"kcgen.dev/runtime/state"
)

// planted are faults as control planes have had them, each put between the core
// and the world: the product's code knows nothing of them. The simulation must
// see every one, or it sees nothing.
var planted = []struct {
	name string
	bug  bug
}{
	{"a cut off instance runs on (KAFKA-9184)", bug{rules: func(r *Rules) { r.Alone = true }}},
	{"the lease counts from when the answer came late", bug{event: func(_ *site, e Event) (Event, bool) {
		if a, ok := e.(Alive); ok {
			a.Lease = a.Lease.Add(session)
			return a, true
		}
		return e, true
	}}},
	{"what moves is given before it is let go of", bug{assign: func(leader string, generation int, ms []member) map[string]Assignment {
		for i := range ms { // nobody holds anything
			ms[i].claim.Held = nil
		}
		return assign(leader, generation, ms)
	}}},
	{"what does not run is not claimed", bug{effect: claimsOnly(func(s *site, u Unit) bool { return s.runs[u] != nil && s.runs[u].at == running })}},
	{"what is being stopped is not claimed", bug{effect: claimsOnly(func(s *site, u Unit) bool { return s.runs[u] == nil || s.runs[u].at != stopping })}},
	{"the loss of the membership is not noticed (KAFKA-9851)", dropped(func(e Event) bool { _, ok := e.(Lost); return ok })},
	{"a call to a round is skipped (KAFKA-10763)", dropped(func(e Event) bool { _, ok := e.(Rebalancing); return ok })},
	{"the end of a task is missed", dropped(func(e Event) bool { _, ok := e.(Ended); return ok })},
	{"a wish is missed", dropped(func(e Event) bool { a, ok := e.(Aim); return ok && a.Target == state.Paused })},
	{"what was let go of is not said to the group", bug{effect: func(s *site, es []Effect) []Effect {
		if s.core.member && !s.called {
			return without(es, func(e Effect) bool { j, ok := e.(Join); return ok && len(j.Claim.Held) > 0 })
		}
		return es
	}}},
	{"every instance starts what is asked to restart (KAFKA-13719)", bug{event: func(s *site, e Event) (Event, bool) {
		if r, ok := e.(RestartTask); ok {
			u := TaskUnit(r.Task)
			if s.runs[u] == nil && s.core.target(u.Connector) == state.Started && s.w.now.Before(s.lease) {
				s.runs[u] = &taskRun{run: 1 << 40, at: running}
			}
		}
		return e, true
	}}},
	{"it goes before its tasks have ended (KAFKA-14311)", bug{event: func(s *site, e Event) (Event, bool) {
		if _, ok := e.(Shutdown); ok {
			s.leave, s.words = true, nil
		}
		return e, true
	}}},
	{"statuses do not say of which generation they are (KAFKA-9472)", bug{effect: func(_ *site, es []Effect) []Effect {
		for i, e := range es {
			if p, ok := e.(Publish); ok {
				p.Status.Generation = 1
				es[i] = p
			}
		}
		return es
	}}},
	{"statuses are said before the effect (KAFKA-4527)", bug{effect: func(s *site, es []Effect) []Effect {
		for _, e := range es {
			if st, ok := e.(Start); ok {
				es = append(es, Publish{TaskUnit(st.Task), state.Status{Phase: state.Running, Worker: s.name, Generation: s.core.epoch}})
			}
		}
		return es
	}}},
	{"epochs begin anew with the group", bug{assign: func(leader string, _ int, ms []member) map[string]Assignment {
		out := assign(leader, 1, ms)
		for id, a := range out {
			a.Epoch = 1
			out[id] = a
		}
		return out
	}}},
	{"nothing is moved for the balance", bug{assign: func(leader string, generation int, ms []member) map[string]Assignment {
		out := assign(leader, generation, ms)
		given := map[Unit]bool{}
		for _, a := range out {
			for _, u := range a.Given {
				given[u] = true
			}
		}
		for _, m := range ms {
			a := out[m.id]
			for _, u := range m.claim.Held {
				if !given[u] && !m.claim.Leaving {
					given[u] = true
					a.Given = append(a.Given, u)
				}
			}
			out[m.id] = a
		}
		return out
	}}},
	{"a failed task is not tried again", bug{rules: func(r *Rules) { r.Restart = &Restart{Delay: time.Hour, DelayMax: time.Hour, Limit: 3} }}},
	{"a killed task is taken for one that has ended", bug{event: func(s *site, e Event) (Event, bool) {
		if _, ok := e.(Tick); ok {
			for _, u := range s.core.sorted() {
				if u.phase == killed {
					u.phase = idle
				}
			}
		}
		return e, true
	}}},
}

// claimsOnly claims what is to be claimed.
func claimsOnly(is func(*site, Unit) bool) func(*site, []Effect) []Effect {
	return func(s *site, es []Effect) []Effect {
		for i, e := range es {
			if j, ok := e.(Join); ok {
				j.Claim.Held = slices.DeleteFunc(slices.Clone(j.Claim.Held), func(u Unit) bool { return !is(s, u) })
				es[i] = j
			}
		}
		return es
	}
}

// dropped loses one event in four of a kind.
func dropped(is func(Event) bool) bug {
	return bug{event: func(s *site, e Event) (Event, bool) { return e, !is(e) || s.w.rng.IntN(4) > 0 }}
}

func without(es []Effect, is func(Effect) bool) []Effect { return slices.DeleteFunc(es, is) }

// TestPlanted has the simulation find each planted fault.
func TestPlanted(t *testing.T) {
	const most = 2000
	for _, p := range planted {
		t.Run(p.name, func(t *testing.T) {
			caught, first := 0, 0
			var why error
			n := 0
			for n = 1; n <= most && caught < 3; n++ {
				if w := walk(uint64(n), p.bug, false); w.fault != nil {
					if caught++; caught == 1 {
						first, why = n, w.fault
					}
				}
			}
			if caught == 0 {
				t.Fatalf("not caught in %d walks", most)
			}
			t.Logf("first caught in walk %d, %d times in %d: %v", first, caught, n-1, why)
		})
	}
}
