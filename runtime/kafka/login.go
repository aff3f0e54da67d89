package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"

	"kcgen.dev/runtime/security"
)

// login is how clients find the brokers and are let in. Clients that were made
// with it take up what it is renewed with when they next connect.
type login struct {
	of     string // whose: "producer", "consumer", "admin"; "" is the cluster's
	now    atomic.Pointer[credentials]
	health *health
}

func newLogin(of string, c Cluster, log *slog.Logger) (*login, error) {
	l := &login{of: of}
	l.health = &health{log: log, login: l}
	return l, l.renew(c)
}

// own is the login of clients that may have one of their own; what they leave
// out of it is the cluster's.
func (l *login) own(of string, t *security.TLS, s *SASL) (*login, error) {
	if t == nil && s == nil {
		return l, nil
	}
	c := l.now.Load().cluster
	if t != nil {
		c.TLS = t
	}
	if s != nil {
		c.SASL = s
	}
	own, err := newLogin(of, c, l.health.log)
	return own, own.named(err)
}

// named says whose login an error is about.
func (l *login) named(err error) error {
	if err == nil || l.of == "" {
		return err
	}
	return fmt.Errorf("%s.sasl and %[1]s.tls, in place of kafka's: %w", l.of, err)
}

// credentials are what a Cluster says, its files read.
type credentials struct {
	cluster   Cluster
	seeds     []string
	tls       *tls.Config    // nil: none
	mechanism sasl.Mechanism // nil: none
}

// renew checks a cluster's settings, reads the files that they name, and goes
// on with them. After an error the former ones hold.
func (l *login) renew(c Cluster) error {
	next := &credentials{cluster: c}
	var err error
	if next.seeds, err = seedBrokers(c.Brokers); err != nil {
		return err
	}
	if c.TLS != nil {
		if next.tls, err = c.TLS.Config(); err != nil {
			return fmt.Errorf("kafka: %w", err)
		}
	}
	if c.SASL != nil {
		if c.TLS == nil && !c.SASL.AllowWithoutTLS {
			return errors.New("kafka: kafka.sasl without kafka.tls would send credentials in the clear; add tls: {}, or set sasl.allowWithoutTLS for a test")
		}
		if next.mechanism, err = c.SASL.mechanism(c.TLS); err != nil {
			return err
		}
	}
	if old := l.now.Load(); old != nil && ((old.tls == nil) != (next.tls == nil) || (old.mechanism == nil) != (next.mechanism == nil)) {
		return errors.New("kafka: kafka.tls and kafka.sasl do not come or go while clients run: restart the program")
	}
	l.now.Store(next)
	return nil
}

// options are those of a client that is let in so.
func (l *login) options() []kgo.Opt {
	c := l.now.Load()
	opts := []kgo.Opt{kgo.SeedBrokers(c.seeds...), kgo.WithHooks(l.health)}
	if c.tls != nil {
		opts = append(opts, kgo.Dialer(l.dial))
	}
	if c.mechanism != nil {
		opts = append(opts, kgo.SASL(l))
	}
	return opts
}

// dial connects by TLS, with the files as they were read last.
func (l *login) dial(ctx context.Context, network, host string) (net.Conn, error) {
	cfg := l.now.Load().tls
	if cfg.ServerName == "" {
		name, _, err := net.SplitHostPort(host)
		if err != nil {
			return nil, fmt.Errorf("kafka: broker %q must be HOST:PORT: %w", host, err)
		}
		cfg = cfg.Clone()
		cfg.ServerName = name
	}
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second}, Config: cfg}
	return d.DialContext(ctx, network, host)
}

// Name is the mechanism's.
func (l *login) Name() string { return l.now.Load().mechanism.Name() }

// Authenticate begins a session with the credentials as they are now.
func (l *login) Authenticate(ctx context.Context, host string) (sasl.Session, []byte, error) {
	return l.now.Load().mechanism.Authenticate(ctx, host)
}

// refusal is a reason that no further try will change; nil where there is hope.
func (l *login) refusal(err error) error { return l.named(l.now.Load().cluster.refusal(err)) }

// hint adds what to look at to an error that a further try may mend.
func (l *login) hint(err error) error { return l.named(l.now.Load().cluster.hint(err)) }

// Renew takes up what the references in a cluster's settings say by now, and
// what its files hold. All clients, those that run too, log in with it when they
// next connect. After an error they go on with what they have.
func (k *Conn) Renew(c Cluster) error {
	if err := k.login.renew(c); err != nil {
		return err
	}
	return k.admin.UpdateSeedBrokers(k.login.now.Load().seeds...)
}
