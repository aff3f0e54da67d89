package kafka

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Queue is a topic that is read from somewhere to where it ends now.
type Queue struct {
	Starts, Ends map[int32]int64 // per partition
	Committed    map[int32]int64 // of the group; without those that it has not
	Members      int             // of the group
}

// Queue looks at a topic and at a group that reads it. A topic that is not there
// has no partitions.
func (k *Conn) Queue(ctx context.Context, topic, group string) (Queue, error) {
	var q Queue
	exists, err := k.Exists(ctx, topic)
	if err != nil || !exists {
		return q, err
	}
	if q.Starts, err = k.OffsetsAt(ctx, topic, startOffset); err != nil {
		return q, err
	}
	if q.Ends, err = k.OffsetsAt(ctx, topic, endOffset); err != nil {
		return q, err
	}
	err = k.retry(ctx, "read the offsets of group "+group, func() (err error) {
		q.Committed, err = k.groupOffsets(ctx, group, topic, q.Ends)
		return err
	})
	if err == nil {
		q.Members, err = k.groupMembers(ctx, group)
	}
	return q, err
}

// OffsetsAt are the offsets of the first records that are no older than a time
// in milliseconds; the end where there is none.
func (k *Conn) OffsetsAt(ctx context.Context, topic string, millis int64) (map[int32]int64, error) {
	var out map[int32]int64
	err := k.retry(ctx, "read the offsets of topic "+topic, func() error {
		t, err := k.describe(ctx, topic, false)
		if err != nil {
			return err
		}
		var parts []int32
		for _, p := range t.partitions {
			parts = append(parts, p.Partition)
		}
		r := logReader{conn: k, name: topic, uncommitted: true}
		if out, err = r.offsets(ctx, parts, millis); err != nil {
			return err
		}
		if millis < 0 {
			return nil
		}
		ends, err := r.offsets(ctx, parts, endOffset)
		for p, o := range out {
			if o < 0 {
				out[p] = ends[p]
			}
		}
		return err
	})
	return out, err
}

func (k *Conn) groupOffsets(ctx context.Context, group, topic string, parts map[int32]int64) (map[int32]int64, error) {
	req := kmsg.NewPtrOffsetFetchRequest()
	req.Group = group
	rt, gt := kmsg.NewOffsetFetchRequestTopic(), kmsg.NewOffsetFetchRequestGroupTopic()
	rt.Topic, gt.Topic = topic, topic
	for p := range parts {
		rt.Partitions, gt.Partitions = append(rt.Partitions, p), append(gt.Partitions, p)
	}
	rg := kmsg.NewOffsetFetchRequestGroup()
	rg.Group, rg.Topics = group, append(rg.Topics, gt)
	req.Topics, req.Groups = append(req.Topics, rt), append(req.Groups, rg)
	resp, err := req.RequestWith(ctx, k.admin)
	if err != nil {
		return nil, err
	}
	out := map[int32]int64{}
	take := func(p int32, at int64, code int16) error {
		if at >= 0 {
			out[p] = at
		}
		return kerr.ErrorForCode(code)
	}
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil && err != kerr.GroupIDNotFound {
		return nil, err
	}
	for _, t := range resp.Topics { // of older brokers
		for _, p := range t.Partitions {
			if err := take(p.Partition, p.Offset, p.ErrorCode); err != nil {
				return nil, err
			}
		}
	}
	for _, g := range resp.Groups {
		if err := kerr.ErrorForCode(g.ErrorCode); err != nil && err != kerr.GroupIDNotFound {
			return nil, err
		}
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				if err := take(p.Partition, p.Offset, p.ErrorCode); err != nil {
					return nil, err
				}
			}
		}
	}
	return out, nil
}

// groupMembers is how many members a group has; none where there is no group.
func (k *Conn) groupMembers(ctx context.Context, group string) (n int, err error) {
	req := kmsg.NewPtrDescribeGroupsRequest()
	req.Groups = []string{group}
	err = k.retry(ctx, "look at group "+group, func() error {
		resp, err := req.RequestWith(ctx, k.admin)
		if err != nil {
			return err
		}
		for _, g := range resp.Groups {
			switch err := kerr.ErrorForCode(g.ErrorCode); {
			case err == kerr.GroupIDNotFound:
			case err != nil:
				return fmt.Errorf("group %s: %w", group, err)
			}
			n = len(g.Members)
		}
		return nil
	})
	return n, err
}

// Cut leaves the run's first n records.
func (r *Run) Cut(n int) { r.recs = r.recs[:n] }
