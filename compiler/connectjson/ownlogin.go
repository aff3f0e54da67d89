package connectjson

import (
	"maps"
	"slices"
	"strings"
)

// ownLogin reads the login that clients of a role ("producer") have in place of
// the worker's. As in Kafka Connect what it leaves out is the worker's.
func (r *reader) ownLogin(t *tree, role string, at loginAt) {
	own := r.loginProperties(at)
	if len(own) == 0 {
		return
	}
	says := func(family string) bool {
		return slices.ContainsFunc(own, func(p string) bool { return strings.HasPrefix(p, at.prefix+family) })
	}
	text := func(role, name string) string { return strings.ToUpper(strings.TrimSpace(r.workers(role, name))) }
	protocol, theirs := text(role, "security.protocol"), text("", "security.protocol")
	if p, given := r.props[at.prefix+"security.protocol"]; given {
		protocol = strings.ToUpper(strings.TrimSpace(p.Text))
	}
	tls, sasl := strings.HasSuffix(protocol, "SSL"), strings.HasPrefix(protocol, "SASL_")
	theirTLS, theirSASL := strings.HasSuffix(theirs, "SSL"), strings.HasPrefix(theirs, "SASL_")
	switch {
	case protocol == "":
		r.noLogin(own, "needs "+at.prefix+"security.protocol: give that, or the worker's properties too, as a further file")
		return
	case theirTLS && !tls, theirSASL && !sasl:
		r.noLogin(own, "the worker's TLS and SASL hold for all its clients: one cannot go without")
		return
	}
	if _, given := r.take(at.prefix + "security.protocol"); given {
		r.entry(at.prefix+"security.protocol", Default, "", protocol)
	}
	if tls && (says("ssl.") || !theirTLS) {
		r.addTLS(t, at, protocol)
	}
	if sasl && (says("sasl.") || !theirSASL) {
		r.inherit(role, at, r.props[own[0]].Line)
		r.addSASL(t, at, protocol)
	}
	r.restOfLogin(at, protocol)
	t.given = true
}

// inherit takes what a login leaves out from the worker's.
func (r *reader) inherit(role string, at loginAt, line int) {
	r.props = maps.Clone(r.props)
	for _, name := range []string{"sasl.mechanism", "sasl.jaas.config", "sasl.oauthbearer.token.endpoint.url"} {
		if _, given := r.props[at.prefix+name]; given {
			continue
		}
		if text := r.workers(role, name); text != "" {
			r.props[at.prefix+name] = Prop{text, line}
		}
	}
}

// loginProperties are those of a login of its own: of a worker's clients only
// where it is another than the cluster's.
func (r *reader) loginProperties(at loginAt) []string {
	var own []string
	differs := r.connector != ""
	for _, p := range slices.Sorted(maps.Keys(r.props)) {
		name, ours := strings.CutPrefix(p, at.prefix)
		if !ours || name != "security.protocol" && !strings.HasPrefix(name, "ssl.") && !strings.HasPrefix(name, "sasl.") {
			continue
		}
		own = append(own, p)
		differs = differs || r.props[p].Text != r.props[name].Text
	}
	if !differs {
		return nil
	}
	return own
}

// workers is what the worker says to its clients of a role; "" where it says
// nothing, or is not given.
func (r *reader) workers(role, name string) string {
	props := r.props
	if r.connector != "" {
		if r.worker == nil {
			return ""
		}
		props = r.worker.props
	}
	if p, given := props[role+"."+name]; given {
		return p.Text
	}
	return props[name].Text
}

// noLogin says why properties cannot be mapped.
func (r *reader) noLogin(own []string, why string) {
	for _, p := range own {
		r.used[p] = true
		r.fail(p, "%s", why)
	}
}
