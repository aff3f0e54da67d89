package chaos_test

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// kind is what an action is done to. One thing has one trouble at a time.
type kind int

const (
	toInstance kind = iota
	toBroker
	toConnector
)

// action is a row of the table of what can be done.
type action struct {
	name   string
	weight int
	to     kind
	least  time.Duration // it lasts from least to most
	most   time.Duration
	do     func(f *field, s step)
}

// table is everything that is done, and how often beside the others. Where an
// instance is dead, lasting is how long; the freezes are longer than the
// session, so that others take over.
func table() []action {
	return []action{
		{"kill", 16, toInstance, 0, 2 * time.Second, (*field).kill},
		{"term", 12, toInstance, 0, time.Second, (*field).term},
		{"freeze", 8, toInstance, session + time.Second, session + 5*time.Second, (*field).freeze},
		{"cut", 10, toInstance, 0, 2 * time.Second, (*field).cut},
		{"cut long", 2, toInstance, session, session + 4*time.Second, (*field).cut},
		{"hold", 4, toInstance, time.Second, session + 3*time.Second, (*field).hold},
		{"drop answers", 12, toInstance, 200 * time.Millisecond, 4 * time.Second, (*field).deafen},
		{"delay", 4, toInstance, time.Second, 4 * time.Second, (*field).delay},
		{"join", 4, toInstance, 0, 0, (*field).join},
		{"leave", 4, toInstance, 0, 0, (*field).leave},
		{"broker kill", 1, toBroker, 0, time.Second, (*field).killBroker},
		{"broker restart", 1, toBroker, 0, time.Second, (*field).restartBroker},
		{"broker freeze", 1, toBroker, time.Second, session + 2*time.Second, (*field).freezeBroker},
		{"pause", 3, toConnector, 200 * time.Millisecond, 3 * time.Second, (*field).pause},
		{"stop", 3, toConnector, 200 * time.Millisecond, 3 * time.Second, (*field).stopConnector},
		{"restart", 4, toConnector, 0, 0, (*field).restart},
		{"restart task", 4, toConnector, 0, 0, (*field).restartTask},
	}
}

// step is one fault of a plan.
type step struct {
	n        int
	gap      time.Duration // before it
	action   action
	instance int // whom it is done to, or who is asked
	which    int // the connector, or the task
	lasts    time.Duration
}

// slots is how many instances there may be; begin is how many there are first.
const (
	slots = 4
	begin = 3
	fewer = 2 // are never there
)

// makePlan makes a seed's plan of so many faults. It depends on nothing else.
func makePlan(seed uint64, faults int, rows []action) []step {
	random := rand.New(rand.NewPCG(seed, 1))
	weights := 0
	for _, a := range rows {
		weights += a.weight
	}
	var present [slots]bool
	for i := range begin {
		present[i] = true
	}
	var plan []step
	for len(plan) < faults {
		s := step{n: len(plan) + 1, gap: between(random, 200*time.Millisecond, 1600*time.Millisecond)}
		at := random.IntN(weights)
		for _, a := range rows {
			if at -= a.weight; at < 0 {
				s.action = a
				break
			}
		}
		s.which = random.IntN(1000)
		s.lasts = between(random, s.action.least, s.action.most)
		if s.choose(random, &present) {
			plan = append(plan, s)
		}
	}
	return plan
}

func between(random *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(random.Int64N(int64(most-least)+1))
}

// choose says who is meant. It is false where nobody is left for it.
func (s *step) choose(random *rand.Rand, present *[slots]bool) bool {
	var in, out []int
	for i, p := range present {
		if p {
			in = append(in, i)
		} else {
			out = append(out, i)
		}
	}
	switch s.action.name {
	case "join":
		if len(out) == 0 {
			return false
		}
		s.instance = out[random.IntN(len(out))]
		present[s.instance] = true
		return true
	case "leave":
		if len(in) <= fewer {
			return false
		}
		s.instance = in[random.IntN(len(in))]
		present[s.instance] = false
		return true
	}
	s.instance = in[random.IntN(len(in))]
	return true
}

// A seed makes the same plan each time, with something of everything.
func TestPlan(t *testing.T) {
	one, two := makePlan(7, 500, table()), makePlan(7, 500, table())
	count := map[string]int{}
	for i := range one {
		a, b := one[i], two[i]
		count[a.action.name]++
		a.action, b.action = action{name: a.action.name}, action{name: b.action.name}
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("step %d is %+v and %+v", i, a, b)
		}
	}
	for _, a := range table() {
		if count[a.name] == 0 {
			t.Errorf("%s is never done in 500 faults", a.name)
		}
	}
}
