package herder

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

var steps = flag.Int("steps", 1_000_000, "how many random steps the control plane takes in tests; a tenth with -short")

func manySteps() int {
	if testing.Short() {
		return *steps / 10
	}
	return *steps
}

// sharer is an instance as far as rounds concern it.
type sharer struct {
	here  bool
	epoch int
	holds map[Unit]bool // given, or not let go of
	given map[Unit]bool
	knows []known
}

// sharing is a group of them, and what must hold whatever happens.
type sharing struct {
	who    []sharer
	assign func(string, int, []member) map[string]Assignment
	rounds int
	needed bool // something has happened since the last round
}

func newSharing(n int, connectors ...known) *sharing {
	s := &sharing{who: make([]sharer, n), assign: assign}
	for i := range s.who {
		s.who[i].knows = connectors
	}
	return s
}

func name(i int) string { return string(rune('A' + i)) }

// toggle has a member come, or go as a crash does.
func (s *sharing) toggle(i int) {
	w := &s.who[i]
	w.here = !w.here
	w.epoch, w.holds, w.given = 0, map[Unit]bool{}, map[Unit]bool{}
	s.needed = true
}

// release has a member let go of what it was not given.
func (s *sharing) release(i int) {
	w := &s.who[i]
	for u := range w.holds {
		if !w.given[u] {
			delete(w.holds, u)
			s.needed = true
		}
	}
}

// round has all that are there join one.
func (s *sharing) round() error {
	s.rounds++
	s.needed = false
	var members []member
	leader := ""
	holds := map[Unit]int{}
	for i := range s.who {
		w := &s.who[i]
		if !w.here {
			continue
		}
		leader = cmp.Or(leader, name(i))
		m := member{id: name(i), claim: Claim{Shared: "x", Worker: name(i), Epoch: w.epoch, Connectors: w.knows}}
		for u := range w.holds {
			m.claim.Held = append(m.claim.Held, u)
			holds[u]++
		}
		slices.SortFunc(m.claim.Held, Unit.compare)
		members = append(members, m)
	}
	if leader == "" {
		return nil
	}
	shares := s.assign(leader, s.rounds, members)
	owner := map[Unit]int{}
	for i := range s.who {
		w := &s.who[i]
		if !w.here {
			continue
		}
		a, ok := shares[name(i)]
		if !ok || a.Epoch <= w.epoch {
			return fmt.Errorf("%s gets %+v in epoch %d", name(i), a, w.epoch)
		}
		w.epoch = a.Epoch
		clear(w.given)
		for _, u := range a.Given {
			if other, twice := owner[u]; twice {
				return fmt.Errorf("%s is given to %s and to %s", u, name(other), name(i))
			}
			if holds[u] > 0 && !w.holds[u] {
				return fmt.Errorf("%s is given to %s while another holds it", u, name(i))
			}
			owner[u] = i
			w.given[u], w.holds[u] = true, true
		}
	}
	return nil
}

// settle has everybody let go and join until nothing changes: then all is
// shared evenly.
func (s *sharing) settle(units []Unit) error {
	const most = 3 // one to hear it, one in which things move, one that finds all well
	for n := 0; ; n++ {
		if err := s.round(); err != nil {
			return err
		}
		for i := range s.who {
			s.release(i)
		}
		if !s.needed {
			break
		}
		if n == most {
			return fmt.Errorf("it takes more than %d rounds", most)
		}
	}
	load := map[bool][]int{}
	owned := map[Unit]bool{}
	for i := range s.who {
		if !s.who[i].here {
			continue
		}
		n := map[bool]int{}
		for u := range s.who[i].holds {
			n[u.IsTask()]++
			owned[u] = true
		}
		load[true] = append(load[true], n[true])
		load[false] = append(load[false], n[false])
	}
	if len(load[true]) == 0 {
		return nil
	}
	for _, u := range units {
		if !owned[u] {
			return fmt.Errorf("nobody has %s", u)
		}
	}
	for kind, l := range load {
		if slices.Max(l)-slices.Min(l) > 1 {
			return fmt.Errorf("it is uneven: %v (tasks: %t)", l, kind)
		}
	}
	return nil
}

