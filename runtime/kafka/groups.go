package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// ErrGroupActive says that a group has members, which alone may change its
// offsets.
var ErrGroupActive = errors.New("the group has active members")

// ErrNoPartition says that somebody named a topic or a partition that is not
// there.
var ErrNoPartition = errors.New("there is no such partition")

// GroupInfo is what a broker says of a group.
type GroupInfo struct {
	State        string // Empty, Stable, …; Dead where there is none
	ProtocolType string // consumer, connect, …
	Members      []GroupMember
}

// GroupMember is one of a group's members. Metadata and Assignment are in the
// terms of the group's protocol.
type GroupMember struct {
	ID, ClientID, Host   string
	Metadata, Assignment []byte
}

// Group describes a group.
func (k *Conn) Group(ctx context.Context, id string) (GroupInfo, error) {
	req := kmsg.NewPtrDescribeGroupsRequest()
	req.Groups = []string{id}
	g := GroupInfo{State: "Dead"}
	err := k.retry(ctx, "describe group "+id, func() error {
		for _, shard := range k.admin.RequestSharded(ctx, req) {
			if shard.Err != nil {
				return shard.Err
			}
			for _, d := range shard.Resp.(*kmsg.DescribeGroupsResponse).Groups {
				err := kerr.ErrorForCode(d.ErrorCode)
				if errors.Is(err, kerr.GroupIDNotFound) {
					continue
				}
				if err != nil {
					return groupAdvice(err, "Describe", id)
				}
				g = GroupInfo{State: d.State, ProtocolType: d.ProtocolType}
				for _, m := range d.Members {
					g.Members = append(g.Members, GroupMember{m.MemberID, m.ClientID, m.ClientHost, m.ProtocolMetadata, m.MemberAssignment})
				}
			}
		}
		return nil
	})
	return g, err
}

// groupAdvice adds the right that is missing.
func groupAdvice(err error, right, id string) error {
	if errors.Is(err, kerr.GroupAuthorizationFailed) {
		return fmt.Errorf("%w; grant the principal %s on the group %s", err, right, id)
	}
	return err
}

// GroupOffsets are the offsets that a consumer group has committed.
func (k *Conn) GroupOffsets(ctx context.Context, id string) (map[Partition]int64, error) {
	req := kmsg.NewPtrOffsetFetchRequest()
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = id
	req.Groups = append(req.Groups, g)
	var out map[Partition]int64
	err := k.retry(ctx, "read the offsets of group "+id, func() error {
		out = map[Partition]int64{}
		for _, shard := range k.admin.RequestSharded(ctx, req) {
			if shard.Err != nil {
				return shard.Err
			}
			for _, g := range shard.Resp.(*kmsg.OffsetFetchResponse).Groups {
				err := kerr.ErrorForCode(g.ErrorCode)
				if errors.Is(err, kerr.GroupIDNotFound) {
					continue // it has committed nothing
				}
				if err == nil {
					err = offsetsOf(g, out)
				}
				if err != nil {
					return groupAdvice(err, "Describe", id)
				}
			}
		}
		return nil
	})
	return out, err
}

func offsetsOf(g kmsg.OffsetFetchResponseGroup, out map[Partition]int64) error {
	for _, t := range g.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return fmt.Errorf("%s-%d: %w", t.Topic, p.Partition, err)
			}
			if p.Offset >= 0 {
				out[Partition{t.Topic, p.Partition}] = p.Offset
			}
		}
	}
	return nil
}

// AlterGroup sets offsets of a consumer group without members, and deletes
// others. All that are set are set at once, if every partition is there; what
// is deleted is deleted at once behind that. With members it is ErrGroupActive.
func (k *Conn) AlterGroup(ctx context.Context, id string, set map[Partition]int64, reset []Partition) error {
	if len(set) > 0 {
		req, err := k.commitRequest(ctx, id, set)
		if err == nil {
			err = k.retry(ctx, "set the offsets of group "+id, func() error { return k.commitGroup(ctx, req) })
		}
		if err != nil {
			return err
		}
	}
	if len(reset) > 0 {
		return k.retry(ctx, "delete offsets of group "+id, func() error { return k.deleteOffsets(ctx, id, reset) })
	}
	return nil
}

