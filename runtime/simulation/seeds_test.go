//go:build synctests

package simulation

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var (
	firstSeed = flag.Uint64("from", 1, "the first `seed`")
	seedCount = flag.Int("seeds", 6, "how many seeds")
	only      = flag.String("scenario", "", "run this `name` alone; by default seeds go round")
	untilOne  = flag.Bool("until-caught", false, "leave out the seeds behind the first that shows a fault")
	verbose   = flag.Bool("events", false, "print what happened in every run")
)

// TestSeeds runs scenarios under faults that a seed chooses.
func TestSeeds(t *testing.T) {
	for seed := *firstSeed; seed < *firstSeed+uint64(*seedCount); seed++ {
		s := scenarioOf(seed)
		t.Run(fmt.Sprintf("%d", seed), func(t *testing.T) {
			t.Parallel()
			if *untilOne && caught.Load() {
				t.Skip("a seed before has shown a fault")
			}
			simulate(t, seed, func(w *world) { w.seeded(s) })
			if t.Failed() {
				caught.Store(true)
				t.Logf("to replay: go test -tags synctests ./runtime/simulation -run 'TestSeeds$' -from %d -seeds 1 -scenario %s -events", seed, s.name)
			}
		})
	}
}

// caught is whether a seed has shown a fault.
var caught atomic.Bool

func scenarioOf(seed uint64) *scenario {
	for _, s := range scenarios() {
		if s.name == *only {
			return s
		}
	}
	return scenarios()[seed%uint64(len(scenarios()))]
}

// simulate runs f in a world of its own, and reports what was wrong with it.
func simulate(t *testing.T, seed uint64, f func(*world)) (w *world) {
	defer guard(seed)()
	func() {
		defer leaked(t, seed)
		synctest.Test(t, func(t *testing.T) {
			w = newWorld(t, seed)
			f(w)
			w.own.Close()
			time.Sleep(10 * time.Minute) // what is still there then has been forgotten
			w.cluster.Close()
		})
	}()
	if len(w.faults) > 0 {
		t.Errorf("seed %d:\n\t%s", seed, strings.Join(firstOf(w.faults, 20), "\n\t"))
	}
	if *verbose || len(w.faults) > 0 && testing.Verbose() {
		t.Log("\n" + strings.Join(w.events, "\n"))
	}
	return w
}

// leaked makes an error of the panic by which a bubble ends whose goroutines do
// not: of one that outlives its owner.
func leaked(t *testing.T, seed uint64) {
	p := recover()
	if p == nil {
		return
	}
	buf := make([]byte, 16<<20)
	t.Errorf("seed %d: %v", seed, p)
	for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if head, _, _ := strings.Cut(g, "\n"); strings.Contains(head, "(durable), synctest bubble") && strings.Contains(g, "kcgen.dev") || strings.Contains(g, "kgo.NewClient") {
			t.Log(g)
		}
	}
}

func firstOf(list []string, n int) []string {
	if len(list) > n {
		return append(list[:n:n], fmt.Sprintf("and %d more", len(list)-n))
	}
	return list
}

// patience is the time in which everything must have arrived once the faults
// have healed: a session's end, the longest pauses, and some more.
const patience = 3 * time.Minute

// seeded is a run: faults, then healing and progress, then the checker.
func (w *world) seeded(s *scenario) {
	r := &run{world: w, s: s, jams: map[string]*jam{}}
	r.draw()
	if !s.sources {
		defer w.load()()
	}
	for range s.instances {
		r.slots = append(r.slots, r.start(s))
	}
	r.trouble(10)
	r.heal()
	w.finish()
	r.settle()
	for _, p := range r.slots {
		p.terminate()
	}
	w.check(s, r.calm)
	w.note("%d requests", w.steps)
}

// settle waits until everything is where it belongs.
func (r *run) settle() {
	for begun := time.Now(); len(r.zombies) > 0 || !r.complete(); {
		if time.Since(begun) > patience {
			r.wrong("no progress within %v after the faults healed: %s", patience, r.missing())
			r.noteGroup("connect-collector")
			r.noteGoroutines()
			break
		}
		r.wait(time.Second)
		if time.Since(begun) > 5*time.Second {
			r.endZombies()
		}
	}
}

func (r *run) endZombies() {
	for _, z := range r.zombies {
		z.kill()
	}
	r.zombies = nil
}

// noteGroup notes what a group is at.
func (w *world) noteGroup(name string) {
	g := w.cluster.GroupInfo(name)
	if g == nil {
		w.note("there is no group %s", name)
		return
	}
	w.note("group %s: %s, generation %d", name, g.State, g.Epoch)
	for _, m := range g.Members {
		w.note("\tmember %s: %v", m.MemberID, m.Assignment)
	}
}

// noteGoroutines notes what the run's goroutines wait for.
func (w *world) noteGoroutines() {
	buf := make([]byte, 16<<20)
	var mine string // the run's bubble
	for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		head, _, _ := strings.Cut(g, "\n")
		_, bubble, _ := strings.Cut(head, "synctest bubble ")
		if mine == "" { // the first is the caller's own
			mine = bubble
		}
		if bubble == mine {
			w.note("%s", g)
		}
	}
}
