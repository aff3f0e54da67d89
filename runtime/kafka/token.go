package kafka

import (
	"context"
	"errors"
	"fmt"

	"kcgen.dev/runtime/security"
)

// endpointDown is a failure of the token endpoint that may go away. The client
// library tries again what says Temporary; it must not see the cause, whose
// dial error it would take for the broker's, and fail records by.
type endpointDown struct{ text string }

func (e endpointDown) Error() string { return e.text }

// Temporary makes the client library try again.
func (endpointDown) Temporary() bool { return true }

// tokenSource fetches the tokens of OAUTHBEARER.
type tokenSource struct{ *security.Tokens }

func newTokenSource(s *SASL, t *security.TLS) (*tokenSource, error) {
	tokens, err := security.NewTokens(s.client(t))
	switch {
	case errors.Is(err, security.ErrInClear):
		return nil, fmt.Errorf("kafka: sasl.tokenEndpointUrl %w; set sasl.allowWithoutTLS for a test", err)
	case errors.Is(err, security.ErrEndpoint):
		return nil, fmt.Errorf("kafka: sasl.tokenEndpointUrl %w", err)
	case err != nil:
		return nil, fmt.Errorf("kafka: %w", err)
	}
	return &tokenSource{tokens}, nil
}

// client is who asks for tokens.
func (s *SASL) client(t *security.TLS) security.Client {
	return security.Client{Endpoint: s.TokenEndpointURL, ID: s.ClientID, Secret: s.ClientSecret, Scope: s.Scope, TLS: t, AllowWithoutTLS: s.AllowWithoutTLS}
}

func (t *tokenSource) token(ctx context.Context) (string, error) {
	token, err := t.Token(ctx)
	switch {
	case err == nil:
		return token, nil
	case errors.Is(err, security.ErrClientRefused):
		return "", fmt.Errorf("kafka: %w (see kafka.sasl.clientId, kafka.sasl.clientSecret and scope)", err)
	case ctx.Err() != nil:
		return "", fmt.Errorf("kafka: %w", err)
	}
	return "", endpointDown{"kafka: " + err.Error()}
}