func unitsOf(connectors ...known) (us []Unit) {
	for _, k := range connectors {
		us = append(us, ConnectorUnit(k.Name))
		for t := range k.Tasks {
			us = append(us, Unit{k.Name, t})
		}
	}
	return us
}

// TestAssignSmallScope tries every order of six events among three members that
// share four tasks: each comes or goes, lets go of what it must, and rounds.
func TestAssignSmallScope(t *testing.T) {
	connectors := []known{{Name: "x", Tasks: 3}, {Name: "y", Tasks: 1}}
	units := unitsOf(connectors...)
	const letters = 7
	length := 6
	if testing.Short() {
		length = 5
	}
	tried := 0
	for n := range pow(letters, length) {
		s := newSharing(3, connectors...)
		var err error
		for k, rest := 0, n; k < length && err == nil; k, rest = k+1, rest/letters {
			switch l := rest % letters; {
			case l < 3:
				s.toggle(l)
			case l < 6:
				s.release(l - 3)
			default:
				err = s.round()
			}
		}
		if err == nil {
			err = s.settle(units)
		}
		if err != nil {
			t.Fatalf("case %d (base 7, last digit first: 0-2 come or go, 3-5 let go, 6 round): %v", n, err)
		}
		tried++
	}
	t.Logf("%d orders", tried)
}

func pow(base, exp int) int {
	n := 1
	for range exp {
		n *= base
	}
	return n
}

func TestAssignRandom(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	taken := 0
	for walk := 0; taken < manySteps(); walk++ {
		var connectors []known
		for c := range 1 + rng.IntN(3) {
			connectors = append(connectors, known{Name: name(c), Tasks: rng.IntN(5)})
		}
		s := newSharing(1+rng.IntN(5), connectors...)
		var err error
		for range 60 {
			taken++
			switch i := rng.IntN(len(s.who)); rng.IntN(5) {
			case 0:
				s.toggle(i)
			case 1, 2:
				s.release(i)
			default:
				err = s.round()
			}
			if err != nil {
				break
			}
		}
		if err == nil {
			err = s.settle(unitsOf(connectors...))
		}
		if err != nil {
			t.Fatalf("seed %d, walk %d: %v", seed, walk, err)
		}
	}
	t.Logf("seed %d: %d steps", seed, taken)
}

// TestNothingMovesNeedlessly counts what moves when one comes or goes.
func TestNothingMovesNeedlessly(t *testing.T) {
	for tasks := range 14 {
		for n := 1; n <= 5; n++ {
			k := known{Name: "x", Tasks: tasks}
			s := newSharing(n+1, k)
			for i := range n {
				s.toggle(i)
			}
			if err := s.settle(unitsOf(k)); err != nil {
				t.Fatal(err)
			}
			before := s.owners()
			s.toggle(n) // one comes
			if err := s.settle(unitsOf(k)); err != nil {
				t.Fatal(err)
			}
			after := s.owners()
			if moved, most := differ(before, after), tasks/(n+1)+1/(n+1); moved > most {
				t.Errorf("%d tasks, %d members and one more: %d moved, where %d had to", tasks, n, moved, most)
			}
			s.toggle(0) // one goes
			had := 0
			for _, i := range after {
				if i == 0 {
					had++
				}
			}
			if err := s.settle(unitsOf(k)); err != nil {
				t.Fatal(err)
			}
			if moved := differ(after, s.owners()); moved != had {
				t.Errorf("%d tasks, %d members and one gone: %d moved, where it had %d", tasks, n+1, moved, had)
			}
		}
	}
}

func (s *sharing) owners() map[Unit]int {
	m := map[Unit]int{}
	for i := range s.who {
		for u := range s.who[i].given {
			m[u] = i
		}
	}
	return m
}

