package postgres

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// address is where a database is.
type address struct {
	hosts []string // host:port
	name  string
}

const (
	defaultPort = "5432"
	urlForm     = "it must be postgresql://HOST:PORT/NAME"
)

// parseURL reads connection.url. Nothing of it is in an error: somebody may have
// written a password there.
func parseURL(text string) (address, error) {
	rest := strings.TrimPrefix(text, "jdbc:")
	rest, ok := strings.CutPrefix(rest, "postgresql://")
	if !ok {
		rest, ok = strings.CutPrefix(rest, "postgres://")
	}
	if !ok {
		return address{}, errors.New("postgres: url: " + urlForm)
	}
	if strings.ContainsAny(rest, "@?#;&") {
		return address{}, errors.New("postgres: url: user, password and parameters do not stand in it: they have fields of their own (user, password, tls, …)")
	}
	hosts, name, _ := strings.Cut(rest, "/")
	name, err := url.PathUnescape(name)
	if err != nil || name == "" || strings.ContainsAny(name, "/\x00") {
		return address{}, errors.New("postgres: url: the name of the database is missing, or is none: " + urlForm)
	}
	a := address{name: name}
	for i, h := range strings.Split(hosts, ",") {
		host, err := hostPort(h)
		if err != nil {
			return address{}, fmt.Errorf("postgres: url: host %d: %w", i+1, err)
		}
		a.hosts = append(a.hosts, host)
	}
	return a, nil
}

// hostPort reads HOST or HOST:PORT.
func hostPort(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil { // without a port
		host, port = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"), defaultPort
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return "", errors.New("the port is no number from 1 to 65535")
	}
	if host == "" || strings.ContainsAny(host, "/\\' \x00\t\r\n[]") {
		return "", errors.New("it is no name of a host: " + urlForm)
	}
	return net.JoinHostPort(host, port), nil
}

func (a address) names() []string { return a.each(0) }
func (a address) ports() []string { return a.each(1) }

func (a address) each(part int) []string {
	out := make([]string, len(a.hosts))
	for i, h := range a.hosts {
		host, port, _ := net.SplitHostPort(h)
		out[i] = [...]string{host, port}[part]
	}
	return out
}
