package rest

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"slices"
	"strings"

	"kcgen.dev/runtime/secret"
)

// users are the hashes of the names and passwords that are let in. Hashes are
// of one length, so that comparing them takes one time.
type users [][2][sha256.Size]byte

func newUsers(list map[string]secret.Secret) users {
	var u users
	for name, password := range list {
		u = append(u, [2][sha256.Size]byte{sha256.Sum256([]byte(name)), sha256.Sum256([]byte(password.Reveal()))})
	}
	return u
}

// admits looks at every user, so that the time says nothing about who is one.
// An empty password, which is also one that was not resolved, is nobody's.
func (u users) admits(r *http.Request) bool {
	name, password, given := r.BasicAuth()
	n, p := sha256.Sum256([]byte(name)), sha256.Sum256([]byte(password))
	found := 0
	for i := range u {
		found |= subtle.ConstantTimeCompare(n[:], u[i][0][:]) & subtle.ConstantTimeCompare(p[:], u[i][1][:])
	}
	return given && password != "" && found == 1
}

// admit says whether a request is let in at all.
func (h *Handler) admit(r *http.Request) *Error {
	if !h.knownHost(r.Host) {
		return &Error{http.StatusForbidden, "This server is not asked under this name; set worker.rest.advertised to the name that clients use"}
	}
	if err := h.origin.Check(r); err != nil {
		return &Error{http.StatusForbidden, "Requests of web pages from other sites are refused"}
	}
	if len(h.o.Users) > 0 && strings.TrimSuffix(r.URL.Path, "/") != "/health" && !h.users.admits(r) {
		return &Error{http.StatusUnauthorized, "User cannot access the resource."}
	}
	return nil
}

// knownHost refuses names that a foreign site may have pointed here.
func (h *Handler) knownHost(hostport string) bool {
	if len(h.o.Hosts) == 0 {
		return true
	}
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	if ip := net.ParseIP(host); ip != nil || host == "" {
		return true
	}
	return slices.ContainsFunc(h.o.Hosts, func(known string) bool { return strings.EqualFold(known, host) })
}

// KnownHosts are the names under which a server that listens on addr may be
// asked: localhost and the advertised one, HOST:PORT, where only this machine
// reaches it; else any, which is nil.
func KnownHosts(addr net.Addr, advertised string) []string {
	tcp, is := addr.(*net.TCPAddr)
	if !is || !tcp.IP.IsLoopback() {
		return nil
	}
	hosts := []string{"localhost"}
	if host, _, err := net.SplitHostPort(advertised); err == nil {
		hosts = append(hosts, host)
	}
	return hosts
}
