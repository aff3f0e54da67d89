package kafka

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// errSilent is an answer that leaves out what was asked for.
var errSilent = errors.New("the broker's answer does not say")

func (p *Probe) write(ctx context.Context, topic string) (int16, error) {
	req := kmsg.NewPtrProduceRequest()
	req.Acks, req.TimeoutMillis = 1, 1000
	rt, rp := kmsg.NewProduceRequestTopic(), kmsg.NewProduceRequestTopicPartition()
	rt.Topic, rp.Partition = topic, noPartition
	rt.Partitions = append(rt.Partitions, rp)
	req.Topics = append(req.Topics, rt)
	resp, err := p.any(ctx, req)
	if err != nil {
		return 0, err
	}
	for _, t := range resp.(*kmsg.ProduceResponse).Topics {
		for _, q := range t.Partitions {
			return q.ErrorCode, nil
		}
	}
	return 0, errSilent
}

func (p *Probe) read(ctx context.Context, topic string) (int16, error) {
	req := kmsg.NewPtrFetchRequest()
	req.MaxBytes, req.SessionEpoch = 1, -1 // no session
	rt, rp := kmsg.NewFetchRequestTopic(), kmsg.NewFetchRequestTopicPartition()
	rt.Topic, rp.Partition, rp.PartitionMaxBytes = topic, noPartition, 1
	rt.Partitions = append(rt.Partitions, rp)
	req.Topics = append(req.Topics, rt)
	resp, err := p.any(ctx, req)
	if err != nil {
		return 0, err
	}
	for _, t := range resp.(*kmsg.FetchResponse).Topics {
		for _, q := range t.Partitions {
			return q.ErrorCode, nil
		}
	}
	return 0, errSilent
}

func (p *Probe) heartbeat(ctx context.Context, group string) (int16, error) {
	req := kmsg.NewPtrHeartbeatRequest()
	req.Group, req.MemberID = group, "kcgen-check"
	resp, err := p.any(ctx, req)
	if err != nil {
		return 0, err
	}
	return resp.(*kmsg.HeartbeatResponse).ErrorCode, nil
}

func (p *Probe) describeGroup(ctx context.Context, group string) (int16, error) {
	req := kmsg.NewPtrDescribeGroupsRequest()
	req.Groups = []string{group}
	resp, err := p.any(ctx, req)
	if err != nil {
		return 0, err
	}
	for _, g := range resp.(*kmsg.DescribeGroupsResponse).Groups {
		return g.ErrorCode, nil
	}
	return 0, errSilent
}

func (p *Probe) endTransaction(ctx context.Context, id string) (int16, error) {
	req := kmsg.NewPtrEndTxnRequest()
	req.TransactionalID, req.ProducerID = id, math.MaxInt64
	resp, err := p.any(ctx, req)
	if err != nil {
		return 0, err
	}
	return resp.(*kmsg.EndTxnResponse).ErrorCode, nil
}

// create asks for a topic to be made, and not to make it.
func (p *Probe) create(ctx context.Context, name string, spec *NewTopic) (may bool, missing error, err error) {
	if spec == nil {
		spec = &NewTopic{Partitions: -1, ReplicationFactor: -1}
	}
	req := spec.request(name, p.conn.opts.Admin.createTimeout())
	req.ValidateOnly = true
	resp, err := req.RequestWith(ctx, p.cl)
	if err != nil {
		return false, nil, fmt.Errorf("kafka: ask whether topic %s can be made: %w", name, err)
	}
	if len(resp.Topics) != 1 {
		return false, nil, errSilent
	}
	t := resp.Topics[0]
	err = kerr.ErrorForCode(t.ErrorCode)
	switch {
	case unauthorized(err):
		return false, nil, nil
	case err == nil || errors.Is(err, kerr.TopicAlreadyExists):
		return true, nil, nil
	case t.ErrorMessage != nil:
		err = fmt.Errorf("%w: %s", err, *t.ErrorMessage)
	}
	return true, fmt.Errorf("kafka: make topic %s: %w%s", name, err, advice(err)), nil
}