// commitRequest looks first whether every partition is there: a broker would
// take those that are and refuse the others.
func (k *Conn) commitRequest(ctx context.Context, id string, set map[Partition]int64) (*kmsg.OffsetCommitRequest, error) {
	byTopic := map[string][]Partition{}
	for p, o := range set {
		if o < 0 {
			return nil, fmt.Errorf("kafka: offset %d of %s-%d is negative", o, p.Topic, p.Partition)
		}
		byTopic[p.Topic] = append(byTopic[p.Topic], p)
	}
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group = id
	for name, ps := range byTopic {
		t, err := k.topicOf(ctx, name, ps)
		if err != nil {
			return nil, err
		}
		rt := kmsg.NewOffsetCommitRequestTopic()
		rt.Topic, rt.TopicID = name, t.id
		for _, p := range ps {
			rp := kmsg.NewOffsetCommitRequestTopicPartition()
			rp.Partition, rp.Offset = p.Partition, set[p]
			rt.Partitions = append(rt.Partitions, rp)
		}
		req.Topics = append(req.Topics, rt)
	}
	return req, nil
}

// topicOf describes a topic that must have these partitions, or else it is
// ErrNoPartition.
func (k *Conn) topicOf(ctx context.Context, name string, ps []Partition) (topic, error) {
	if err := CheckTopicName(name); err != nil {
		return topic{}, fmt.Errorf("%w: %w", ErrNoPartition, err)
	}
	var t topic
	err := k.retry(ctx, "look for topic "+name, func() (err error) {
		t, err = k.describe(ctx, name, false)
		return err
	})
	switch {
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		return t, fmt.Errorf("%w: there is no topic %s, or the principal may not Describe it", ErrNoPartition, name)
	case err != nil:
		return t, err
	}
	for _, p := range ps {
		if !slices.ContainsFunc(t.partitions, func(m kmsg.MetadataResponseTopicPartition) bool { return m.Partition == p.Partition }) {
			return t, fmt.Errorf("%w: topic %s has %d partitions, and no partition %d", ErrNoPartition, name, len(t.partitions), p.Partition)
		}
	}
	return t, nil
}

func (k *Conn) commitGroup(ctx context.Context, req *kmsg.OffsetCommitRequest) error {
	resp, err := req.RequestWith(ctx, k.admin)
	if err != nil {
		return err
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			switch err := kerr.ErrorForCode(p.ErrorCode); {
			case err == nil:
			case Expelled(err):
				return fmt.Errorf("%w: %w", ErrGroupActive, err)
			default:
				return groupAdvice(fmt.Errorf("%s-%d: %w", t.Topic, p.Partition, err), "Read", req.Group)
			}
		}
	}
	return nil
}

func (k *Conn) deleteOffsets(ctx context.Context, id string, reset []Partition) error {
	req := kmsg.NewPtrOffsetDeleteRequest()
	req.Group = id
	byTopic := map[string][]kmsg.OffsetDeleteRequestTopicPartition{}
	for _, p := range reset {
		rp := kmsg.NewOffsetDeleteRequestTopicPartition()
		rp.Partition = p.Partition
		byTopic[p.Topic] = append(byTopic[p.Topic], rp)
	}
	for name, ps := range byTopic {
		rt := kmsg.NewOffsetDeleteRequestTopic()
		rt.Topic, rt.Partitions = name, ps
		req.Topics = append(req.Topics, rt)
	}
	resp, err := req.RequestWith(ctx, k.admin)
	if err != nil {
		return err
	}
	switch err := kerr.ErrorForCode(resp.ErrorCode); {
	case errors.Is(err, kerr.GroupIDNotFound):
		return nil
	case errors.Is(err, kerr.NonEmptyGroup):
		return fmt.Errorf("%w: %w", ErrGroupActive, err)
	case err != nil:
		return groupAdvice(err, "Delete", id)
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			switch err := kerr.ErrorForCode(p.ErrorCode); {
			case err == nil, errors.Is(err, kerr.UnknownTopicOrPartition):
			case errors.Is(err, kerr.GroupSubscribedToTopic):
				return fmt.Errorf("%w: %w", ErrGroupActive, err)
			default:
				return groupAdvice(fmt.Errorf("%s-%d: %w", t.Topic, p.Partition, err), "Delete", id)
			}
		}
	}
	return nil
}

// DeleteGroup deletes a group without members, and its offsets with it, all at
// once. One that is not there is no error. With members it is ErrGroupActive.
func (k *Conn) DeleteGroup(ctx context.Context, id string) error {
	req := kmsg.NewPtrDeleteGroupsRequest()
	req.Groups = []string{id}
	return k.retry(ctx, "delete group "+id, func() error {
		for _, shard := range k.admin.RequestSharded(ctx, req) {
			if shard.Err != nil {
				return shard.Err
			}
			for _, g := range shard.Resp.(*kmsg.DeleteGroupsResponse).Groups {
				switch err := kerr.ErrorForCode(g.ErrorCode); {
				case err == nil, errors.Is(err, kerr.GroupIDNotFound):
				case errors.Is(err, kerr.NonEmptyGroup):
					return fmt.Errorf("%w: %w", ErrGroupActive, err)
				default:
					return groupAdvice(err, "Delete", id)
				}
			}
		}
		return nil
	})
}
