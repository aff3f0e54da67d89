package preflight

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// Grants are the rights that a pipeline needs, for whoever gives them.
type Grants struct {
	Principal  string       `json:"principal"` // of the Kafka cluster
	ACLs       []ACL        `json:"acls"`
	Statements []Statements `json:"statements"` // for other systems, by connector
	Notes      []string     `json:"notes"`      // what cannot be told before records come
	servers    []string
}

// ACL is a right on a resource of the cluster, in the words of Kafka's own
// interfaces.
type ACL struct {
	ResourceType string   `json:"resourceType"` // TOPIC, GROUP, TRANSACTIONAL_ID
	ResourceName string   `json:"resourceName"`
	PatternType  string   `json:"patternType"` // LITERAL, PREFIXED
	Operation    string   `json:"operation"`   // READ, WRITE, CREATE, DESCRIBE
	For          []string `json:"for"`
	Why          string   `json:"why"`
	need         Need
}

// Statements are what gives a connector its rights in the system that it works
// with, in the order in which they can be run.
type Statements struct {
	Connector string   `json:"connector"` // as "sources.orders"
	List      []string `json:"statements"`
}

// GrantsOf says what is to be granted. Nothing is asked of any system.
func GrantsOf(p *Pipeline, principal string) (Grants, error) {
	needs := NeedsOf(p)
	g := Grants{Principal: principal, ACLs: []ACL{}, Statements: []Statements{}, Notes: append([]string{}, needs.Notes...), servers: p.Cluster.Brokers}
	for _, n := range needs.Rights {
		g.ACLs = append(g.ACLs, acl(n))
	}
	for _, t := range needs.Topics {
		if t.Made == nil && !t.Compact {
			g.Notes = append(g.Notes, fmt.Sprintf("%s: topic %s is not made by the pipeline, so it gets no Create: make it before", strings.Join(t.For, ", "), t.Name))
		}
	}
	for _, c := range components(p) {
		with, ok := c.value.(connect.Grants)
		if !ok {
			continue
		}
		var list []string
		err := guarded(func() (err error) { list, err = with.Grants(c.context); return err })
		if err != nil {
			return g, fmt.Errorf("%s: %w", c.who, err)
		}
		if len(list) > 0 {
			g.Statements = append(g.Statements, Statements{c.who, list})
		}
	}
	return g, nil
}

func acl(n Need) ACL {
	pattern := "LITERAL"
	if n.Prefix {
		pattern = "PREFIXED"
	}
	return ACL{
		ResourceType: strings.ToUpper(strings.ReplaceAll(string(n.Resource), "-", "_")),
		ResourceName: n.Name, PatternType: pattern, Operation: strings.ToUpper(n.Operation), For: n.For, Why: n.Why, need: n,
	}
}

// JSON writes the grants as data.
func (g Grants) JSON(w io.Writer) error {
	return writeJSON(w, g)
}

// Text writes the grants as commands of a shell, and statements below.
func (g Grants) Text(w io.Writer) {
	fmt.Fprintf(w, "# Kafka: what %s needs.\n", g.Principal)
	for _, c := range g.commands() {
		fmt.Fprintf(w, "\n# %s\n%s\n", c.about, kafka.ACL(g.servers, g.Principal, c.operations, c.resource, c.prefix, c.names...))
	}
	for _, s := range g.Statements {
		fmt.Fprintf(w, "\n# %s: to be run in its system:\n", s.Connector)
		for _, line := range s.List {
			fmt.Fprintln(w, statement(line))
		}
	}
	if len(g.Notes) > 0 {
		fmt.Fprintln(w)
	}
	for _, n := range g.Notes {
		fmt.Fprintf(w, "# Note: %s.\n", n)
	}
}

// statement ends with a semicolon, so that it can be pasted; what is only told
// is a comment.
func statement(s string) string {
	s = strings.TrimRight(s, " \t\n;")
	if strings.HasPrefix(s, "--") {
		return s
	}
	return s + ";"
}

// command gives the same operations on one resource, or on the transactional ids
// of one connector.
type command struct {
	resource   kafka.Resource
	prefix     bool
	operations []string
	names      []string
	whose      string
	about      string
}

func (g Grants) commands() []*command {
	var out []*command
	find := func(n Need) *command {
		at := slices.IndexFunc(out, func(c *command) bool {
			return c.resource == n.Resource && c.prefix == n.Prefix && (c.names[0] == n.Name || n.Resource == kafka.OnID && c.whose == n.For[0])
		})
		if at < 0 {
			return nil
		}
		return out[at]
	}
	for _, a := range g.ACLs {
		n := a.need
		c := find(n)
		if c == nil {
			c = &command{resource: n.Resource, prefix: n.Prefix, whose: n.For[0]}
			out = append(out, c)
		}
		if !slices.Contains(c.names, n.Name) {
			c.names = append(c.names, n.Name)
		}
		if !slices.Contains(c.operations, n.Operation) {
			c.operations = append(c.operations, n.Operation)
		}
		if about := strings.Join(n.For, ", ") + ": " + n.Why; !strings.Contains(c.about, about) {
			if c.about != "" {
				c.about += "; "
			}
			c.about += about
		}
	}
	return out
}
