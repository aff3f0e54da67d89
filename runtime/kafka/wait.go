package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"kcgen.dev/runtime/security"
)

// ErrUnreachable says that no broker answered in time.
var ErrUnreachable = errors.New("no broker answered")

// backoff is the pause before try number fails+1: from 100 ms, doubling to 5 s,
// each between half and one and a half times that.
func backoff(fails int) time.Duration {
	return Backoff(fails, 5*time.Second)
}

// Backoff is a pause with jitter that doubles with each failure, from 100 ms to
// limit.
func Backoff(fails int, limit time.Duration) time.Duration {
	d := limit
	if shift := max(fails-1, 0); shift < 20 {
		d = min(limit, 100*time.Millisecond<<shift)
	}
	return d/2 + rand.N(d+1)
}

// Wait returns when a broker answers. Until then it tries again and again,
// saying so in the log at once and then every ten seconds; it gives up after
// timeout (negative: never) with ErrUnreachable, and at once with what will not
// mend itself: refused credentials, a certificate that does not hold.
func (k *Conn) Wait(ctx context.Context, timeout time.Duration) error {
	giveUp := context.Context(ctx)
	if timeout >= 0 {
		var cancel context.CancelFunc
		giveUp, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	cl, err := k.pessimist(k.login, k.id)
	if err != nil {
		return err
	}
	defer closeWithin(ctx, cl.Close)
	start := time.Now()
	var last error
	for fails := 0; ; {
		try, cancel := context.WithTimeout(giveUp, 10*time.Second)
		_, err := kmsg.NewPtrApiVersionsRequest().RequestWith(try, cl)
		cancel()
		if err == nil {
			return nil
		}
		if fatal := k.login.refusal(err); fatal != nil {
			return fatal
		}
		if giveUp.Err() == nil || last == nil {
			last = k.login.hint(err)
		}
		k.login.health.silent(last)
		fails++
		if pause(giveUp, backoff(fails)) != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("kafka: %w after %v at %v: %w", ErrUnreachable, time.Since(start).Round(time.Millisecond), k.login.now.Load().cluster.Brokers, last)
		}
	}
}

// hint adds what to look at to an error that a further try may mend.
func (c Cluster) hint(err error) error {
	var eof *kgo.ErrFirstReadEOF
	switch {
	case !errors.As(err, &eof):
		return err
	case c.TLS == nil:
		return fmt.Errorf("%w (does the port want TLS, or a login? See kafka.tls and kafka.sasl)", err)
	case c.SASL == nil:
		return fmt.Errorf("%w (does the port want a login, or no TLS? See kafka.sasl and kafka.tls)", err)
	}
	return fmt.Errorf("%w (see kafka.tls)", err)
}

// refusal is a reason that no further try will change; nil where there is hope.
func (c Cluster) refusal(err error) error {
	var cert *tls.CertificateVerificationError
	var header tls.RecordHeaderError
	var authn *kerr.Error
	switch {
	case errors.As(err, &cert):
		return fmt.Errorf("kafka: the broker's certificate does not hold (see kafka.tls.caFile and serverName): %w", err)
	case errors.As(err, &header):
		return fmt.Errorf("kafka: the broker does not speak TLS on this port: %w", err)
	case refusedCertificate(err):
		if when := c.TLS.Lapsed(); when != "" {
			return fmt.Errorf("kafka: the broker refused the client's certificate: %s (see kafka.tls.certFile): %w", when, err)
		}
		return fmt.Errorf("kafka: the broker refused the client's certificate, or misses one (see kafka.tls.certFile and keyFile): %w", err)
	case errors.As(err, &authn) && authn == kerr.UnsupportedSaslMechanism:
		return fmt.Errorf("kafka: the broker refused the login %s: it does not take the mechanism (see kafka.sasl.mechanism): %w", c.SASL.login(), err)
	case errors.As(err, &authn) && (authn == kerr.SaslAuthenticationFailed || authn == kerr.IllegalSaslState):
		return fmt.Errorf("kafka: the broker refused the login %s: %w", c.SASL.login(), err)
	case errors.Is(err, security.ErrClientRefused):
		return err
	}
	return nil
}

// refusedCertificate reports whether the broker ended the handshake with an
// alert about our certificate. Go gives these alerts no type of their own.
func refusedCertificate(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error" && strings.Contains(op.Err.Error(), "certificate")
}

// pause waits for d, or returns why it may not.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
