package herder

import (
	"flag"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/state"
)

var replay = flag.Uint64("replay", 0, "the seed of one walk of the simulation, to be told in full")

const (
	walkSites = 3
	walkSteps = 150
)

// step does one thing, drawn at random.
func (w *world) step() {
	s := w.sites[w.rng.IntN(len(w.sites))]
	switch roll := w.rng.IntN(100); {
	case roll < 12:
		w.advance(time.Duration(1+w.rng.IntN(1500)) * time.Millisecond)
	case roll < 13:
		w.advance(time.Duration(1+w.rng.IntN(15000)) * time.Millisecond)
	case roll < 15:
		w.upset(s)
	case roll < 17:
		w.ask()
	case !s.up || s.frozen:
		return
	case roll < 30:
		if !s.cut {
			s.beat()
		}
	case roll < 50:
		if !s.cut {
			s.member(w.rng.IntN(20) == 0)
		}
	case roll < 65:
		s.deliver()
	case roll < 80:
		if us := slices.SortedFunc(maps.Keys(s.runs), Unit.compare); len(us) > 0 {
			u := us[w.rng.IntN(len(us))]
			s.progress(u, s.runs[u], false)
		}
	case roll < 90:
		if len(s.words) > 0 && !s.cut {
			s.speak()
		}
	case roll < 96:
		s.hear()
	default:
		w.arrive(w.rng.IntN(10))
	}
	w.goodbye(s)
	w.check(s)
}

// upset changes what a process is at.
func (w *world) upset(s *site) {
	switch {
	case !s.up:
		w.boot(s)
	case s.frozen:
		w.note("%s thaws", s.name)
		s.frozen = false
		s.handle(Tick{}) // its timers are over
	case s.cut:
		s.cut = false
	default:
		switch w.rng.IntN(5) {
		case 0:
			w.crash(s)
		case 1:
			w.note("%s freezes", s.name)
			s.frozen = true
		case 2:
			w.note("%s is cut off", s.name)
			s.cut = true
		default:
			w.note("%s is told to stop", s.name)
			s.handle(Shutdown{})
		}
	}
}

// ask writes a wish into the topic.
func (w *world) ask() {
	k := worldConnectors[w.rng.IntN(len(worldConnectors))]
	var e Event
	switch w.rng.IntN(6) {
	case 0:
		e = Aim{k.Name, state.Paused}
	case 1:
		e = Aim{k.Name, state.Stopped}
	case 2, 3:
		e = Aim{k.Name, state.Started}
	case 4:
		e = RestartConnector{k.Name, w.rng.IntN(2) == 0, w.rng.IntN(2) == 0}
	default:
		e = RestartTask{state.TaskID{Connector: k.Name, Task: w.rng.IntN(k.Tasks)}}
	}
	w.note("asked: %T%+v", e, e)
	w.asks = append(w.asks, e)
}

// deliver hands over one event; those of one sender keep their order.
func (s *site) deliver() bool {
	from := slices.Sorted(maps.Keys(s.inbox))
	if len(from) == 0 {
		return false
	}
	f := from[s.w.rng.IntN(len(from))]
	e := s.inbox[f][0]
	if s.inbox[f] = s.inbox[f][1:]; len(s.inbox[f]) == 0 {
		delete(s.inbox, f)
	}
	s.handle(e)
	return true
}

// hear reads the topic one further.
func (s *site) hear() bool {
	if s.read == len(s.w.asks) {
		return false
	}
	s.read++
	s.handle(s.w.asks[s.read-1])
	return true
}

// goodbye ends a process that has let go of everything.
func (w *world) goodbye(s *site) {
	if !s.up || !s.leave || len(s.words) > 0 && !s.cut && w.now.Before(s.lease) {
		return
	}
	for u, r := range s.runs {
		if r.at != killed {
			w.violated("%s goes while %s runs", s.name, u)
		}
	}
	w.note("%s goes", s.name)
	if w.coord.members[s.id] != nil && !s.cut {
		w.coord.remove(s.id)
	}
	s.up, s.runs, s.words, s.inbox = false, nil, nil, nil
}

// heal ends all faults, and gives everybody time.
func (w *world) heal() {
	w.note("all faults end")
	for _, s := range w.sites {
		s.cut = false
		if s.frozen {
			s.frozen = false
			s.handle(Tick{})
		}
	}
	for _, s := range w.sites {
		if !s.up {
			w.boot(s)
		}
	}
	for range 120 { // seconds
		w.settle()
		w.advance(time.Second)
	}
	w.settle()
	for w.arrive(0) {
	}
}

