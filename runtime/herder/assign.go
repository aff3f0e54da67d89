package herder

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// member is an instance as the leader sees it in a round.
type member struct {
	id    string // by which the group knows it
	claim Claim
	err   error // its claim could not be read
}

// assign shares the connectors and tasks among the members of a round. It is a
// pure function of what they claim:
//
//   - What a live member holds stays with it, unless the balance needs it moved:
//     each kind, connectors and tasks, is spread with a difference of one at most.
//   - What moves is left out of everybody's assignment first. Its owner lets go
//     of it and joins again, and then it is nobody's.
//   - What nobody holds is given at once, to whom has least.
//   - What two hold stays with the one whose assignment is newer.
//   - All tasks of a connector are of one version of it (see [Connector]): that
//     of its owners, or where it has none, what most members know. Others do
//     not get any of it. So a new spec comes in as the instances with the old
//     one go, connector by connector, and a connector is never split.
//   - A member that is leaving keeps nothing and gets nothing.
//   - A member that shares other topics than the leader is refused.
func assign(leader string, generation int, members []member) map[string]Assignment {
	slices.SortFunc(members, func(a, b member) int { return cmp.Compare(a.id, b.id) })
	r := round{out: make(map[string]Assignment, len(members)), epoch: nextEpoch(generation, members)}
	r.admit(leader, members)
	r.survey()
	for _, kind := range [...]bool{false, true} {
		r.share(kind)
	}
	for _, p := range r.players {
		slices.SortFunc(p.given, Unit.compare)
		r.out[p.id] = Assignment{Epoch: r.epoch, Leader: r.worker, Given: p.given}
	}
	return r.out
}

// round is one assignment in the making.
type round struct {
	epoch   int
	worker  string // the leader's
	players []*player
	out     map[string]Assignment

	version map[string]string // of each connector, the one that runs
	all     []Unit            // in order
	holders map[Unit][]*player
}

// player is a member that was admitted.
type player struct {
	member
	index int               // among those that were admitted
	knows map[string]string // connectors to their versions
	given units
	load  int // of the kind that is being shared, with what it will get
}

// nextEpoch is the group's own generation, or what is higher than all that any
// member knows of. The generation alone would not do: it begins anew when Kafka
// forgets a group that was empty for long, and the statuses of its former life
// are still there. Nor would what members know: one that is out of the group
// may know of more.
func nextEpoch(generation int, members []member) int {
	epoch := min(generation, maxEpoch)
	for _, m := range members {
		epoch = max(epoch, m.claim.Epoch+1, m.claim.Seen+1)
	}
	return epoch
}

// admit takes the members that share what the leader shares.
func (r *round) admit(leader string, members []member) {
	shared := ""
	for _, m := range members {
		if m.id == leader {
			shared, r.worker = m.claim.Shared, m.claim.Worker
		}
	}
	for _, m := range members {
		why := ""
		switch {
		case m.err != nil:
			why = m.err.Error()
		case m.claim.Shared != shared:
			why = fmt.Sprintf("the group's leader %s shares the topics %s, and this instance %s: give each pipeline a worker.group.id of its own", r.worker, shared, m.claim.Shared)
		default:
			r.players = append(r.players, newPlayer(m, len(r.players)))
			continue
		}
		r.out[m.id] = Assignment{Epoch: r.epoch, Leader: r.worker, Refused: why}
	}
}

func newPlayer(m member, index int) *player {
	p := &player{member: m, index: index, knows: make(map[string]string, len(m.claim.Connectors))}
	for _, k := range m.claim.Connectors {
		p.knows[k.Name] = k.version()
	}
	return p
}

// version is what sets two views of a connector apart. A source that finds
// another number of tasks is another connector: its tasks would overlap.
func (k known) version() string { return strconv.Itoa(k.Tasks) + ":" + k.Version }

