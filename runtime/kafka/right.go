package kafka

import "strings"

// Right is a right on a resource of a cluster, as ACLs give it.
type Right struct {
	Resource  Resource
	Name      string
	Prefix    bool // on all resources whose names begin so
	Operation string
}

// Resource is a kind of resource, as kafka-acls.sh calls it.
type Resource string

// The resources.
const (
	OnTopic Resource = "topic"
	OnGroup Resource = "group"
	OnID    Resource = "transactional-id"
)

// The operations. Read and Write hold Describe; Create does not.
const (
	Read     = "Read"
	Write    = "Write"
	Create   = "Create"
	Describe = "Describe"
)

// String says the right in words: "Write on the topic orders".
func (r Right) String() string {
	on := map[Resource]string{OnTopic: "topic", OnGroup: "group", OnID: "transactional id"}[r.Resource]
	if r.Prefix {
		return r.Operation + " on each " + on + " " + r.Name + "*"
	}
	return r.Operation + " on the " + on + " " + r.Name
}

// ACL is the command that gives a principal operations on resources of one kind.
// Without servers it takes them from the shell's BOOTSTRAP_SERVER.
func ACL(servers []string, principal string, operations []string, resource Resource, prefix bool, names ...string) string {
	var b strings.Builder
	b.WriteString("kafka-acls.sh --bootstrap-server ")
	if len(servers) == 0 {
		b.WriteString(`"$BOOTSTRAP_SERVER"`)
	} else {
		b.WriteString(shellWord(strings.Join(servers, ",")))
	}
	b.WriteString(" --add --allow-principal " + shellWord(principal))
	for _, o := range operations {
		b.WriteString(" --operation " + o)
	}
	if prefix {
		b.WriteString(" --resource-pattern-type prefixed")
	}
	for _, n := range names {
		b.WriteString(" --" + string(resource) + " " + shellWord(n))
	}
	return b.String()
}

// shellWord quotes what a shell would not take as it is.
func shellWord(s string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-:,=/", c)
	}
	if s != "" && strings.IndexFunc(s, func(c rune) bool { return !plain(c) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Principal is the principal of the cluster's login, as far as the settings
// tell: a token's or a certificate's is the broker's to say.
func (c Cluster) Principal() string {
	switch {
	case c.SASL != nil && c.SASL.Mechanism != "OAUTHBEARER":
		return "User:" + c.SASL.Username
	case c.SASL != nil:
		return ""
	case c.TLS != nil && c.TLS.CertFile != "":
		return ""
	}
	return "User:ANONYMOUS"
}
