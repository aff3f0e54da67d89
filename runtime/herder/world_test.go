package herder

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"kcgen.dev/runtime/state"
)

// A world is several cores and what is around them: a group coordinator, a
// network that loses and delays, a topic with what connectors are asked to be,
// a topic of statuses, tasks that fail and hang, and a clock. All of it is drawn
// from one seed, and nothing else: a walk that fails, fails again.
//
// The coordinator and the members follow Kafka's group protocol as
// [kafka.Member] and the broker do, without their requests.
type world struct {
	rng   *rand.Rand
	now   time.Time
	coord coordinator
	sites []*site
	asks  []Event // the topic of targets and restarts, in order
	board map[Unit]state.Status
	air   [][]Publish // statuses that have left a process and have not arrived, by process
	bug   bug
	log   []string // of this walk, when wanted
	loud  bool
	fault error // the first violation
}

// bug is a fault that is planted into what the world does with the core, to see
// that it is caught. The zero bug is none.
type bug struct {
	event  func(*site, Event) (Event, bool)
	effect func(*site, []Effect) []Effect
	assign func(string, int, []member) map[string]Assignment
	rules  func(*Rules)
}

const (
	session   = 10 * time.Second
	interval  = 3 * time.Second
	rebalance = 20 * time.Second
	stopTime  = 4 * time.Second
	killTime  = time.Second
)

// site is one process, or where there was one.
type site struct {
	w      *world
	name   string
	up     bool
	frozen bool
	cut    bool // from the coordinator
	core   *core
	wake   time.Time

	inbox map[string][]Event // by whom they come from: their order holds within
	words []Publish          // not sent yet
	sent  int                // which of w.air is its own
	read  int                // of w.asks
	runs  map[Unit]*taskRun
	ran   map[Unit]bool // the last run has begun to run

	id     string // by which the coordinator knows it
	gen    int
	life   int
	lease  time.Time
	told   time.Time // the latest lease there was
	beaten time.Time
	claim  Claim
	round  roundPhase
	called bool
	shares map[string]Assignment // of a leader between join and sync
	leave  bool
}

// roundPhase is how far a member is in a round.
type roundPhase uint8

const (
	calmly roundPhase = iota
	wants             // to join
	joined            // the coordinator has its join
	syncs             // it has the answer to it, and asks for the assignment
)

// taskRun is a run of a task.
type taskRun struct {
	run    uint64
	at     phase
	paused bool
	hangs  bool
}

// epochStart is when all walks begin.
var epochStart = time.Unix(1_000_000, 0)

var worldConnectors = []Connector{{Name: "a", Tasks: 2}, {Name: "b", Tasks: 1}, {Name: "c", Tasks: 2}}

func newWorld(seed uint64, sites int, b bug) *world {
	w := &world{
		rng: rand.New(rand.NewPCG(seed, 1)), now: epochStart, bug: b,
		board: map[Unit]state.Status{},
	}
	w.coord = coordinator{w: w, members: map[string]*groupMember{}}
	for i := range sites {
		w.sites = append(w.sites, &site{w: w, name: name(i)})
	}
	return w
}

func (w *world) violated(format string, args ...any) {
	if w.fault == nil {
		w.fault = fmt.Errorf(format, args...)
		w.note("VIOLATED: %v", w.fault)
	}
}

func (w *world) note(format string, args ...any) {
	if w.loud {
		w.log = append(w.log, fmt.Sprintf("%8.3f ", w.now.Sub(epochStart).Seconds())+fmt.Sprintf(format, args...))
	}
}

// boot starts a process.
func (w *world) boot(s *site) {
	seen := 0
	for _, st := range w.board {
		seen = max(seen, st.Generation)
	}
	rules := Rules{
		Worker: s.name, Shared: "x", StopTimeout: stopTime, KillTimeout: killTime, Margin: session / 4,
		Restart: &Restart{Delay: time.Second, DelayMax: 8 * time.Second, Limit: 3},
	}
	if w.bug.rules != nil {
		w.bug.rules(&rules)
	}
	*s = site{w: w, name: s.name, up: true, core: newCore(rules, worldConnectors, seen), inbox: map[string][]Event{}, runs: map[Unit]*taskRun{}, ran: map[Unit]bool{}, sent: len(w.air), gen: -1}
	w.air = append(w.air, nil)
	w.note("%s boots", s.name)
	for _, e := range w.asks { // what the topic holds is read before anything begins
		if aim, ok := e.(Aim); ok {
			s.handle(aim)
		}
	}
	s.read = len(w.asks)
	s.handle(Tick{})
}

