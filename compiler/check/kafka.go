package check

import (
	"cmp"
	"strings"

	"kcgen.dev/compiler/plan"
)

// login is how clients are let in: the cluster's, or that of clients which have
// one of their own.
type login struct {
	path      string
	tls, sasl *plan.Struct
	secured   bool // the connection has TLS, this login's or the cluster's
}

// logins are all that a spec has.
func (c *checker) logins() []login {
	cluster := c.root.Struct("kafka")
	all := []login{{"kafka", cluster.Struct("tls"), cluster.Struct("sasl"), cluster.Get("tls") != nil}}
	add := func(path string, of *plan.Struct) {
		for _, client := range []string{"producer", "consumer", "admin"} {
			s := of.Struct(client)
			tls := s.Struct("tls")
			all = append(all, login{path + "." + client, tls, s.Struct("sasl"), cmp.Or(tls, cluster.Struct("tls")) != nil})
		}
	}
	add("worker", c.root.Struct("worker"))
	for _, s := range c.connectors() {
		add(s.Path, s.Struct)
	}
	return all
}

// certificates: a client certificate is a certificate and a key.
func certificates(c *checker) {
	for _, l := range c.logins() {
		certificate(c, l.tls, l.path+".tls")
	}
}

func certificate(c *checker, tls *plan.Struct, path string) {
	cert, key := tls.Get("certFile"), tls.Get("keyFile")
	switch {
	case cert != nil && key == nil:
		c.say(path+".certFile", "needs keyFile too: a certificate is of no use without its key", cert.Pos, tls.Pos)
	case key != nil && cert == nil:
		c.say(path+".keyFile", "needs certFile too: a key is of no use without its certificate", key.Pos, tls.Pos)
	}
	if tls.Lit("insecureSkipVerify") == nil || !tls.Lit("insecureSkipVerify").Bool {
		return
	}
	for _, name := range []string{"caFile", "serverName"} {
		if f := tls.Written(name); f != nil {
			c.say(path+"."+name, "changes nothing with insecureSkipVerify: true", f.Pos)
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
	for _, l := range c.logins() {
		if l.sasl != nil {
			l.check(c, l.path+".sasl")
		}
	}
}

func (l login) check(c *checker, path string) {
	s := l.sasl
	mechanism := s.Text("mechanism")
	plain := mechanism != "OAUTHBEARER"
	for _, m := range mechanisms {
		for _, name := range strings.Fields(m.fields) {
			if f := s.Written(name); f != nil && m.plain != plain {
				c.say(path+"."+name, "changes nothing under mechanism "+mechanism, f.Pos)
			}
		}
	}
	if plain {
		l.missing(c, path, "username", "password")
	} else {
		l.oauth(c, path)
	}
	open := s.Lit("allowWithoutTLS")
	allowed := open != nil && open.Bool
	switch {
	case !l.secured && !allowed:
		c.say(path, "sends credentials over a connection without TLS: add tls: {}, or for tests allowWithoutTLS: true", s.Pos)
	case l.secured && allowed:
		c.say(path+".allowWithoutTLS", "changes nothing: the connection has TLS", open.Pos, s.Pos)
	}
}

// oauth: the token is given, or fetched by client credentials.
func (l login) oauth(c *checker, path string) {
	s := l.sasl
	if s.Get("token") == nil && s.Get("tokenEndpointUrl") == nil {
		c.say(path, "needs token, or tokenEndpointUrl with clientId and clientSecret, under mechanism OAUTHBEARER", s.Pos)
		return
	}
	if s.Get("token") == nil {
		l.missing(c, path, "clientId", "clientSecret")
		return
	}
	for _, name := range []string{"tokenEndpointUrl", "clientId", "clientSecret", "scope"} {
		if f := s.Written(name); f != nil {
			c.say(path+"."+name, "changes nothing beside token", f.Pos)
		}
	}
}

func (l login) missing(c *checker, path string, names ...string) {
	for _, name := range names {
		if l.sasl.Get(name) == nil {
			c.say(path+"."+name, "is missing: mechanism "+l.sasl.Text("mechanism")+" needs it", l.sasl.Pos)
		}
	}
}

// idleClients: a sink's producer writes its dead letters alone, and an admin
// makes topics that the connector is to make.
func idleClients(c *checker) {
	for _, s := range c.connectors() {
		letters := s.Struct.Struct("errors").Get("deadLetterQueue") != nil
		if f := s.Struct.Written("producer"); f != nil && s.Sink && !letters {
			c.say(s.Path+".producer", "changes nothing without errors.deadLetterQueue", f.Pos)
		}
		if f := s.Struct.Written("admin"); f != nil && !letters && s.Struct.Get("topicCreation") == nil {
			c.say(s.Path+".admin", "changes nothing: the connector makes no topic", f.Pos)
		}
	}
}
