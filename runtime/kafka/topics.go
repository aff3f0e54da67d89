package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// NewTopic is a topic to be made. -1 for partitions or replication is the
// broker's default.
type NewTopic struct {
	Name              string
	Partitions        int32
	ReplicationFactor int16
	Configs           map[string]string
}

// CheckTopicName says what is wrong with a topic's name, by Kafka's own rule.
func CheckTopicName(name string) error {
	bad := len(name) == 0 || len(name) > 249 || name == "." || name == ".."
	for i := 0; i < len(name) && !bad; i++ {
		c := name[i]
		bad = !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-')
	}
	if bad {
		return fmt.Errorf("kafka: %q is no topic name: 1 to 249 letters, digits, '.', '_' or '-'", name)
	}
	return nil
}

// topic is what metadata says of one topic.
type topic struct {
	exists     bool
	id         [16]byte
	partitions []kmsg.MetadataResponseTopicPartition
}

// describe asks for a topic. An error of the topic's is returned as it is.
func (k *Conn) describe(ctx context.Context, name string, create bool) (topic, error) {
	req := kmsg.NewPtrMetadataRequest()
	req.AllowAutoTopicCreation = create
	rt := kmsg.NewMetadataRequestTopic()
	rt.Topic = kmsg.StringPtr(name)
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(ctx, k.admin)
	if err != nil {
		return topic{}, err
	}
	if len(resp.Topics) != 1 {
		return topic{}, fmt.Errorf("kafka: metadata of topic %s: the broker described %d topics", name, len(resp.Topics))
	}
	t := resp.Topics[0]
	if err := kerr.ErrorForCode(t.ErrorCode); err != nil {
		return topic{}, err
	}
	slices.SortFunc(t.Partitions, func(a, b kmsg.MetadataResponseTopicPartition) int { return int(a.Partition - b.Partition) })
	return topic{exists: true, id: t.TopicID, partitions: t.Partitions}, nil
}

