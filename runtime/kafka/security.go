package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"kcgen.dev/runtime/security"
)

func itoa(n int) string { return strconv.Itoa(n) }

// mechanism checks that what the mechanism needs is there.
func (s *SASL) mechanism(t *security.TLS) (sasl.Mechanism, error) {
	switch s.Mechanism {
	case "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512":
		if s.Username == "" || s.Password.IsZero() {
			return nil, fmt.Errorf("kafka: sasl.mechanism %s needs sasl.username and sasl.password", s.Mechanism)
		}
	case "OAUTHBEARER":
		return s.oauth(t)
	}
	switch s.Mechanism {
	case "PLAIN":
		return plain.Auth{User: s.Username, Pass: s.Password.Reveal()}.AsMechanism(), nil
	case "SCRAM-SHA-256":
		return scram.Auth{User: s.Username, Pass: s.Password.Reveal()}.AsSha256Mechanism(), nil
	case "SCRAM-SHA-512":
		return scram.Auth{User: s.Username, Pass: s.Password.Reveal()}.AsSha512Mechanism(), nil
	}
	return nil, fmt.Errorf("kafka: sasl.mechanism %q is not one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER", s.Mechanism)
}

func (s *SASL) oauth(t *security.TLS) (sasl.Mechanism, error) {
	if !s.Token.IsZero() {
		return bearer{oauth.Auth{Token: s.Token.Reveal(), Extensions: s.Extensions}.AsMechanism(), func() {}}, nil
	}
	if s.TokenEndpointURL == "" || s.ClientID == "" || s.ClientSecret.IsZero() {
		return nil, errors.New("kafka: sasl.mechanism OAUTHBEARER needs sasl.token, or sasl.tokenEndpointUrl, sasl.clientId and sasl.clientSecret")
	}
	src, err := newTokenSource(s, t)
	if err != nil {
		return nil, err
	}
	return bearer{oauth.Oauth(func(ctx context.Context) (oauth.Auth, error) {
		token, err := src.token(ctx)
		return oauth.Auth{Token: token, Extensions: s.Extensions}, err
	}), src.Forget}, nil
}

// login says who wants in, and how, without a secret.
func (s *SASL) login() string {
	switch {
	case s == nil:
		return "without SASL"
	case s.Mechanism != "OAUTHBEARER":
		return fmt.Sprintf("by %s as the user %q (see kafka.sasl.username and password)", s.Mechanism, s.Username)
	case !s.Token.IsZero():
		return "by OAUTHBEARER with kafka.sasl.token (has it expired?)"
	}
	return fmt.Sprintf("by OAUTHBEARER with the token that the client %q had from %s (see kafka.sasl)", s.ClientID, s.client(nil).Address())
}

// bearer is OAUTHBEARER as RFC 7628 (3.2.3) has it: a broker that refuses a
// token first says why, and the login fails when the client has acknowledged
// that. The client library takes the reasons for noise, which would be tried
// again for ever.
type bearer struct {
	sasl.Mechanism
	refused func()
}

// Authenticate begins a session.
func (b bearer) Authenticate(ctx context.Context, host string) (sasl.Session, []byte, error) {
	_, first, err := b.Mechanism.Authenticate(ctx, host)
	return &bearerSession{refused: b.refused}, first, err
}

type bearerSession struct {
	refused func()
	told    bool
}

// Challenge acknowledges a refusal.
func (s *bearerSession) Challenge(answer []byte) (done bool, write []byte, err error) {
	if len(answer) == 0 {
		return true, nil, nil
	}
	if s.told {
		return false, nil, fmt.Errorf("the broker goes on after it refused the token: %w", kerr.IllegalSaslState)
	}
	s.told = true
	s.refused()
	return false, []byte{1}, nil
}
