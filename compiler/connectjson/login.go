package connectjson

import (
	"maps"
	"slices"
	"strings"
)

// login reads TLS and SASL of the cluster.
func (r *reader) login(k *tree) {
	protocol, given := r.take("security.protocol")
	protocol = strings.ToUpper(strings.TrimSpace(protocol))
	if !given {
		protocol = "PLAINTEXT"
	}
	if strings.HasSuffix(protocol, "SSL") {
		k.add("tls", r.tls("ssl.", "kafka.tls"), "security.protocol")
		r.entry("security.protocol", Mapped, "kafka.tls", protocol)
	}
	if strings.HasPrefix(protocol, "SASL_") {
		k.add("sasl", r.sasl(protocol == "SASL_PLAINTEXT"), "security.protocol")
		if protocol == "SASL_PLAINTEXT" {
			r.entry("security.protocol", Decided, "kafka.sasl.allowWithoutTLS", "the password is sent in the clear, as there")
		}
	}
	if protocol == "PLAINTEXT" && given {
		r.entry("security.protocol", Default, "", protocol)
	}
	for p := range r.props { // what is left changes nothing
		if !r.used[p] && (strings.HasPrefix(p, "ssl.") || strings.HasPrefix(p, "sasl.")) {
			r.used[p] = true
			if strings.HasPrefix(p, "ssl.") == strings.HasSuffix(protocol, "SSL") && strings.HasPrefix(p, "sasl.") == strings.HasPrefix(protocol, "SASL_") {
				r.fail(p, "kcgen has no such property")
				continue
			}
			r.entry(p, Needless, "", "changes nothing with security.protocol="+clip(protocol))
		}
	}
}

// tls reads the stores behind a prefix ("ssl."), which are to be of PEM.
func (r *reader) tls(prefix, path string) *tree {
	t := &tree{}
	for _, s := range []struct{ store, fields string }{{"truststore", "caFile"}, {"keystore", "certFile keyFile"}} {
		location := prefix + s.store + ".location"
		file, given := r.take(location)
		kind, _ := r.take(prefix + s.store + ".type")
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

func (r *reader) sasl(clear bool) *tree {
	t := &tree{}
	mechanism, _ := r.take("sasl.mechanism")
	t.add("mechanism", quote(strings.TrimSpace(mechanism)), "sasl.mechanism")
	r.entry("sasl.mechanism", Mapped, "kafka.sasl.mechanism", "")
	text, given := r.take("sasl.jaas.config")
	if given {
		r.jaas(t, text)
	}
	if url, given := r.take("sasl.oauthbearer.token.endpoint.url"); given {
		t.add("tokenEndpointUrl", quote(url), "sasl.oauthbearer.token.endpoint.url")
		r.entry("sasl.oauthbearer.token.endpoint.url", Mapped, "kafka.sasl.tokenEndpointUrl", "")
	}
	for _, p := range []string{"sasl.login.callback.handler.class", "sasl.client.callback.handler.class"} {
		if _, given := r.take(p); given {
			r.entry(p, Needless, "", "kafka.sasl says where tokens come from")
		}
	}
	if clear {
		t.add("allowWithoutTLS", &tree{text: "true"}, "security.protocol").doc = "As there: the password is sent in the clear."
	}
	if d, bad := r.l.schema("SASL"); len(bad) == 0 {
		t.order(d)
	}
	return t
}

// jaas reads sasl.jaas.config. A user's name is no secret; what is one becomes
// a reference.
func (r *reader) jaas(t *tree, text string) {
	const property = "sasl.jaas.config"
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
			ref, variable, note := r.secret("sasl."+strings.ToLower(key), options[key])
			t.add(field, quote(ref), property)
			e := r.entry(property, Mapped, "kafka.sasl."+field, note)
			if variable != "" {
				e.Outcome, e.Variable = Secret, variable
			}
		default:
			s, err := r.references(options[key])
			if err != nil {
				r.fail(property, "%s", err)
			}
			t.add(field, quote(s), property)
			r.entry(property, Mapped, "kafka.sasl."+field, "")
		}
	}
	if len(extensions.fields) > 0 {
		t.add("extensions", extensions, property)
	}
}