// AnyTopic reports whether there is a topic to read for the subscription.
func (k *Conn) AnyTopic(ctx context.Context, sub Subscription) (bool, error) {
	p, err := sub.pattern()
	if err != nil {
		return false, err
	}
	if p != nil {
		topics, err := p.list(ctx, k.admin)
		return len(topics) > 0, err
	}
	for _, name := range sub.Topics {
		if ok, err := k.Exists(ctx, name); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// Partitions are how many partitions there are to read for the subscription. It
// is 0 where one of the topics that it names is not there yet, or none that it
// matches: nobody knows how many there will be. It asks once and makes nothing.
func (k *Conn) Partitions(ctx context.Context, sub Subscription) (int, error) {
	p, err := sub.pattern()
	if err != nil {
		return 0, err
	}
	n := 0
	if p != nil {
		topics, err := p.list(ctx, k.admin)
		for _, t := range topics {
			n += len(t.Partitions)
		}
		return n, err
	}
	req := kmsg.NewPtrMetadataRequest()
	for _, name := range sub.Topics {
		rt := kmsg.NewMetadataRequestTopic()
		rt.Topic = kmsg.StringPtr(name)
		req.Topics = append(req.Topics, rt)
	}
	resp, err := req.RequestWith(ctx, k.admin)
	if err != nil {
		return 0, fmt.Errorf("kafka: describe topics: %w", err)
	}
	for _, t := range resp.Topics {
		if t.ErrorCode != 0 {
			return 0, nil
		}
		n += len(t.Partitions)
	}
	return n, nil
}

// Exists reports whether the topic is there. It does not make it.
func (k *Conn) Exists(ctx context.Context, name string) (bool, error) {
	var exists bool
	err := k.retry(ctx, "look for topic "+name, func() error {
		t, err := k.describe(ctx, name, false)
		if errors.Is(err, kerr.UnknownTopicOrPartition) {
			exists = false
			return nil
		}
		exists = t.exists
		return denied(err, "Describe", name)
	})
	return exists, err
}

// Ready returns when the topic can be written to, and remembers how large its
// records may be. Readers by a pattern hear of it. A topic that is not there is
// made as spec says, or where spec is nil by the broker's
// auto.create.topics.enable; while the broker does not make it, Ready says so in
// the log and goes on waiting.
func (k *Conn) Ready(ctx context.Context, name string, spec *NewTopic) error {
	limit := make(chan int32, 1)
	go func() { limit <- k.fetchLimit(ctx, name) }() // it costs no time beside the rest
	if err := k.awaitTopic(ctx, name, spec); err != nil {
		return err
	}
	l := <-limit
	if l == unknownTopic { // it was made just now
		l = k.fetchLimit(ctx, name)
	}
	k.limits.set(name, l)
	k.seekers.tell(name)
	return nil
}

// ReadyAs is Ready by a client with settings of its own; nil: by the Conn's.
func (k *Conn) ReadyAs(ctx context.Context, a *Admin, name string, spec *NewTopic) error {
	if a == nil {
		return k.Ready(ctx, name, spec)
	}
	own, err := k.as(a)
	if err != nil {
		return err
	}
	defer own.Close()
	return own.Ready(ctx, name, spec)
}

// limits are max.message.bytes of the topics seen.
type limits struct {
	mu sync.Mutex
	of map[string]int32
}

func (l *limits) set(topic string, bytes int32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if bytes > 0 {
		l.of[topic] = bytes
	}
}

func (k *Conn) awaitTopic(ctx context.Context, name string, spec *NewTopic) error {
	var said time.Time
	brokers := fenced{conn: k, topic: name, factor: -1}
	for fails := 0; ; fails++ {
		t, err := k.describe(ctx, name, spec == nil)
		err = brokers.judge(ctx, err)
		missing := errors.Is(err, kerr.UnknownTopicOrPartition)
		switch {
		case err == nil && led(t):
			return nil
		case missing && spec != nil:
			// Again and again: a topic that is still being deleted is said to be
			// there already, and is not.
			if err := k.Create(ctx, *spec); err != nil {
				return err
			}
			if fails == 0 {
				continue
			}
		case err != nil && !missing && !transient(err):
			return fmt.Errorf("kafka: topic %s: %w%s", name, denied(err, "Describe", name), advice(err))
		}
		if fails > 6 && time.Since(said) > sayEvery {
			said = time.Now()
			if missing {
				k.log.Error("the topic does not exist and the broker does not make it; waiting. Make the topic, or say how in topicCreation", "topic", name)
			} else {
				k.log.Warn("the topic is not ready yet; waiting", "topic", name, "error", fmt.Sprint(err))
			}
		}
		// The first tries come quickly: a topic is made in some milliseconds.
		if err := pause(ctx, min(5*time.Millisecond<<min(fails, 10), 2*time.Second)); err != nil {
			return err
		}
	}
}

// led reports whether every partition has a leader.
func led(t topic) bool {
	for _, p := range t.partitions {
		if p.Leader < 0 {
			return false
		}
	}
	return t.exists && len(t.partitions) > 0
}

// Create makes a topic. One that is there already is left as it is.
func (k *Conn) Create(ctx context.Context, spec NewTopic) error {
	req := spec.request(spec.Name, k.opts.Admin.createTimeout())
	brokers := fenced{conn: k, topic: spec.Name, factor: spec.ReplicationFactor}
	return k.retry(ctx, "create topic "+spec.Name, func() error {
		resp, err := req.RequestWith(ctx, k.admin)
		if err != nil {
			return err
		}
		for _, t := range resp.Topics {
			err := kerr.ErrorForCode(t.ErrorCode)
			if err == nil {
				k.log.Info("topic created", "topic", spec.Name, "partitions", t.NumPartitions, "replicationFactor", t.ReplicationFactor)
				continue
			}
			if errors.Is(err, kerr.TopicAlreadyExists) {
				continue
			}
			if t.ErrorMessage != nil {
				err = fmt.Errorf("%w: %s", err, *t.ErrorMessage)
			}
			return denied(brokers.judge(ctx, err), "Create", spec.Name)
		}
		return nil
	})
}

// request asks for the topic to be made, under a name.
func (t NewTopic) request(name string, limit time.Duration) *kmsg.CreateTopicsRequest {
	req := kmsg.NewPtrCreateTopicsRequest()
	req.TimeoutMillis = int32(min(limit.Milliseconds(), math.MaxInt32))
	rt := kmsg.NewCreateTopicsRequestTopic()
	rt.Topic, rt.NumPartitions, rt.ReplicationFactor = name, t.Partitions, t.ReplicationFactor
	for _, key := range slices.Sorted(maps.Keys(t.Configs)) {
		c := kmsg.NewCreateTopicsRequestTopicConfig()
		c.Name, c.Value = key, kmsg.StringPtr(t.Configs[key])
		rt.Configs = append(rt.Configs, c)
	}
	req.Topics = append(req.Topics, rt)
	return req
}

// Config is one setting of a topic. ok is false where the broker does not say,
// or not to this principal.
func (k *Conn) Config(ctx context.Context, name, key string) (value string, ok bool, err error) {
	req := kmsg.NewPtrDescribeConfigsRequest()
	r := kmsg.NewDescribeConfigsRequestResource()
	r.ResourceType, r.ResourceName, r.ConfigNames = kmsg.ConfigResourceTypeTopic, name, []string{key}
	req.Resources = append(req.Resources, r)
	err = k.retry(ctx, "read the settings of topic "+name, func() error {
		resp, err := req.RequestWith(ctx, k.admin)
		if err != nil {
			return err
		}
		for _, r := range resp.Resources {
			if err := kerr.ErrorForCode(r.ErrorCode); err != nil {
				if errors.Is(err, kerr.TopicAuthorizationFailed) || errors.Is(err, kerr.ClusterAuthorizationFailed) {
					return nil
				}
				return err
			}
			for _, c := range r.Configs {
				if c.Name == key && c.Value != nil {
					value, ok = *c.Value, true
				}
			}
		}
		return nil
	})
	return value, ok, err
}

const (
	defaultMessageBytes = 1048588 // Kafka's max.message.bytes
	unknownTopic        = -1
)

// fetchLimit is the topic's max.message.bytes.
func (k *Conn) fetchLimit(ctx context.Context, name string) int32 {
	v, ok, err := k.Config(ctx, name, "max.message.bytes")
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return unknownTopic
	}
	n, perr := strconv.ParseInt(v, 10, 32)
	if err != nil || !ok || perr != nil {
		return 0
	}
	return int32(n)
}

// limit is the size that a batch for the topic may have.
func (k *Conn) limit(topic string, most int32) int32 {
	k.limits.mu.Lock()
	defer k.limits.mu.Unlock()
	l, ok := k.limits.of[topic]
	if !ok {
		l = max(defaultMessageBytes, most) // not known: the broker will say
	}
	return max(512, min(l, most))
}

// retry does an operation until it works or fails for good.
func (k *Conn) retry(ctx context.Context, what string, op func() error) error {
	for fails := 1; ; fails++ {
		err := op()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("kafka: %s: %w", what, ctx.Err())
		}
		if !transient(err) {
			return fmt.Errorf("kafka: %s: %w%s", what, err, advice(err))
		}
		if err := pause(ctx, backoff(fails)); err != nil {
			return fmt.Errorf("kafka: %s: %w", what, err)
		}
	}
}