// settle has everybody do all there is to do now.
func (w *world) settle() {
	for more := true; more && w.fault == nil; {
		more = false
		for _, s := range w.sites {
			if !s.up {
				w.boot(s)
			}
			if w.now.Sub(s.beaten) >= interval {
				s.beat()
			}
			before := s.round
			s.member(false)
			more = s.round != before || more
			more = s.deliver() || more
			more = s.hear() || more
			for _, u := range slices.SortedFunc(maps.Keys(s.runs), Unit.compare) {
				if r := s.runs[u]; r.at != running || r.hangs {
					s.progress(u, r, true)
					more = true
				}
			}
			if len(s.words) > 0 && w.now.Before(s.lease) {
				s.speak()
				more = true
			}
			w.goodbye(s)
		}
	}
}

// judge holds what must be so when all is quiet: everything is somewhere, as it
// was asked to be, evenly, and the statuses say so.
func (w *world) judge() {
	target := map[string]state.Target{}
	for _, e := range w.asks {
		if a, ok := e.(Aim); ok {
			target[a.Connector] = a.Target
		}
	}
	owner := map[Unit]*site{}
	load := map[*site]int{}
	for _, s := range w.sites {
		for u := range s.core.given {
			if other := owner[u]; other != nil {
				w.violated("in the end %s is %s's and %s's", u, other.name, s.name)
			}
			owner[u] = s
			if u.IsTask() {
				load[s]++
			}
		}
		for u := range s.runs {
			if !s.core.given[u] {
				w.violated("in the end %s runs at %s, whose it is not", u, s.name)
			}
		}
	}
	least, most := 1000, 0
	for _, s := range w.sites {
		least, most = min(least, load[s]), max(most, load[s])
	}
	if most-least > 1 {
		w.violated("in the end the load is uneven: %d to %d", least, most)
	}
	for _, k := range worldConnectors {
		for t := itself; t < k.Tasks; t++ {
			u := Unit{k.Name, t}
			if owner[u] == nil {
				w.violated("in the end %s is nobody's", u)
				continue
			}
			w.judgeUnit(u, owner[u], target[k.Name])
		}
	}
}

func (w *world) judgeUnit(u Unit, s *site, target state.Target) {
	run, rec := s.runs[u], s.core.units[u]
	want := map[state.Target]state.Phase{state.Paused: state.PausedPhase, state.Stopped: state.StoppedPhase}[target]
	switch {
	case want == "":
		want = state.Running
	case want == state.StoppedPhase && u.IsTask():
		want = state.DestroyedTask
	}
	if u.IsTask() && rec != nil && rec.phase == failed && target != state.Stopped {
		want = state.Failed
		if rec.fails <= s.core.rules.Restart.Limit {
			w.violated("in the end %s has failed %d times, and is not tried again", u, rec.fails)
		}
	}
	if runs := run != nil && run.at == running && !run.paused; u.IsTask() && runs != (want == state.Running) {
		w.violated("in the end %s runs at %s: %t; it should be %s", u, s.name, runs, want)
	}
	if got := w.board[u]; got.Phase != want || got.Worker != s.name {
		w.violated("in the end the status of %s is %s by %s; it is %s at %s", u, got.Phase, got.Worker, want, s.name)
	}
}

// walk is one walk of the simulation.
func walk(seed uint64, b bug, loud bool) *world {
	w := newWorld(seed, walkSites, b)
	w.loud = loud
	w.boot(w.sites[0])
	for range walkSteps {
		w.step()
		if w.fault != nil {
			return w
		}
	}
	w.heal()
	if w.fault == nil {
		w.judge()
	}
	return w
}

// TestSimulation walks at random. A walk that fails is told again, in full, by
//
//	go test ./runtime/herder -run Simulation -replay SEED
func TestSimulation(t *testing.T) {
	if *replay != 0 {
		w := walk(*replay, bug{}, true)
		t.Log(strings.Join(w.log, "\n"))
		if w.fault != nil {
			t.Fatal(w.fault)
		}
		return
	}
	from := rand.Uint64()>>1 + 1
	for n := range uint64(manySteps() / walkSteps) {
		if w := walk(from+n, bug{}, false); w.fault != nil {
			t.Fatalf("%v: go test ./runtime/herder -run Simulation -replay %d", w.fault, from+n)
		}
	}
	t.Logf("%d steps from seed %d", manySteps(), from)
}

// A walk is the same whenever it is walked.
func TestSimulationReplays(t *testing.T) {
	for seed := range uint64(20) {
		a, b := walk(seed, bug{}, true), walk(seed, bug{}, true)
		if !slices.Equal(a.log, b.log) {
			t.Fatalf("seed %d", seed)
		}
	}
}