// crash ends a process at once.
func (w *world) crash(s *site) {
	w.note("%s crashes", s.name)
	s.up, s.frozen, s.runs, s.words, s.inbox = false, false, nil, nil, nil
}

// handle has the core take an event, and does the effects.
func (s *site) handle(e Event) {
	if s.w.bug.event != nil {
		var ok bool
		if e, ok = s.w.bug.event(s, e); !ok {
			return
		}
	}
	if _, tick := e.(Tick); tick && !s.wake.After(s.w.now) {
		s.wake = time.Time{}
	}
	effects := slices.Clone(s.core.step(s.w.now, e))
	if s.w.loud {
		s.w.note("%s %T%+v → %s", s.name, e, e, show2(effects))
	}
	if s.w.bug.effect != nil {
		effects = s.w.bug.effect(s, effects)
	}
	for _, e := range effects {
		s.do(e)
	}
	s.w.check(s)
}

func show2(effects []Effect) string {
	var out []string
	for _, e := range effects {
		out = append(out, fmt.Sprintf("%s%+v", strings.TrimPrefix(fmt.Sprintf("%T", e), "herder."), e))
	}
	return strings.Join(out, " ")
}

func (s *site) post(from string, e Event) { s.inbox[from] = append(s.inbox[from], e) }

func (s *site) do(e Effect) {
	switch e := e.(type) {
	case Join:
		if e.Life == s.life {
			if s.round != calmly {
				s.w.violated("%s joins in a round", s.name)
			}
			s.claim, s.called, s.round = e.Claim, false, wants
		}
	case Leave:
		s.leave = true
	case Wake:
		s.wake = e.At
	case Publish:
		if e.IsTask() && e.Status.Phase == state.Running && !s.ran[e.Unit] {
			s.w.violated("%s says that %s runs before it does", s.name, e.Unit)
		}
		s.words = append(s.words, e)
	case Forget:
		s.words = nil
	case Start:
		if s.runs[TaskUnit(e.Task)] != nil {
			s.w.violated("%s starts %s beside itself", s.name, e.Task)
		}
		s.runs[TaskUnit(e.Task)] = &taskRun{run: e.Run, at: starting}
		s.ran[TaskUnit(e.Task)] = false
	case Pause:
		s.pause(TaskUnit(e.Task), true)
	case Resume:
		s.pause(TaskUnit(e.Task), false)
	case Stop:
		if r := s.runs[TaskUnit(e.Task)]; r != nil && r.run == e.Run && r.at != killed {
			r.at = stopping
		}
	case Kill:
		if r := s.runs[TaskUnit(e.Task)]; r != nil && r.run == e.Run {
			r.at = killed
		}
	}
}

func (s *site) pause(u Unit, paused bool) {
	if r := s.runs[u]; r != nil {
		r.paused = paused
		if r.at == running {
			s.post("tasks", Moved{u, r.run, r.phase()})
		}
	}
}

func (r *taskRun) phase() state.Phase {
	if r.paused {
		return state.PausedPhase
	}
	return state.Running
}

// progress takes a task one step further. heal is whether all goes well.
func (s *site) progress(u Unit, r *taskRun, heal bool) {
	w := s.w
	roll := w.rng.IntN(20)
	if heal {
		roll, r.hangs = 10, false
	}
	end := func(err error, fenced bool) {
		delete(s.runs, u)
		s.post("tasks", Ended{u, r.run, err, fenced})
	}
	switch {
	case r.hangs:
	case r.at == starting && roll < 2:
		end(errors.New("it does not open"), false)
	case r.at == starting:
		r.at = running
		s.ran[u] = true
		s.post("tasks", Moved{u, r.run, r.phase()})
	case r.at == running && roll == 0:
		end(errors.New("it failed"), false)
	case r.at == running && roll == 1:
		end(errors.New("it was fenced"), true)
	case r.at == running && roll == 2 && w.rng.IntN(4) == 0:
		r.hangs = true
	case r.at == stopping || r.at == killed:
		if roll == 0 {
			r.hangs = true
			return
		}
		end(nil, false)
	}
}

