package check

import "strings"

// certificates: a client certificate is a certificate and a key.
func certificates(c *checker) {
	tls := c.root.Struct("kafka").Struct("tls")
	cert, key := tls.Get("certFile"), tls.Get("keyFile")
	switch {
	case cert != nil && key == nil:
		c.say("kafka.tls.certFile", "needs keyFile too: a certificate is of no use without its key", cert.Pos, tls.Pos)
	case key != nil && cert == nil:
		c.say("kafka.tls.keyFile", "needs certFile too: a key is of no use without its certificate", key.Pos, tls.Pos)
	}
	if tls.Lit("insecureSkipVerify") == nil || !tls.Lit("insecureSkipVerify").Bool {
		return
	}
	for _, name := range []string{"caFile", "serverName"} {
		if f := tls.Written(name); f != nil {
			c.say("kafka.tls."+name, "changes nothing with insecureSkipVerify: true", f.Pos)
		}
	}
}

// mechanisms say which fields of sasl belong to which mechanism.
var mechanisms = []struct {
	fields string
	plain  bool // PLAIN and SCRAM, else OAUTHBEARER
}{
	{"username password", true},
	{"token tokenEndpointUrl clientId clientSecret scope extensions", false},
}

// sasl: each mechanism has its fields, and credentials need TLS.
func sasl(c *checker) {
	cluster := c.root.Struct("kafka")
	s := cluster.Struct("sasl")
	if s == nil {
		return
	}
	mechanism := s.Text("mechanism")
	plain := mechanism != "OAUTHBEARER"
	for _, m := range mechanisms {
		for _, name := range strings.Fields(m.fields) {
			if f := s.Written(name); f != nil && m.plain != plain {
				c.say("kafka.sasl."+name, "changes nothing under mechanism "+mechanism, f.Pos)
			}
		}
	}
	if plain {
		saslMissing(c, "username", "password")
	} else {
		oauth(c)
	}
	open := s.Lit("allowWithoutTLS")
	allowed := open != nil && open.Bool
	switch {
	case cluster.Get("tls") == nil && !allowed:
		c.say("kafka.sasl", "sends credentials over a connection without TLS: add tls: {}, or for tests allowWithoutTLS: true", s.Pos)
	case cluster.Get("tls") != nil && allowed:
		c.say("kafka.sasl.allowWithoutTLS", "changes nothing: the connection has TLS", open.Pos, s.Pos)
	}
}

// oauth: the token is given, or fetched by client credentials.
func oauth(c *checker) {
	s := c.root.Struct("kafka").Struct("sasl")
	if s.Get("token") == nil && s.Get("tokenEndpointUrl") == nil {
		c.say("kafka.sasl", "needs token, or tokenEndpointUrl with clientId and clientSecret, under mechanism OAUTHBEARER", s.Pos)
		return
	}
	if s.Get("token") == nil {
		saslMissing(c, "clientId", "clientSecret")
		return
	}
	for _, name := range []string{"tokenEndpointUrl", "clientId", "clientSecret", "scope"} {
		if f := s.Written(name); f != nil {
			c.say("kafka.sasl."+name, "changes nothing beside token", f.Pos)
		}
	}
}

func saslMissing(c *checker, names ...string) {
	s := c.root.Struct("kafka").Struct("sasl")
	for _, name := range names {
		if s.Get(name) == nil {
			c.say("kafka.sasl."+name, "is missing: mechanism "+s.Text("mechanism")+" needs it", s.Pos)
		}
	}
}
