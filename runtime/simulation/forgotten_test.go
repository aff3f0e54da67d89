//go:build synctests

package simulation

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestForgotten lets the fake broker put members out of a group while they wait
// to join it: another holds the rebalance up for longer than their sessions.
// They must be back long before their own time for a rebalance is over.
func TestForgotten(t *testing.T) {
	const group = "connect-collector"
	simulate(t, 1, func(w *world) {
		s := &scenario{name: "sink", instances: 1, sinks: true}
		r := &run{world: w, s: s, jams: map[string]*jam{}}
		stop := w.load()
		r.slots = []*process{r.start(s)}
		r.wait(5 * time.Second)
		w.joinOnce(group, 25*time.Second)
		r.wait(5 * time.Second)
		r.slots = append(r.slots, r.start(s)) // they share out anew, and wait for the other
		r.wait(time.Minute)
		if g := w.cluster.GroupInfo(group); g.State != "Stable" || len(g.Members) != 4 {
			w.wrong("a minute later the group is %s and has %d members", g.State, len(g.Members))
			w.noteGoroutines()
		}
		w.finish()
		stop()
		for _, p := range r.slots {
			p.terminate()
		}
	})
}

// joinOnce joins a group, and is never heard of again until its session is over.
func (w *world) joinOnce(group string, session time.Duration) {
	meta := kmsg.NewConsumerMemberMetadata()
	meta.Topics = []string{dataTopic}
	req := kmsg.NewPtrJoinGroupRequest()
	req.Group, req.ProtocolType = group, "consumer"
	req.SessionTimeoutMillis = int32(session.Milliseconds())
	req.RebalanceTimeoutMillis = req.SessionTimeoutMillis
	p := kmsg.NewJoinGroupRequestProtocol()
	p.Name, p.Metadata = "range", meta.AppendTo(nil)
	req.Protocols = append(req.Protocols, p)
	for {
		resp, err := req.RequestWith(context.Background(), w.own)
		if err == nil {
			err = kerr.ErrorForCode(resp.ErrorCode)
		}
		switch err {
		case nil:
			return
		case kerr.MemberIDRequired:
			req.MemberID = resp.MemberID
		default:
			w.wrong("join %s: %v", group, err)
			return
		}
	}
}
