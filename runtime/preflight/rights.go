package preflight

import (
	"strings"

	"kcgen.dev/runtime/kafka"
)

// rights sees whether the principal has the rights. Create is looked at with the
// topics: it is needed for those alone that are not there.
func (c *check) rights() {
	for _, n := range c.needs.Rights {
		if n.Operation != kafka.Create {
			c.right(n)
		}
	}
}

func (c *check) right(n Need) {
	about, what := strings.Join(n.For, ", "), "the principal may "+n.Right.String()
	may, _, err := c.probe.May(c.ctx, n.Right, nil)
	switch {
	case err != nil:
		c.unknown(about, what, err)
	case may:
		c.say(OK, about, what, "", "")
	case n.Prefix:
		c.say(Warning, about, what, "it may not; each such topic needs the right then ("+n.Why+")", c.grant(n.Right))
	case n.Wish:
		c.say(Warning, about, what, "it may not ("+n.Why+")", c.grant(n.Right))
	default:
		c.say(Missing, about, what, "it may not ("+n.Why+")", c.grant(n.Right))
	}
}

// grant is the command that gives a right.
func (c *check) grant(r kafka.Right) string {
	principal := c.principal
	if principal == "" {
		principal = "User:WHO"
	}
	return kafka.ACL(c.p.Cluster.Brokers, principal, []string{r.Operation}, r.Resource, r.Prefix, r.Name)
}
