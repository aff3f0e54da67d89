package connectjson

import (
	"maps"
	"slices"
	"strings"
)

// loginAt is where a login is: the cluster's, or that of clients which have one
// of their own.
type loginAt struct{ prefix, path string }

// login reads TLS and SASL of the cluster.
func (r *reader) login(k *tree) {
	at := loginAt{"", "kafka"}
	protocol, given := r.take("security.protocol")
	protocol = strings.ToUpper(strings.TrimSpace(protocol))
	if !given {
		protocol = "PLAINTEXT"
	}
	if strings.HasSuffix(protocol, "SSL") {
		r.addTLS(k, at, protocol)
	}
	if strings.HasPrefix(protocol, "SASL_") {
		r.addSASL(k, at, protocol)
	}
	if protocol == "PLAINTEXT" && given {
		r.entry("security.protocol", Default, "", protocol)
	}
	r.restOfLogin(at, protocol)
}

func (r *reader) addTLS(t *tree, at loginAt, protocol string) {
	property := at.prefix + "security.protocol"
	t.add("tls", r.tls(at.prefix+"ssl.", at.path+".tls"), property)
	r.entry(property, Mapped, at.path+".tls", protocol)
}

func (r *reader) addSASL(t *tree, at loginAt, protocol string) {
	property := at.prefix + "security.protocol"
	t.add("sasl", r.sasl(at, protocol == "SASL_PLAINTEXT"), property)
	if protocol == "SASL_PLAINTEXT" {
		r.entry(property, Decided, at.path+".sasl.allowWithoutTLS", "the password is sent in the clear, as there")
	}
}

// restOfLogin are properties that the protocol did not ask for.
func (r *reader) restOfLogin(at loginAt, protocol string) {
	for p := range r.props {
		name, ours := strings.CutPrefix(p, at.prefix)
		if r.used[p] || !ours || !strings.HasPrefix(name, "ssl.") && !strings.HasPrefix(name, "sasl.") {
			continue
		}
		r.used[p] = true
		if strings.HasPrefix(name, "ssl.") && strings.HasSuffix(protocol, "SSL") || strings.HasPrefix(name, "sasl.") && strings.HasPrefix(protocol, "SASL_") {
			r.fail(p, "kcgen has no such property")
			continue
		}
		r.entry(p, Needless, "", "changes nothing with security.protocol="+clip(protocol))
	}
}

// tls reads the stores behind a prefix ("ssl."), which are to be of PEM.
func (r *reader) tls(prefix, path string) *tree {
	t := &tree{}
	for _, s := range []struct{ store, fields string }{{"truststore", "caFile"}, {"keystore", "certFile keyFile"}} {
		location := prefix + s.store + ".location"
		file, given := r.take(location)
		kind, typed := r.take(prefix + s.store + ".type")
		if typed {
			r.entry(prefix+s.store+".type", Default, "", kind)
		}
		if _, has := r.take(prefix + s.store + ".password"); has {
			r.entry(prefix+s.store+".password", Needless, "", "PEM files have none")
		}
		switch clean, err := r.references(file); {
		case !given:
		case !strings.EqualFold(kind, "PEM"):
			r.fail(location, "is no PEM file: convert it (keytool -importkeystore, openssl pkcs12) and set %s.type=PEM", prefix+s.store)
		case err != nil:
			r.fail(location, "%s", err)
		default:
			for f := range strings.FieldsSeq(s.fields) {
				t.add(f, quote(clean), location)
			}
			r.entry(location, Mapped, path, s.fields)
		}
	}
	algorithm := prefix + "endpoint.identification.algorithm"
	switch name, given := r.take(algorithm); {
	case given && strings.EqualFold(name, "https"):
		r.entry(algorithm, Default, "", name)
	case given:
		r.fail(algorithm, "kcgen always looks at the name in a certificate; tls.serverName says another")
	}
	for _, p := range []string{prefix + "protocol", prefix + "enabled.protocols"} {
		if _, given := r.take(p); given {
			r.entry(p, Needless, "", "TLS 1.2 and 1.3")
		}
	}
	for p := range r.props {
		if strings.HasPrefix(p, prefix) && !r.used[p] {
			r.used[p] = true
			r.fail(p, "kcgen has no such property")
		}
	}
	return t
}

// jaasFields are the options of JAAS's modules, with the fields that they are;
// those behind ! are secrets.
var jaasFields = map[string]string{
	"username": "username", "password": "!password", "clientId": "clientId", "clientSecret": "!clientSecret", "scope": "scope",
}

func (r *reader) sasl(at loginAt, clear bool) *tree {
	t, property := &tree{}, func(name string) string { return at.prefix + name }
	mechanism, _ := r.take(property("sasl.mechanism"))
	t.add("mechanism", quote(strings.TrimSpace(mechanism)), property("sasl.mechanism"))
	r.entry(property("sasl.mechanism"), Mapped, at.path+".sasl.mechanism", "")
	text, given := r.take(property("sasl.jaas.config"))
	if given {
		r.jaas(t, at, text)
	}
	endpoint := property("sasl.oauthbearer.token.endpoint.url")
	if url, given := r.take(endpoint); given {
		t.add("tokenEndpointUrl", quote(url), endpoint)
		r.entry(endpoint, Mapped, at.path+".sasl.tokenEndpointUrl", "")
	}
	for _, name := range []string{"sasl.login.callback.handler.class", "sasl.client.callback.handler.class"} {
		if _, given := r.take(property(name)); given {
			r.entry(property(name), Needless, "", at.path+".sasl says where tokens come from")
		}
	}
	if clear {
		t.add("allowWithoutTLS", &tree{text: "true"}, property("security.protocol")).doc = "As there: the password is sent in the clear."
	}
	if d, bad := r.l.schema("SASL"); len(bad) == 0 {
		t.order(d)
	}
	return t
}

// jaas reads sasl.jaas.config. A user's name is no secret; what is one becomes
// a reference.
func (r *reader) jaas(t *tree, at loginAt, text string) {
	property := at.prefix + "sasl.jaas.config"
	if one.MatchString(text) {
		r.fail(property, "is a reference as a whole: give the user's name in it, and the password alone as a reference")
		return
	}
	_, options, err := jaas(text)
	if err != nil {
		r.fail(property, "%s", err)
		return
	}
	extensions := &tree{}
	for _, key := range slices.Sorted(maps.Keys(options)) {
		if name, ok := strings.CutPrefix(key, "extension_"); ok {
			extensions.add(name, quote(options[key]), property)
			continue
		}
		field, secret := strings.CutPrefix(jaasFields[key], "!")
		switch {
		case field == "":
			r.fail(property, "kcgen does not know the option %s", clip(key))
		case secret:
			ref, variable, note := r.secret(at.prefix+"sasl."+strings.ToLower(key), options[key])
			t.add(field, quote(ref), property)
			e := r.entry(property, Mapped, at.path+".sasl."+field, note)
			if variable != "" {
				e.Outcome, e.Variable = Secret, variable
			}
		default:
			s, err := r.references(options[key])
			if err != nil {
				r.fail(property, "%s", err)
			}
			t.add(field, quote(s), property)
			r.entry(property, Mapped, at.path+".sasl."+field, "")
		}
	}
	if len(extensions.fields) > 0 {
		t.add("extensions", extensions, property)
	}
}