// check holds what must hold at every moment.
func (w *world) check(s *site) {
	if s.up && !s.frozen && !w.now.Before(s.told) {
		for u, r := range s.runs {
			if r.at != killed {
				w.violated("%s runs %s although its lease is over", s.name, u)
			}
		}
	}
	owner := map[Unit]*site{}
	for _, o := range w.sites {
		for u, r := range o.runs {
			if !o.up || o.frozen || r.at == killed || !w.now.Before(o.lease) {
				continue
			}
			if other := owner[u]; other != nil {
				w.violated("%s runs at %s and at %s", u, other.name, o.name)
			}
			owner[u] = o
		}
	}
}

// advance moves the clock, and has every process that is awake see it where it
// asked to.
func (w *world) advance(d time.Duration) {
	for end := w.now.Add(d); ; {
		next, who := end, (*site)(nil)
		for _, s := range w.sites {
			if s.up && !s.frozen && !s.wake.IsZero() && !s.wake.After(next) {
				next, who = s.wake, s
			}
		}
		if next.After(w.now) {
			w.now = next
		}
		if who == nil {
			break
		}
		who.handle(Tick{})
	}
	w.coord.expire()
}

// coordinator is the broker's side of the group.
type coordinator struct {
	w        *world
	members  map[string]*groupMember
	gen      int
	state    groupState
	deadline time.Time // of who has to join
	leader   string
	shares   map[string]Assignment
	ids      int
}

type groupState uint8

const (
	empty groupState = iota
	preparing
	completing
	stable
)

type groupMember struct {
	site  *site
	heard time.Time
	claim Claim
	ready bool // it has joined the round that is being prepared
}

func (c *coordinator) ordered() []string { return slices.Sorted(maps.Keys(c.members)) }

// prepare begins a round.
func (c *coordinator) prepare() {
	if c.state == preparing {
		return
	}
	c.state, c.deadline = preparing, c.w.now.Add(rebalance)
	for _, m := range c.members {
		m.ready = false
	}
}

func (c *coordinator) join(s *site, claim Claim) (ok bool) {
	if s.id == "" {
		c.ids++
		s.id = fmt.Sprintf("%s#%03d", s.name, c.ids)
		c.members[s.id] = &groupMember{site: s}
	}
	m := c.members[s.id]
	if m == nil {
		return false
	}
	c.prepare()
	m.claim, m.ready, m.heard = claim, true, c.w.now
	c.complete()
	return true
}

// complete ends the preparation when all have joined.
func (c *coordinator) complete() {
	if c.state != preparing {
		return
	}
	if len(c.members) == 0 {
		c.state = empty
		return
	}
	for _, m := range c.members {
		if !m.ready {
			return
		}
	}
	c.gen++
	c.state, c.shares = completing, nil
	if c.members[c.leader] == nil {
		ids := c.ordered()
		c.leader = ids[c.w.rng.IntN(len(ids))]
	}
	c.w.note("generation %d of %v, led by %s", c.gen, c.ordered(), c.leader)
	for _, m := range c.members {
		m.heard = c.w.now
	}
}

// expire takes out who was silent, or did not join.
func (c *coordinator) expire() {
	for _, id := range c.ordered() {
		m := c.members[id]
		waits := c.state == preparing && m.ready
		if !waits && c.w.now.Sub(m.heard) >= session || c.state == preparing && !m.ready && !c.w.now.Before(c.deadline) {
			c.remove(id)
		}
	}
	c.complete()
}