// survey finds what there is, in which version, and who holds it.
func (r *round) survey() {
	r.holders = map[Unit][]*player{}
	for _, p := range r.players {
		for _, u := range p.claim.Held {
			r.holders[u] = append(r.holders[u], p)
		}
	}
	votes := map[string]map[string]*vote{}
	for _, p := range r.players {
		for _, k := range p.claim.Connectors {
			of := votes[k.Name]
			if of == nil {
				of = map[string]*vote{}
				votes[k.Name] = of
			}
			v := of[k.version()]
			if v == nil {
				v = &vote{version: k.version(), tasks: k.Tasks}
				of[v.version] = v
			}
			v.members++
		}
		for _, u := range p.claim.Held {
			if v := votes[u.Connector][p.knows[u.Connector]]; v != nil && u.IsTask() {
				v.held, v.newest = v.held+1, max(v.newest, p.claim.Epoch)
			}
		}
	}
	r.version = make(map[string]string, len(votes))
	for _, name := range slices.Sorted(maps.Keys(votes)) {
		won := slices.MinFunc(slices.Collect(maps.Values(votes[name])), (*vote).compare)
		r.version[name] = won.version
		r.all = append(r.all, ConnectorUnit(name))
		for task := range won.tasks {
			r.all = append(r.all, Unit{name, task})
		}
	}
}

// vote is what speaks for a version of a connector.
type vote struct {
	version string
	tasks   int
	held    int // tasks that run in it
	newest  int // the newest claim to one of these
	members int // that know it
}

// compare puts first what is to be chosen.
func (v *vote) compare(w *vote) int {
	return cmp.Or(
		cmp.Compare(w.newest, v.newest),
		cmp.Compare(w.held, v.held),
		cmp.Compare(min(w.tasks, 1), min(v.tasks, 1)), // a connector that failed has none
		cmp.Compare(w.members, v.members),
		strings.Compare(v.version, w.version),
	)
}

// share gives the connectors, or the tasks.
func (r *round) share(tasks bool) {
	for _, p := range r.players {
		p.load = 0
	}
	kept := map[string][]units{} // of each connector, by player
	var free []Unit
	for _, u := range r.all {
		if u.IsTask() != tasks {
			continue
		}
		holders := r.holders[u]
		if keep := r.keeper(u, holders); keep != nil {
			if kept[u.Connector] == nil {
				kept[u.Connector] = make([]units, len(r.players))
			}
			kept[u.Connector][keep.index] = append(kept[u.Connector][keep.index], u)
			keep.load++
		} else if len(holders) == 0 {
			free = append(free, u)
		}
	}
	for _, u := range free {
		if p := r.least(u.Connector); p != nil {
			p.given = append(p.given, u)
			p.load++
		}
	}
	r.balance(kept)
	for _, of := range kept {
		for i, us := range of {
			r.players[i].given = append(r.players[i].given, us...)
		}
	}
}

// keeper is the holder with the newest claim, among those that may have it.
func (r *round) keeper(u Unit, holders []*player) (keep *player) {
	for _, p := range holders {
		if r.may(p, u.Connector) && (keep == nil || p.claim.Epoch > keep.claim.Epoch) {
			keep = p
		}
	}
	return keep
}

// may reports whether p stays, and has the version of the connector that runs.
func (r *round) may(p *player, connector string) bool {
	v, ok := p.knows[connector]
	return ok && !p.claim.Leaving && v == r.version[connector]
}

// least is who has least of those that may have the connector.
func (r *round) least(connector string) (least *player) {
	for _, p := range r.players {
		if r.may(p, connector) && (least == nil || p.load < least.load) {
			least = p
		}
	}
	return least
}

// balance takes what must move from its owner. Whom it goes to is decided in
// the next round; here it is only made sure that there is room for it.
func (r *round) balance(kept map[string][]units) {
	connectors := slices.Sorted(maps.Keys(kept))
	for {
		var from, to *player
		var of []units
		best := 1
		for _, name := range slices.Backward(connectors) {
			q := r.least(name)
			if q == nil {
				continue
			}
			for i, us := range kept[name] {
				if p := r.players[i]; len(us) > 0 && p.load-q.load > best {
					best, from, to, of = p.load-q.load, p, q, kept[name]
				}
			}
		}
		if from == nil {
			return
		}
		of[from.index] = of[from.index][:len(of[from.index])-1]
		from.load--
		to.load++
	}
}
