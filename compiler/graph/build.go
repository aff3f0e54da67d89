package graph

import (
	"fmt"
	"strings"

	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/dryrun/wire"
)

// Pipeline is a plan to be drawn, and what a dry run knows of its records.
type Pipeline struct {
	Plan  *plan.Pipeline
	Flows []wire.Flow // may be nil
}

// builder makes a graph of pipelines.
type builder struct {
	*Graph
	many     bool // several pipelines: their names stand in the boxes, their steps on one line
	clusters bool // they do not all have the same brokers
	topics   []*topicNode
}

// topicNode is a topic, or a pattern of topics, of a cluster.
type topicNode struct {
	*Node
	cluster string
	name    topic
}

// Of draws pipelines in their order.
func Of(pipelines []Pipeline) *Graph {
	b := &builder{Graph: &Graph{}, many: len(pipelines) > 1}
	brokers := map[string]bool{}
	for _, p := range pipelines {
		brokers[cluster(p.Plan)] = true
	}
	b.clusters = len(brokers) > 1
	for _, p := range pipelines {
		for _, s := range p.Plan.Root.Structs("sources") {
			b.source(p, s)
		}
	}
	for _, p := range pipelines {
		for _, s := range p.Plan.Root.Structs("sinks") {
			b.sink(p, s)
		}
	}
	b.connectPatterns()
	b.describe(pipelines)
	return b.Graph
}

// cluster is how a plan names its brokers.
func cluster(p *plan.Pipeline) string {
	return text(p.Root.Struct("kafka").Get("brokers"))
}

// source draws a source connector, what it reads and what it fills.
func (b *builder) source(p Pipeline, s *plan.Struct) {
	n := b.card(p, s, Source)
	if sys := b.system(n, s); sys != nil {
		b.link(sys, n, Records)
	}
	from := b.schema(p, n, "sources."+s.Key(), "")
	for _, t := range filled(s) {
		way := Records
		if t.maybe {
			way = Maybe
		}
		b.link(from, b.topic(p.Plan, t).Node, way)
	}
	b.queue(p, n, s)
}

// sink draws a sink connector, what it empties and what it writes.
func (b *builder) sink(p Pipeline, s *plan.Struct) {
	n := b.card(p, s, Sink)
	for _, t := range emptied(s) {
		b.read(p, s, b.topic(p.Plan, t).Node, n)
	}
	if sys := b.system(n, s); sys != nil {
		b.link(b.schema(p, n, "sinks."+s.Key(), ""), sys, Records)
	}
	b.queue(p, n, s)
}

// read links a topic to a sink, through what is known of its records.
func (b *builder) read(p Pipeline, s *plan.Struct, topic, sink *Node) {
	f := flowOf(p.Flows, "sinks."+s.Key(), topic.Title)
	if f == nil && len(s.List("topics")) == 1 {
		f = flowOf(p.Flows, "sinks."+s.Key(), "")
	}
	if f == nil || len(f.Begin) == 0 || b.filledAs(topic, shapeTip(f.Begin)) {
		b.link(topic, sink, Records)
		return
	}
	shape := b.add("schema "+topic.ID+" → "+sink.ID, Schema, "")
	describeShape(shape, f.Begin)
	b.link(topic, shape, Records)
	b.link(shape, sink, Records)
}

// filledAs says whether all that fills a topic is drawn with the same schema:
// then it need not be drawn twice.
func (b *builder) filledAs(topic *Node, tip string) bool {
	filled := false
	for _, e := range b.Edges {
		if e.To == topic {
			if e.From.Kind != Schema || e.From.Tip != tip {
				return false
			}
			filled = true
		}
	}
	return filled
}

// schema draws what is known of a connector's records behind its last step, and
// is where the records come from then: the connector, if nothing is known.
func (b *builder) schema(p Pipeline, n *Node, connector, topic string) *Node {
	f := flowOf(p.Flows, connector, topic)
	if f == nil || len(f.End) == 0 {
		return n
	}
	shape := b.add("schema "+n.ID, Schema, "")
	describeShape(shape, f.End)
	b.link(n, shape, Records)
	return shape
}

// queue draws the dead letter queue of a connector.
func (b *builder) queue(p Pipeline, n *Node, s *plan.Struct) {
	name := s.Struct("errors").Struct("deadLetterQueue").Text("topicName")
	if name == "" {
		return
	}
	t := b.topic(p.Plan, topic{name: name})
	t.Kind = Queue
	b.link(n, t.Node, Refused)
}

// topic is the node of a topic of the pipeline's cluster.
func (b *builder) topic(p *plan.Pipeline, t topic) *topicNode {
	at := cluster(p)
	for _, n := range b.topics {
		if n.cluster == at && n.name.same(t) {
			return n
		}
	}
	kind := Topic
	if t.isPattern() {
		kind = Pattern
	}
	n := &topicNode{Node: b.add(fmt.Sprintf("topic %s %s", at, t), kind, t.String()), cluster: at, name: t}
	if b.clusters {
		n.Parts = [][]Row{{{Text: at, Faint: true}}}
	}
	b.topics = append(b.topics, n)
	return n
}

// connectPatterns links what a pattern may stand for to those that are read by
// name, and what is filled by name to those that are read by pattern.
func (b *builder) connectPatterns() {
	for _, from := range b.topics {
		for _, to := range b.topics {
			if from != to && from.cluster == to.cluster && from.name.feeds(to.name) {
				b.link(from.Node, to.Node, Maybe)
			}
		}
	}
}

// describe says in words what the picture shows.
func (b *builder) describe(pipelines []Pipeline) {
	var names []string
	for _, p := range pipelines {
		names = append(names, p.Plan.Name)
	}
	b.Title = strings.Join(names, ", ")
	if len(names) > 3 {
		b.Title = fmt.Sprintf("%d pipelines", len(names))
	}
	var lines []string
	for _, e := range b.Edges {
		lines = append(lines, label(e.From)+" "+e.Way.verb()+" "+label(e.To))
	}
	b.Desc = strings.Join(lines, "; ")
}

func (w Way) verb() string {
	return [...]string{"feeds", "sends what fails to", "may feed"}[w]
}

// label is a node in a sentence.
func label(n *Node) string {
	return strings.TrimSpace([...]string{"", "", "source", "sink", "topic", "topics", "dead letter queue", "schema"}[n.Kind] + " " + n.Title)
}