func (c *coordinator) remove(id string) {
	c.w.note("%s is out of the group", id)
	delete(c.members, id)
	if c.state == stable || c.state == completing {
		c.prepare()
	}
	if len(c.members) == 0 {
		c.state = empty
	}
	c.complete()
}

// lose tells a site that its membership is over.
func (s *site) lose(keep bool) {
	s.round = wants // it goes on by itself where there was nothing to lose
	if s.gen >= 0 {
		s.life++
		s.post("member", Lost{s.life})
		s.round = calmly
	}
	s.gen, s.lease, s.called, s.shares = -1, time.Time{}, false, nil
	if !keep {
		s.id = ""
	}
}

func (s *site) renew() {
	if l := s.w.now.Add(session); l.After(s.lease) {
		s.lease, s.told = l, l
	}
}

// beat is a heartbeat, and its answer.
func (s *site) beat() {
	c := &s.w.coord
	s.beaten = s.w.now
	if s.gen < 0 {
		return
	}
	m := c.members[s.id]
	switch {
	case m == nil:
		s.lose(false)
	case c.gen != s.gen:
		if s.round == calmly {
			s.lose(true)
		}
	default:
		m.heard = s.w.now
		s.renew()
		s.post("member", Alive{s.lease})
		if c.state == preparing && s.round == calmly && !s.called {
			s.called = true
			s.post("member", Rebalancing{})
		}
	}
}

// member takes the site's part in a round one step further.
func (s *site) member(lost bool) {
	c := &s.w.coord
	switch s.round {
	case wants:
		if lost {
			return
		}
		if !c.join(s, s.claim) {
			s.lose(false)
			return
		}
		s.round = joined
	case joined:
		m := c.members[s.id]
		switch {
		case m == nil:
			s.lose(false)
		case lost && s.w.rng.IntN(2) == 0: // the answer is lost: it asks again
			s.round = wants
		case c.state == completing && m.ready || c.state == stable && m.ready:
			s.gen, s.round = c.gen, syncs
			s.renew()
			if s.id == c.leader {
				s.share()
			}
		}
	case syncs:
		m := c.members[s.id]
		switch {
		case m == nil:
			s.lose(false)
		case c.gen != s.gen || c.state == preparing:
			s.round = wants
		case lost:
			s.round = wants
		case s.id == c.leader && c.shares == nil:
			c.shares, c.state = s.shares, stable
			s.assigned()
		case c.shares != nil:
			s.assigned()
		}
	}
}

// share is the leader's part.
func (s *site) share() {
	c := &s.w.coord
	var members []member
	for _, id := range c.ordered() {
		claim, err := decodeClaim(encode(c.members[id].claim))
		members = append(members, member{id: id, claim: claim, err: err})
	}
	f := assign
	if s.w.bug.assign != nil {
		f = s.w.bug.assign
	}
	s.shares = f(s.id, s.gen, members)
}

func (s *site) assigned() {
	c := &s.w.coord
	a := c.shares[s.id]
	c.members[s.id].heard = s.w.now
	s.renew()
	s.round = calmly
	s.w.note("%s has %v in epoch %d", s.name, a.Given, a.Epoch)
	s.post("member", Assigned{Assignment: a, Leads: s.id == c.leader, Lease: s.lease, Life: s.life})
}

// speak sends the oldest status.
func (s *site) speak() {
	if s.w.now.Before(s.lease) {
		s.w.air[s.sent] = append(s.w.air[s.sent], s.words[0])
		s.words = s.words[1:]
	}
}

// arrive puts a status on the board, as readers of the topic see it. Those of
// one process keep their order; those of several mix, and may take long. back
// is from which process, counted from the last.
func (w *world) arrive(back int) bool {
	from := len(w.air) - 1 - back
	for ; back == 0 && from >= 0 && len(w.air[from]) == 0; from-- {
	}
	if from < 0 || len(w.air[from]) == 0 {
		return false
	}
	e := w.air[from][0]
	w.air[from] = w.air[from][1:]
	if old, ok := w.board[e.Unit]; !ok || e.Status.Generation >= old.Generation {
		w.board[e.Unit] = e.Status
	}
	return true
}
