package preflight

import (
	"cmp"

	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/security"
)

// logins are those of a connector's clients that are not the pipeline's, by the
// operation that is theirs. Nobody but they can ask what they may.
type logins map[string]loginAs

type loginAs struct{ client, principal string }

// client is one that may log in for itself.
type client struct {
	name string
	tls  *security.TLS
	sasl *kafka.SASL
}

func loginsOf(p *Pipeline, clients map[string]client, admin *kafka.Admin) logins {
	if admin != nil {
		clients[kafka.Create] = client{"who makes its topics", admin.TLS, admin.SASL}
	}
	out := logins{}
	for operation, c := range clients {
		if c.tls == nil && c.sasl == nil {
			continue
		}
		own := kafka.Cluster{TLS: cmp.Or(c.tls, p.Cluster.TLS), SASL: cmp.Or(c.sasl, p.Cluster.SASL)}
		out[operation] = loginAs{c.name, cmp.Or(own.Principal(), "another principal")}
	}
	return out
}
