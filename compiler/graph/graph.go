// Package graph draws pipelines: which connector reads what, through which
// steps its records go, which topics it fills or empties, and who feeds whom
// through them, within a spec and across the specs of a repository.
//
// A picture is made in steps, each a file or two:
//
//	graph.go    Graph, Node, Edge
//	build.go    plans → Graph     card.go     a connector as rows of text
//	topics.go   which topics a source fills   match.go  whose names are patterns
//	shape.go    a schema in a few words
//	measure.go  how wide text is
//	box.go      Node → rows with a size
//	layers.go   nodes → columns   order.go  their order in a column
//	layout.go   places and lines
//	svg.go  mermaid.go            the picture
//
// Everything is in a fixed order, so that the same specs give the same bytes.
package graph

// Graph is what is drawn.
type Graph struct {
	Title string // of the whole picture
	Desc  string // what it shows, for those who do not see it
	Nodes []*Node
	Edges []*Edge
}

// Kind is what a node stands for.
type Kind int

// The kinds of node.
const (
	System  Kind = iota + 1 // what a connector reads or writes outside Kafka
	Source                  // a source connector
	Sink                    // a sink connector
	Topic                   // a topic
	Pattern                 // topics of which a pattern is known, or nothing
	Queue                   // a dead letter queue
	Schema                  // what is known of the records on an edge
)

// Node is a box.
type Node struct {
	ID    string
	Kind  Kind
	Title string
	Parts [][]Row // below the title; a line stands between two parts
	Tip   string  // the whole of what the box shortens
}

// Row is a line of text in a box.
type Row struct {
	Text  string
	Faint bool   // of less weight
	Tip   string // the whole, where Text is short
}

// Edge is an arrow.
type Edge struct {
	From, To *Node
	Way      Way
	Tip      string
}

// Way is what goes along an edge.
type Way int

// The ways.
const (
	Records Way = iota // the records
	Refused            // those that fail
	Maybe              // those that the pattern of a name lets through
)

// add makes a node of an ID, once.
func (g *Graph) add(id string, kind Kind, title string) *Node {
	for _, n := range g.Nodes {
		if n.ID == id {
			return n
		}
	}
	n := &Node{ID: id, Kind: kind, Title: title}
	g.Nodes = append(g.Nodes, n)
	return n
}

// link draws an arrow, once. A node does not feed itself.
func (g *Graph) link(from, to *Node, way Way) {
	if from == to {
		return
	}
	for _, e := range g.Edges {
		if e.From == from && e.To == to && e.Way == way {
			return
		}
	}
	g.Edges = append(g.Edges, &Edge{From: from, To: to, Way: way})
}
