//go:build synctests

package simulation

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// observe watches the requests that move offsets as the cluster gets them, and
// notes how far the topics have come by then.
func (w *world) observe() {
	w.cluster.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		w.produced(r.(*kmsg.ProduceRequest))
		return nil, nil, false
	})
	w.cluster.ControlKey(int16(kmsg.OffsetCommit), func(r kmsg.Request) (kmsg.Response, error, bool) {
		w.groupCommitted(r.(*kmsg.OffsetCommitRequest))
		return nil, nil, false
	})
}

// reap does what a broker does and the fake one forgets where a member's
// connection is gone when it is answered: it ends the member's session.
func (w *world) reap(group string) {
	g := w.cluster.GroupInfo(group)
	if g == nil {
		return
	}
	for _, m := range g.Members {
		if p := w.owner(m.ClientID); p == nil || p.end.gone() < sessionTimeout/2 {
			continue
		}
		w.removeMember(group, m.MemberID)
	}
}

// answer ends the wait of members that the fake broker has put out of a group
// while they waited to join it, or for their share. A broker takes the wait for
// a heartbeat, and would answer UNKNOWN_MEMBER_ID; the fake one ends the session
// and drops the request. The client would ask again after its rebalance timeout,
// five minutes. With its connection closed it asks at once, and is told.
func (w *world) answer(group string) {
	g := w.cluster.GroupInfo(group)
	if g == nil {
		return
	}
	members := map[string]bool{}
	for _, m := range g.Members {
		members[m.MemberID] = true
	}
	for _, p := range w.procs {
		if n := p.end.forsaken(group, members); n > 0 {
			w.note("the fake broker has forgotten %d members of %s in %s that wait for an answer", n, group, p.name)
		}
	}
}

// unjam ends a rebalance that the fake broker never ends: it loses count of its
// members when one whose connection was cut asks again. Everybody is made to
// join anew, as where a coordinator has lost its memory.
func (r *run) unjam(group string) {
	g := r.cluster.GroupInfo(group)
	if g == nil {
		return
	}
	j := r.jams[group]
	if j == nil || g.State != "PreparingRebalance" && g.State != "CompletingRebalance" || g.Epoch != j.generation {
		r.jams[group] = &jam{g.Epoch, time.Now()}
		return
	}
	if time.Since(j.since) < 25*time.Second {
		return
	}
	r.note("the fake broker forgets the members of %s, whose rebalance does not end", group)
	for _, m := range g.Members {
		r.removeMember(group, m.MemberID)
	}
	for _, p := range r.procs {
		p.end.cut("")
	}
}

func (w *world) removeMember(group, member string) {
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group = group
	m := kmsg.NewLeaveGroupRequestMember()
	m.MemberID = member
	req.Members = append(req.Members, m)
	_, _ = req.RequestWith(context.Background(), w.own)
}

// owner is the process of a client.
func (w *world) owner(clientID string) *process {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.procs {
		if strings.HasPrefix(clientID+"-", p.clientID()+"-") || clientID == "connect-"+p.clientID() {
			return p
		}
	}
	return nil
}

// ends are where the topics end now.
func (w *world) ends() map[string][]int64 {
	ends := map[string][]int64{}
	for _, t := range []string{dataTopic, lettersTopic, sinkLetters} {
		for _, p := range w.cluster.PartitionInfos(t) {
			ends[t] = append(ends[t], p.HighWatermark)
		}
	}
	return ends
}

func (w *world) topicName(name string, id [16]byte) string {
	if name == "" {
		if info := w.cluster.TopicIDInfo(id); info != nil {
			return info.Topic
		}
	}
	return name
}

func (w *world) produced(r *kmsg.ProduceRequest) {
	for _, t := range r.Topics {
		if w.topicName(t.Topic, t.TopicID) != offsetsTopic {
			continue
		}
		ends := w.ends()
		for _, p := range t.Partitions {
			for _, rec := range records(p.Records) {
				part, position, ok := sourceOffset(rec)
				if !ok {
					w.wrong("a record of the offsets topic is not understood: %q = %q", rec.Key, rec.Value)
					continue
				}
				w.history.add(func(tick int) {
					w.history.commits = append(w.history.commits, sourceCommit{tick, part, position, ends})
				})
			}
		}
	}
}

// records are the records of one batch.
func records(raw []byte) []*kgo.Record {
	resp := kmsg.NewFetchResponseTopicPartition()
	resp.RecordBatches, resp.HighWatermark, resp.LastStableOffset = raw, 1<<40, 1<<40
	fp, _ := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{KeepControlRecords: true}, &resp, kgo.DefaultDecompressor(), nil)
	return fp.Records
}

// sourceOffset reads ["sequence",{"part":"2"}] = {"position":17}.
func sourceOffset(r *kgo.Record) (part, position int, ok bool) {
	var key []json.RawMessage
	var p struct {
		Part int `json:"part,string"`
	}
	var v struct {
		Position int `json:"position"`
	}
	ok = json.Unmarshal(r.Key, &key) == nil && len(key) == 2 && json.Unmarshal(key[1], &p) == nil && json.Unmarshal(r.Value, &v) == nil
	return p.Part, v.Position, ok
}

func (w *world) groupCommitted(r *kmsg.OffsetCommitRequest) {
	ends := w.ends()
	for _, t := range r.Topics {
		topic := w.topicName(t.Topic, t.TopicID)
		for _, p := range t.Partitions {
			w.history.add(func(tick int) {
				w.history.groups = append(w.history.groups, groupCommit{tick, r.Group, topic, p.Partition, p.Offset, ends})
			})
		}
	}
}