// transient is the table of what a second try may mend. What Kafka says and is
// not retriable there is final; what comes from the network is not, but for a
// refused login.
func transient(err error) bool {
	var code *kerr.Error
	if errors.As(err, &code) {
		return code.Retriable && code != kerr.UnknownTopicOrPartition
	}
	return Cluster{}.refusal(err) == nil && !errors.Is(err, errReplaced)
}

func advice(err error) string {
	if errors.Is(err, kerr.InvalidReplicationFactor) {
		return "; set a replication factor of at most the number of brokers, or -1 for the broker's default"
	}
	return ""
}

// denied says which right on a topic is missing, where one is.
func denied(err error, right, topic string) error {
	if errors.Is(err, kerr.TopicAuthorizationFailed) || errors.Is(err, kerr.ClusterAuthorizationFailed) {
		return fmt.Errorf("%w; grant the principal %s on the topic %s", err, right, topic)
	}
	return err
}

// compacted checks a topic's cleanup.policy, as Kafka Connect does of its own
// topics.
func (k *Conn) compacted(ctx context.Context, name string) error {
	policy, ok, err := k.Config(ctx, name, "cleanup.policy")
	if err != nil || !ok {
		return err
	}
	for p := range strings.SplitSeq(policy, ",") {
		if strings.TrimSpace(p) != "compact" {
			return fmt.Errorf("kafka: topic %s has cleanup.policy=%s and would lose what it must keep; set it: kafka-configs.sh --alter --entity-type topics --entity-name %s --add-config cleanup.policy=compact", name, policy, name)
		}
	}
	return nil
}