func differ(a, b map[Unit]int) (n int) {
	for u, i := range a {
		if j, ok := b[u]; !ok || i != j {
			n++
		}
	}
	return n
}

// Cases that the group of the random tests does not come to.
func TestAssignCases(t *testing.T) {
	x2 := []known{{Name: "x", Tasks: 2}}
	new2 := []known{{Name: "x", Version: "new", Tasks: 2}}
	self := ConnectorUnit("x")
	for _, c := range []struct {
		about   string
		members []member
		want    string
	}{
		{"two hold the same: the newer claim counts",
			[]member{claims("A", 3, x2, self, Unit{"x", 0}), claims("B", 5, x2, Unit{"x", 0})},
			"A=[x x-1] B=[x-0]"},
		{"two hold the same in one epoch: the first keeps it",
			[]member{claims("A", 5, x2, self, Unit{"x", 0}), claims("B", 5, x2, Unit{"x", 0}, Unit{"x", 1})},
			"A=[x x-0] B=[x-1]"},
		{"another version: the connector stays where it runs",
			[]member{claims("A", 3, new2), claims("B", 3, x2, Unit{"x", 1})},
			"A=[] B=[x x-0 x-1]"},
		{"nobody has it: what most know",
			[]member{claims("A", 0, new2), claims("B", 0, x2), claims("C", 0, new2)},
			"A=[x x-0] B=[] C=[x-1]"},
		{"a connector that could not say what its tasks are is with who could",
			[]member{claims("A", 0, []known{{Name: "x"}}), claims("B", 0, []known{{Name: "x"}}), claims("C", 0, x2)},
			"A=[] B=[] C=[x x-0 x-1]"},
		{"a connector that nobody knows any more is nobody's",
			[]member{claims("A", 3, nil, Unit{"x", 0})},
			"A=[]"},
		{"what is held in a version that does not run is not given before it is let go of",
			[]member{claims("A", 3, new2, Unit{"x", 0}), claims("B", 4, x2, Unit{"x", 1})},
			"A=[] B=[x x-1]"},
		{"who leaves keeps nothing",
			[]member{leaving(claims("A", 3, x2, Unit{"x", 0})), claims("B", 3, x2, Unit{"x", 1})},
			"A=[] B=[x x-1]"},
		{"who cannot be understood is refused",
			[]member{{id: "A", err: errors.New("it is Greek")}, claims("B", 3, x2)},
			"A refused B=[x x-0 x-1]"},
	} {
		got := ""
		for i, m := range c.members {
			if i > 0 {
				got += " "
			}
			if a := assign("B", 1, slices.Clone(c.members))[m.id]; a.Refused != "" {
				got += m.id + " refused"
			} else {
				got += fmt.Sprintf("%s=%v", m.id, []Unit(a.Given))
			}
		}
		if len(c.members) == 1 {
			got = fmt.Sprintf("A=%v", []Unit(assign("A", 1, c.members)["A"].Given))
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.about, got, c.want)
		}
	}
}

func claims(id string, epoch int, knows []known, held ...Unit) member {
	return member{id: id, claim: Claim{Epoch: epoch, Connectors: knows, Held: held}}
}

func leaving(m member) member {
	m.claim.Leaving = true
	return m
}

// An epoch is higher than all that anybody knows of.
func TestEpoch(t *testing.T) {
	members := []member{{id: "A", claim: Claim{Epoch: 3, Seen: 2}}, {id: "B", claim: Claim{Seen: 17}}}
	for generation, want := range map[int]int{5: 18, 40: 40} {
		if got := assign("A", generation, members); got["A"].Epoch != want || got["B"].Epoch != want {
			t.Errorf("%+v", got)
		}
	}
}

func BenchmarkAssign(b *testing.B) {
	k := []known{{Name: "x", Tasks: 300}}
	members := []member{claims("A", 3, k, unitsOf(k...)...), claims("B", 3, k), claims("C", 3, k)}
	b.ReportAllocs()
	for b.Loop() {
		assign("A", 1, members)
	}
}
