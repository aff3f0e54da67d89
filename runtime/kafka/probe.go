package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// Probe finds out what is there, and what the principal may do, and changes
// nothing.
//
// Brokers tell nobody his rights on what is not there, and old ones none at all.
// But they look at the right first: so each is asked for what cannot be done (to
// write nothing to a partition that no topic has, to end a transaction of a
// producer that there is not, to go on in a group as nobody's member), and which
// error comes says whether it was the right that was missing. No coordinator is
// looked for: brokers make their internal topics for who does.
type Probe struct {
	conn    *Conn
	cl      *kgo.Client
	brokers []kmsg.MetadataResponseBroker
}

// The versions after which topics have ids in place of names.
const producesByName, fetchesByName = 12, 12

// noPartition is one that no topic has.
const noPartition = math.MaxInt32

// Probe asks which brokers there are.
func (k *Conn) Probe(ctx context.Context) (*Probe, error) {
	v := kversion.Stable()
	v.SetMaxKeyVersion(int16(kmsg.Produce), producesByName)
	v.SetMaxKeyVersion(int16(kmsg.Fetch), fetchesByName)
	cl, err := k.client(k.id, append(k.opts.Admin.options(), kgo.MaxVersions(v))...)
	if err != nil {
		return nil, err
	}
	p := &Probe{conn: k, cl: cl}
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = []kmsg.MetadataRequestTopic{}
	resp, err := req.RequestWith(ctx, cl)
	if err == nil && len(resp.Brokers) == 0 {
		err = errors.New("the cluster names no broker")
	}
	if err != nil {
		p.Close()
		return nil, fmt.Errorf("kafka: ask for the brokers: %w", err)
	}
	p.brokers = resp.Brokers
	slices.SortFunc(p.brokers, func(a, b kmsg.MetadataResponseBroker) int { return cmp.Compare(a.NodeID, b.NodeID) })
	return p, nil
}

// Close lets go of the connections.
func (p *Probe) Close() { p.cl.Close() }

// Broker is a broker, where it says that it is.
type Broker struct {
	ID      int32
	Address string
	Err     error // why it cannot be reached there
}

// Brokers reaches for each.
func (p *Probe) Brokers(ctx context.Context) []Broker {
	out := make([]Broker, len(p.brokers))
	done := make(chan int)
	for i, b := range p.brokers {
		out[i] = Broker{ID: b.NodeID, Address: net.JoinHostPort(b.Host, itoa(int(b.Port)))}
		go func() {
			_, out[i].Err = p.cl.Broker(int(b.NodeID)).Request(ctx, kmsg.NewPtrApiVersionsRequest())
			done <- i
		}()
	}
	for range p.brokers {
		<-done
	}
	return out
}

// any asks any broker that answers.
func (p *Probe) any(ctx context.Context, req kmsg.Request) (resp kmsg.Response, err error) {
	for _, b := range p.brokers {
		if resp, err = p.cl.Broker(int(b.NodeID)).Request(ctx, req); err == nil {
			return resp, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return nil, err
}

// May says whether the principal has the right; missing says what else keeps it
// from what the right is for. For Create spec says what is to be made. Of a right
// on a prefix it is told for one name.
func (p *Probe) May(ctx context.Context, r Right, spec *NewTopic) (may bool, missing error, err error) {
	if r.Prefix {
		r.Name += "kcgen-check"
	}
	var ask func(context.Context, string) (int16, error)
	switch (Right{Resource: r.Resource, Operation: r.Operation}) {
	case Right{Resource: OnTopic, Operation: Create}:
		return p.create(ctx, r.Name, spec)
	case Right{Resource: OnTopic, Operation: Write}:
		ask = p.write
	case Right{Resource: OnTopic, Operation: Read}:
		ask = p.read
	case Right{Resource: OnGroup, Operation: Read}:
		ask = p.heartbeat
	case Right{Resource: OnGroup, Operation: Describe}:
		ask = p.describeGroup
	case Right{Resource: OnID, Operation: Write}:
		ask = p.endTransaction
	default:
		return false, nil, fmt.Errorf("kafka: it cannot be told who may %v", r)
	}
	code, err := ask(ctx, r.Name)
	if err != nil {
		return false, nil, fmt.Errorf("kafka: ask for %v: %w", r, err)
	}
	return !unauthorized(kerr.ErrorForCode(code)), nil, nil
}

func unauthorized(err error) bool {
	for _, e := range []error{kerr.TopicAuthorizationFailed, kerr.GroupAuthorizationFailed, kerr.TransactionalIDAuthorizationFailed, kerr.ClusterAuthorizationFailed} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// FoundTopic is what is known of a topic.
type FoundTopic struct {
	Exists     bool
	Hidden     bool // the principal may not even know whether there is such a topic
	Partitions int
	Policy     string // cleanup.policy; "" is not known
	Err        error  // why it cannot be used as it is
}

// Topic looks for a topic.
func (p *Probe) Topic(ctx context.Context, name string) (FoundTopic, error) {
	if err := CheckTopicName(name); err != nil {
		return FoundTopic{Err: err}, nil
	}
	t, err := p.conn.describe(ctx, name, false)
	switch {
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		return FoundTopic{}, nil
	case unauthorized(err):
		return FoundTopic{Hidden: true}, nil
	case err != nil && !errors.Is(err, kerr.LeaderNotAvailable):
		return FoundTopic{}, fmt.Errorf("kafka: look for topic %s: %w", name, err)
	}
	f := FoundTopic{Exists: true, Partitions: len(t.partitions)}
	if !led(t) {
		f.Err = errors.New("a partition has no leader")
	}
	if policy, ok, err := p.conn.Config(ctx, name, "cleanup.policy"); err == nil && ok {
		f.Policy = policy
	}
	return f, nil
}

// Matching are the topics that a subscription by pattern reads now, and may see.
func (p *Probe) Matching(ctx context.Context, sub Subscription) ([]string, error) {
	by, err := sub.pattern()
	if err != nil {
		return nil, err
	}
	topics, err := by.list(ctx, p.cl)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, t := range topics {
		names = append(names, *t.Topic)
	}
	slices.Sort(names)
	return names, nil
}

// MakesTopics says whether brokers make topics for who asks for them
// (auto.create.topics.enable); known is false where they do not say.
func (p *Probe) MakesTopics(ctx context.Context) (makes, known bool) {
	req := kmsg.NewPtrDescribeConfigsRequest()
	r := kmsg.NewDescribeConfigsRequestResource()
	r.ResourceType, r.ResourceName = kmsg.ConfigResourceTypeBroker, itoa(int(p.brokers[0].NodeID))
	r.ConfigNames = []string{"auto.create.topics.enable"}
	req.Resources = append(req.Resources, r)
	resp, err := req.RequestWith(ctx, p.cl)
	if err != nil {
		return false, false
	}
	for _, r := range resp.Resources {
		for _, c := range r.Configs {
			if c.Name == "auto.create.topics.enable" && c.Value != nil {
				return *c.Value == "true", true
			}
		}
	}
	return false, false
}

// Transactions is why the cluster's transactions are not for exactlyOnce; nil:
// they are.
func (p *Probe) Transactions(ctx context.Context) error { return p.conn.soundTransactions(ctx) }
