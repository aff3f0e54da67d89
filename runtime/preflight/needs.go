package preflight

import (
	"fmt"
	"slices"

	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/worker"
)

// Pipeline is what is to be looked at.
type Pipeline struct {
	worker.Config
	Group *Group // nil: the instance is alone
	// Takeover is the group of the Kafka Connect cluster that is taken over; "":
	// there is none.
	Takeover string
}

// Group is the group of a pipeline's instances.
type Group struct {
	ID             string
	Config, Status kafka.NewTopic
	Asks           bool // by REST, connectors can be asked to pause, stop, restart
}

// Needs are what a pipeline needs of its Kafka cluster, in the order of the spec.
type Needs struct {
	Topics []Topic
	Rights []Need
	Notes  []string // what cannot be told before records come, or is another login's

	apart logins // of the connector that is looked at
}

// Need is a right, and whose need it is.
type Need struct {
	kafka.Right
	For  []string // "sources.orders", "worker"
	Why  string   // of the first of For
	Wish bool     // without it the pipeline runs, but not as well
}

// Topic is a topic that is read or written.
type Topic struct {
	Name    string
	For     []string
	Made    *kafka.NewTopic // how the pipeline makes it where it is not there
	Auto    bool            // the broker may make it
	Compact bool            // it must be compacted
	Single  bool            // it must have one partition
}

// NeedsOf finds what a pipeline needs.
func NeedsOf(p *Pipeline) Needs {
	n := &Needs{}
	for i := range p.Sources {
		n.source(p, &p.Sources[i])
	}
	for i := range p.Sinks {
		n.sink(p, &p.Sinks[i])
	}
	n.apart = nil
	if len(p.Sources) > 0 {
		n.offsets(p)
	}
	if g := p.Group; g != nil {
		n.group(g)
	}
	if p.Takeover != "" {
		n.right(kafka.OnGroup, p.Takeover, kafka.Describe, "worker.takeover", "whether its connectors run in Kafka Connect")
	}
	return *n
}

// right notes a need, once, for all who have it.
func (n *Needs) right(on kafka.Resource, name, operation, who, why string) *Need {
	return n.need(kafka.Right{Resource: on, Name: name, Operation: operation}, who, why)
}

func (n *Needs) need(r kafka.Right, who, why string) *Need {
	if l, other := n.apart[r.Operation]; other {
		n.note("%s: %s logs in as %s: grant it %s (%s)", who, l.client, l.principal, r, why)
		return &Need{}
	}
	at := slices.IndexFunc(n.Rights, func(o Need) bool { return o.Right == r })
	if at < 0 {
		at = len(n.Rights)
		n.Rights = append(n.Rights, Need{Right: r, Why: why})
	}
	o := &n.Rights[at]
	if o.Wish {
		o.Wish, o.Why = false, why
	}
	if !slices.Contains(o.For, who) {
		o.For = append(o.For, who)
	}
	return o
}

// wish notes a right that is no need.
func (n *Needs) wish(r kafka.Right, who, why string) {
	if !slices.ContainsFunc(n.Rights, func(o Need) bool { return o.Right == r }) {
		n.need(r, who, why).Wish = true
	}
}

// topic notes a topic, once. Who makes it, and how, is what the first says who
// does.
func (n *Needs) topic(t Topic, who string) {
	at := slices.IndexFunc(n.Topics, func(o Topic) bool { return o.Name == t.Name })
	if at < 0 {
		at = len(n.Topics)
		n.Topics = append(n.Topics, Topic{Name: t.Name})
	}
	o := &n.Topics[at]
	if o.Made == nil {
		o.Made = t.Made
	}
	o.Auto, o.Compact, o.Single = o.Auto || t.Auto, o.Compact || t.Compact, o.Single || t.Single
	if !slices.Contains(o.For, who) {
		o.For = append(o.For, who)
	}
}

func (n *Needs) note(format string, args ...any) {
	n.Notes = append(n.Notes, fmt.Sprintf(format, args...))
}

func (n *Needs) sink(p *Pipeline, s *worker.Sink) {
	who := "sinks." + s.Name
	n.apart = loginsOf(p, map[string]client{
		kafka.Read:  {"its consumer", s.Consumer.TLS, s.Consumer.SASL},
		kafka.Write: {"its dead letter queue's producer", s.Producer.TLS, s.Producer.SASL},
	}, s.Admin)
	for _, t := range s.Topics {
		n.topic(Topic{Name: t}, who)
		n.right(kafka.OnTopic, t, kafka.Read, who, "its records")
	}
	if s.Regex != "" {
		n.pattern(s.Regex, who)
	}
	n.right(kafka.OnGroup, s.Group(), kafka.Read, who, "its consumer group")
	n.letters(s.Errors, who)
}

// letters notes a dead letter queue, which is made at the start.
func (n *Needs) letters(e worker.Errors, who string) {
	if e.DeadLetters == nil || !e.Tolerate {
		return
	}
	name := e.DeadLetters.Topic
	n.topic(Topic{Name: name, Made: &kafka.NewTopic{Name: name, Partitions: 1, ReplicationFactor: e.DeadLetters.ReplicationFactor}}, who)
	n.right(kafka.OnTopic, name, kafka.Write, who, "its dead letters")
	n.right(kafka.OnTopic, name, kafka.Create, who, "its dead letters")
}

// offsets notes where the sources' offsets are.
func (n *Needs) offsets(p *Pipeline) {
	n.store(p.OffsetTopic, "worker.offsetStorageTopic", "the sources' offsets")
	if t := p.TakeoverTopic; t != "" && t != p.OffsetTopic.Name {
		const who, why = "worker.takeover", "the sources' offsets in Kafka Connect"
		n.topic(Topic{Name: t, Compact: true}, who)
		n.right(kafka.OnTopic, t, kafka.Read, who, why)
		n.right(kafka.OnTopic, t, kafka.Write, who, why)
	}
}

// group notes what the instances share.
func (n *Needs) group(g *Group) {
	n.right(kafka.OnGroup, g.ID, kafka.Read, "worker.group", "the instances share their tasks")
	const who, why = "worker.group.configStorageTopic", "what connectors are asked to be"
	n.topic(Topic{Name: g.Config.Name, Made: compacted(g.Config), Compact: true, Single: true}, who)
	n.right(kafka.OnTopic, g.Config.Name, kafka.Read, who, why)
	if g.Asks {
		n.right(kafka.OnTopic, g.Config.Name, kafka.Write, who, "what REST asks of them")
	}
	n.right(kafka.OnTopic, g.Config.Name, kafka.Create, who, why)
	n.store(g.Status, "worker.group.statusStorageTopic", "what tasks are at")
}

// store notes a topic that is made, read and written.
func (n *Needs) store(t kafka.NewTopic, who, why string) {
	n.topic(Topic{Name: t.Name, Made: compacted(t), Compact: true}, who)
	for _, o := range []string{kafka.Read, kafka.Write, kafka.Create} {
		n.right(kafka.OnTopic, t.Name, o, who, why)
	}
}

// compacted is a topic as the worker makes it for state.
func compacted(t kafka.NewTopic) *kafka.NewTopic {
	t.Configs = map[string]string{"cleanup.policy": "compact"}
	return &t
}
