package lint

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/wiring"
)

// openREST: an API that everybody in reach may use.
func openREST(f *finder) {
	for _, p := range f.plans {
		rest := p.Root.Struct("worker").Struct("rest")
		if listen := rest.Lit("listen"); rest.Get("tls") == nil && users(rest) == 0 && isOpen(listen) {
			f.warn(p, "worker.rest.listen", fmt.Sprintf("%q is in reach of other machines, and everybody may use the API: add basicAuth or tls, or listen on 127.0.0.1", listen.Str), listen.Pos)
		}
	}
}

// openPasswords: a password that others on the network can read.
func openPasswords(f *finder) {
	for _, p := range f.plans {
		rest := p.Root.Struct("worker").Struct("rest")
		if listen := rest.Lit("listen"); rest.Get("tls") == nil && users(rest) > 0 && isOpen(listen) {
			f.warn(p, "worker.rest.basicAuth", fmt.Sprintf("asks for passwords at %q over HTTP, where others can read them: add tls, or listen on 127.0.0.1 behind a proxy that has it", listen.Str), rest.At("basicAuth"), listen.Pos)
		}
	}
}

func users(rest *plan.Struct) int {
	if f := rest.Get("basicAuth"); f != nil {
		if m, ok := f.Value.(*plan.Map); ok {
			return len(m.Keys)
		}
	}
	return 0
}

// isOpen says whether others than this machine reach an address.
func isOpen(listen *plan.Lit) bool {
	if listen == nil || wiring.HasRef(listen.Str) {
		return false
	}
	_, _, err := net.SplitHostPort(listen.Str)
	return err == nil && !isLoopback(listen.Str)
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// unverified: TLS with whoever answers.
func unverified(f *finder) {
	f.structs(func(p *plan.Pipeline, path string, s *plan.Struct) {
		if s.On("insecureSkipVerify") {
			f.warn(p, path+".insecureSkipVerify", "trusts any certificate: whoever stands in between reads and changes all; give caFile, the authority that has signed the server's", s.At("insecureSkipVerify"))
		}
	})
}

// clearCredentials: passwords and tokens that others can read.
func clearCredentials(f *finder) {
	f.structs(func(p *plan.Pipeline, path string, s *plan.Struct) {
		if s.On("allowWithoutTLS") {
			f.warn(p, path+".allowWithoutTLS", "sends credentials over a connection that others can read: use TLS, or say in accept why the network is trusted", s.At("allowWithoutTLS"))
		}
	})
}

var (
	secretName = regexp.MustCompile(`(?i)^[a-z0-9_.-]*(password|passwd|secret|api_?key|access_?key|private_?key|credential|token)$`)
	urlLogin   = regexp.MustCompile(`://[^/@:\s$]*:[^/@\s$]+@`)
)

// literalSecret: what looks like a secret and is no reference. The value is not
// shown. What kcgen knows to be a secret cannot be written at all.
func literalSecret(f *finder) {
	f.structs(func(p *plan.Pipeline, path string, s *plan.Struct) {
		for i := range s.Fields {
			fd := &s.Fields[i]
			switch v := fd.Value.(type) {
			case *plan.Lit:
				f.secret(p, path, fd.Name, v, fd.Pos)
			case *plan.Map:
				for j, key := range v.Keys {
					if l, ok := v.Vals[j].(*plan.Lit); ok {
						f.secret(p, path+"."+fd.Name, key, l, l.Pos, fd.Pos)
					}
				}
			}
		}
	})
}

func (f *finder) secret(p *plan.Pipeline, path, name string, l *plan.Lit, at ...plan.Pos) {
	if l.Kind != plan.String || l.Str == "" || wiring.HasRef(l.Str) || !plan.First(at...).IsValid() {
		return
	}
	if secretName.MatchString(name) || urlLogin.MatchString(l.Str) {
		f.warn(p, strings.TrimPrefix(path+"."+diag.Label(name), "."), "looks like a secret, and who reads the spec or the binary reads it: write a reference, such as ${env:NAME}, and change the secret", at...)
	}
}
