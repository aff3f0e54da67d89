//go:build synctests

package herder

import (
	"context"
	"flag"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

var (
	chaosSeeds = flag.Int("chaos", 20, "how many groups go through faults in virtual time")
	chaosSeed  = flag.Uint64("chaosseed", 0, "the seed of the first")
)

// TestChaos has instances on a fake cluster come, go, be killed and cut off,
// while the coordinator moves: at no time does a task run twice, and when the
// faults end, all run, evenly, and the statuses say so.
func TestChaos(t *testing.T) {
	from := rand.Uint64()
	if *chaosSeed != 0 {
		from = *chaosSeed
	}
	for n := range uint64(*chaosSeeds) {
		seed := from + n
		bubble(t, func(t *testing.T) {
			l := newLab(t)
			defer l.close()
			t.Logf("seed %d", seed)
			l.chaos(rand.New(rand.NewPCG(seed, 0)))
		})
		if t.Failed() {
			return
		}
	}
}

func (l *lab) chaos(rng *rand.Rand) {
	live := []*instance{l.join("first")}
	cut := map[*instance]bool{}
	name := func() string { return "i" + strconv.Itoa(len(l.all)) }
	gone := func(k int) { live = append(live[:k:k], live[k+1:]...) }
	for range 60 {
		time.Sleep(time.Duration(rng.Int64N(int64(3 * beatEvery))))
		if len(live) == 0 {
			live = append(live, l.join(name()))
		}
		k := rng.IntN(len(live))
		i := live[k]
		if i.Snapshot().Joining && !cut[i] {
			continue // kfake miscounts members that go while they wait for their assignment
		}
		switch roll := rng.IntN(10); {
		case cut[i] && roll < 7:
			i.net.thaw()
			delete(cut, i)
		case roll < 4 && len(live) < 4:
			live = append(live, l.join(name()))
		case roll < 5 && !cut[i]:
			i.stop()
			gone(k)
		case roll < 6:
			delete(cut, i)
			i.kill()
			l.burials.Go(func() { l.bury(i) })
			gone(k)
		case roll < 8 && !cut[i]:
			i.net.freeze()
			cut[i] = true
		default:
			l.c.RehashCoordinators()
		}
	}
	for i := range cut {
		if !i.over {
			i.net.thaw()
		}
	}
	if len(live) == 0 {
		live = append(live, l.join(name()))
	}
	l.eventually("all is well when the faults have ended", l.settled(live...))
}

// bury takes a killed instance out of the group when its session is over. kfake
// forgets to, where the instance died while its answer to a join was on its way.
func (l *lab) bury(i *instance) {
	time.Sleep(4*beatEvery + time.Millisecond)
	if l.over {
		return
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(l.seeds...), kgo.Dialer(l.dial))
	if err != nil {
		panic(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), beatEvery)
	defer cancel()
	describe := kmsg.NewPtrDescribeGroupsRequest()
	describe.Groups = []string{l.group}
	resp, err := describe.RequestWith(ctx, cl)
	if err != nil {
		return
	}
	for _, m := range resp.Groups[0].Members {
		if m.ClientID != i.name {
			continue
		}
		req := kmsg.NewPtrLeaveGroupRequest()
		ghost := kmsg.NewLeaveGroupRequestMember()
		req.Group, ghost.MemberID = l.group, m.MemberID
		req.Members = append(req.Members, ghost)
		_, _ = req.RequestWith(ctx, cl)
	}
}
