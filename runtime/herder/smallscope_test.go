package herder

import (
	"maps"
	"slices"
	"testing"
	"time"
)

// TestSmallScope tries every order of six events among three instances that
// share five tasks: each starts or is killed, and freezes or wakes. Between two
// events time passes, for less than a session, and everybody does a part of what
// there is to do. (The instances are alike: who comes first is the first.)
func TestSmallScope(t *testing.T) {
	length := 6
	if testing.Short() {
		length = 5
	}
	tried := 0
	letters := make([]int, length)
	var try func(k, known int)
	try = func(k, known int) {
		if t.Failed() {
			return
		}
		if k == length {
			tried++
			if w := smallWalk(letters); w.fault != nil {
				t.Errorf("%v (2n: the nth starts or is killed; 2n+1: it freezes or wakes): %v", letters, w.fault)
			}
			return
		}
		for l := range 2 * min(known+1, walkSites) {
			if l == 2*known+1 {
				continue // who is not there cannot freeze
			}
			letters[k] = l
			try(k+1, max(known, l/2+1))
		}
	}
	try(0, 0)
	t.Logf("%d orders", tried)
}

func smallWalk(letters []int) *world {
	w := newWorld(1, walkSites, bug{})
	for _, l := range letters {
		switch s := w.sites[l/2]; {
		case l%2 == 0 && s.up:
			w.crash(s)
		case l%2 == 0:
			w.boot(s)
		case !s.up:
		case s.frozen:
			s.frozen = false
			s.handle(Tick{})
		default:
			s.frozen = true
		}
		for range 4 {
			w.advance(900 * time.Millisecond)
			for range 2 {
				w.round()
			}
		}
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

// round has each that can do a little of each.
func (w *world) round() {
	for _, s := range w.sites {
		if !s.up || s.frozen {
			continue
		}
		if w.now.Sub(s.beaten) >= interval {
			s.beat()
		}
		s.member(false)
		s.deliver()
		s.deliver()
		for _, u := range slices.SortedFunc(maps.Keys(s.runs), Unit.compare) {
			if r := s.runs[u]; r.at != running {
				s.progress(u, r, true)
				break
			}
		}
		if len(s.words) > 0 {
			s.speak()
		}
		w.check(s)
	}
	w.arrive(0)
}
