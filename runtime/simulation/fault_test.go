//go:build synctests

package simulation

import (
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
)

// run is one run of a scenario under faults.
type run struct {
	*world
	s         *scenario
	tolerated string // what a task may fail of
	calm      bool   // nothing happens that may double a record
	slots     []*process
	zombies   []*process
	faulted   []*kfake.FaultHandle
	jams      map[string]*jam
}

// draw chooses what kinds of faults the run has, and how often.
func (r *run) draw() {
	maybe := func(most float64) float64 {
		if r.intn(3) == 0 {
			return 0
		}
		return r.roll() * most
	}
	r.calm = r.intn(6) == 0
	if r.calm {
		return
	}
	n := rates{maybe(.03), maybe(.03), maybe(.05), maybe(.05), maybe(.2)}
	h := hookRates{maybe(.1), maybe(.1), maybe(.01), maybe(.4)}
	if r.s.exactly {
		h.unmarked = 0 // what is committed without its mark comes again
	}
	r.mu.Lock()
	r.rates, r.hooks = n, h
	r.mu.Unlock()
	r.note("rates %+v, hooks %+v", n, h)
}

// trouble is the phase of faults.
func (r *run) trouble(rounds int) {
	for range rounds {
		r.wait(200*time.Millisecond + r.upTo(6*time.Second))
		slot := r.intn(len(r.slots))
		if r.calm {
			r.calmFault(slot)
		} else {
			r.fault(slot)
		}
	}
}

// calmFault is one of those that an instance must take without a doubled
// record.
func (r *run) calmFault(slot int) {
	switch r.intn(4) {
	case 0, 1:
		r.restart(slot)
	case 2:
		r.leaders()
	case 3:
		r.coordinators()
	}
}

func (r *run) fault(slot int) {
	switch r.intn(10) {
	case 0, 1:
		r.slots[slot].kill()
		r.slots[slot] = r.start(r.s)
	case 2:
		r.restart(slot)
	case 3:
		r.freeze(slot)
	case 4:
		r.leaders()
	case 5:
		r.coordinators()
	case 6:
		r.brokerDown()
	case 7, 8:
		r.brokerErrors()
	case 9:
		r.note("all connections are cut")
		for _, p := range r.slots {
			p.end.cut("")
		}
	}
}

// jam is a rebalance that goes on and on.
type jam struct {
	generation int32
	since      time.Time
}

func (r *run) restart(slot int) {
	r.slots[slot].terminate()
	r.slots[slot] = r.start(r.s)
}

// freeze is SIGSTOP, with or without another that takes the place.
func (r *run) freeze(slot int) {
	p, d := r.slots[slot], r.upTo(40*time.Second)
	r.note("%s is frozen for %v", p.name, d)
	p.end.freeze()
	if r.intn(2) == 0 {
		r.zombies = append(r.zombies, p)
		r.slots[slot] = r.start(r.s)
	}
	time.AfterFunc(d, func() { r.note("%s thaws", p.name); p.end.thaw() })
}

func (r *run) leaders() {
	r.note("leaders move")
	r.cluster.ShufflePartitionLeaders()
}

func (r *run) coordinators() {
	r.note("coordinators move")
	r.cluster.RehashCoordinators()
}

// brokerDown closes a broker's port to everybody for a while.
func (r *run) brokerDown() {
	addr, d := r.addrs[r.intn(len(r.addrs))], r.upTo(20*time.Second)
	r.note("%s is down for %v", addr, d)
	r.setDown(addr, true)
	for _, p := range r.procs {
		p.end.cut(addr)
	}
	time.AfterFunc(d, func() { r.setDown(addr, false) })
}

func (w *world) setDown(addr string, down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down[addr] = down
}

// brokerErrors lets brokers answer some requests with errors that pass.
func (r *run) brokerErrors() {
	for range 1 + r.intn(3) {
		kinds := transientFaults()
		f := kinds[r.intn(len(kinds))]
		f.Count = 1 + r.intn(4)
		r.note("%v is answered by %v %d times", f.Keys, f.Err, f.Count)
		r.faulted = append(r.faulted, r.cluster.Fault(f))
	}
}

// transientFaults are the injections whose code the protocol calls retriable,
// but for what the client library never tries again.
func transientFaults() (fs []kfake.Fault) {
	for _, i := range injections() {
		if i.err.Retriable && i.err != kerr.UnknownTopicOrPartition && i.err != kerr.CorruptMessage {
			fs = append(fs, i.fault())
		}
	}
	return fs
}

// heal ends all faults.
func (r *run) heal() {
	r.note("faults heal")
	r.mu.Lock()
	r.rates, r.hooks = rates{}, hookRates{}
	clear(r.down)
	r.mu.Unlock()
	for _, h := range r.faulted {
		h.Remove()
	}
	for _, p := range r.procs {
		p.end.thaw()
	}
}

// wait lets time pass, and starts again what has failed.
func (r *run) wait(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(min(500*time.Millisecond, time.Until(end)))
		r.supervise()
		for _, g := range []string{"connect-collector", "simulation"} {
			r.reap(g)
			r.answer(g)
			r.unjam(g)
		}
	}
}

// supervise starts processes again whose tasks have failed. None may fail but
// by a planned failure.
func (r *run) supervise() {
	for i, p := range r.slots {
		errs := p.failures()
		if len(errs) == 0 && !p.ended() {
			continue
		}
		if errs = r.own(errs); len(errs) == 0 && !p.ended() {
			continue
		}
		for _, err := range errs {
			if !planned(err) && (r.tolerated == "" || !strings.Contains(err.Error(), r.tolerated)) {
				r.wrong("%s: a task failed: %v", p.name, err)
			}
		}
		p.terminate()
		r.slots[i] = r.start(r.s)
	}
}

// own leaves out the ends of tasks that moved to another instance, or were
// killed when their instance was shut out of its group: they need nobody.
func (r *run) own(errs []error) []error {
	if !r.s.shared && !r.s.exactly {
		return errs
	}
	return slices.DeleteFunc(errs, func(err error) bool {
		for _, end := range []string{"will be read again", "last transaction was not committed", "in the time for a stop", "context canceled", "fenced: another instance"} {
			if strings.Contains(err.Error(), end) {
				return true
			}
		}
		return false
	})
}
