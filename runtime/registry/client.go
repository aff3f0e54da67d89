package registry

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/sr"

	"kcgen.dev/runtime/security"
)

// defaultTimeout bounds one request.
const defaultTimeout = 10 * time.Second

// open makes the way to a registry. Errors begin with the option's name.
func (r Registry) open() (backend, error) {
	addresses, err := r.addresses()
	if err != nil {
		return nil, err
	}
	if scope, ok := mockScope(addresses); ok {
		return openMock(scope), nil
	}
	if !r.BasicAuthUserInfo.IsZero() && !r.BearerAuthToken.IsZero() {
		return nil, errors.New("schemaRegistry takes one login: basicAuthUserInfo or bearerAuthToken")
	}
	c := &client{}
	if c.tokens, err = r.tokens(); err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if r.TLS != nil {
		if transport.TLSClientConfig, err = r.TLS.Config(); err != nil {
			return nil, fmt.Errorf("schemaRegistry.%w", err)
		}
	}
	for _, a := range addresses {
		e, err := r.endpoint(a, c.tokens, transport)
		if err != nil {
			return nil, err
		}
		c.endpoints = append(c.endpoints, e)
	}
	return c, nil
}

// addresses takes apart strings of several.
func (r Registry) addresses() (out []string, err error) {
	for _, s := range r.URL {
		for a := range strings.SplitSeq(s, ",") {
			if a = strings.TrimSpace(a); a != "" {
				out = append(out, a)
			}
		}
	}
	if len(out) == 0 {
		return nil, errors.New("schemaRegistry.url is empty")
	}
	return out, nil
}

// endpoint is one address, its login within reach of no error and no log.
func (r Registry) endpoint(address string, tokens *security.Tokens, next http.RoundTripper) (*endpoint, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("schemaRegistry.url must be http or https URLs without a query, such as https://registry:8081") // it may hold a password
	}
	who, err := r.credentials(u)
	if err != nil {
		return nil, err
	}
	u.User = nil
	if u.Scheme == "http" && !r.AllowWithoutTLS && (who != nil || tokens != nil) {
		return nil, fmt.Errorf("schemaRegistry.url %s is not https and would send credentials in the clear; set schemaRegistry.allowWithoutTLS for a test", u)
	}
	e := &endpoint{address: u.String(), login: r.login(who != nil)}
	opts := []sr.ClientOpt{
		sr.URLs(e.address),
		sr.UserAgent("kcgen"),
		sr.PreReq(func(req *http.Request) error { return r.headers(req, tokens) }),
		sr.HTTPClient(&http.Client{
			Timeout:   cmp.Or(r.RequestTimeout, defaultTimeout),
			Transport: &exchange{next: next, endpoint: e},
			// A redirect would carry credentials to whom the user has not named.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}),
	}
	if who != nil {
		opts = append(opts, who)
	}
	e.client, err = sr.NewClient(opts...)
	return e, err
}

// credentials are those of the settings, or else those within the URL.
func (r Registry) credentials(u *url.URL) (sr.ClientOpt, error) {
	switch {
	case !r.BearerAuthToken.IsZero():
		return sr.BearerToken(r.BearerAuthToken.Reveal()), nil
	case !r.BasicAuthUserInfo.IsZero():
		user, password, ok := strings.Cut(r.BasicAuthUserInfo.Reveal(), ":")
		if !ok {
			return nil, fmt.Errorf("schemaRegistry.basicAuthUserInfo (%s) must hold user:password; there is no colon in it", r.BasicAuthUserInfo)
		}
		return sr.BasicAuth(user, password), nil
	case u.User != nil && r.BearerAuthIssuerEndpointURL == "":
		password, _ := u.User.Password()
		return sr.BasicAuth(u.User.Username(), password), nil
	}
	return nil, nil
}

// tokens is where bearer tokens come from; nil where none are wanted.
func (r Registry) tokens() (*security.Tokens, error) {
	if r.BearerAuthIssuerEndpointURL == "" {
		return nil, nil
	}
	if r.BearerAuthClientID == "" || r.BearerAuthClientSecret.IsZero() {
		return nil, errors.New("schemaRegistry.bearerAuthIssuerEndpointUrl needs bearerAuthClientId and bearerAuthClientSecret")
	}
	if !r.BasicAuthUserInfo.IsZero() || !r.BearerAuthToken.IsZero() {
		return nil, errors.New("schemaRegistry takes one login: bearerAuthIssuerEndpointUrl stands beside basicAuthUserInfo or bearerAuthToken")
	}
	tokens, err := security.NewTokens(r.issuer())
	switch {
	case errors.Is(err, security.ErrInClear):
		return nil, fmt.Errorf("schemaRegistry.bearerAuthIssuerEndpointUrl %w; set schemaRegistry.allowWithoutTLS for a test", err)
	case errors.Is(err, security.ErrEndpoint):
		return nil, fmt.Errorf("schemaRegistry.bearerAuthIssuerEndpointUrl %w", err)
	case err != nil:
		return nil, fmt.Errorf("schemaRegistry.%w", err)
	}
	return tokens, nil
}

func (r Registry) issuer() security.Client {
	return security.Client{
		Endpoint: r.BearerAuthIssuerEndpointURL, ID: r.BearerAuthClientID, Secret: r.BearerAuthClientSecret,
		Scope: r.BearerAuthScope, TLS: r.TLS, AllowWithoutTLS: r.AllowWithoutTLS,
	}
}

// headers adds a token of the token endpoint, and whose it is.
func (r Registry) headers(req *http.Request, tokens *security.Tokens) error {
	if r.BearerAuthLogicalCluster != "" {
		req.Header.Set("target-sr-cluster", r.BearerAuthLogicalCluster)
	}
	if r.BearerAuthIdentityPoolID != "" {
		req.Header.Set("Confluent-Identity-Pool-Id", r.BearerAuthIdentityPoolID)
	}
	if tokens == nil {
		return nil
	}
	token, err := tokens.Token(req.Context())
	if err != nil {
		return tokenError{err}
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return nil
}

// tokenError is an error of the token endpoint, not of the registry.
type tokenError struct{ error }

func (e tokenError) Unwrap() error { return e.error }

// login says who asks, and which options to look at, without a secret; within
// is whether the URL holds a login.
func (r Registry) login(within bool) string {
	switch {
	case !r.BearerAuthToken.IsZero():
		return "with the token of schemaRegistry.bearerAuthToken (has it expired?)"
	case r.BearerAuthIssuerEndpointURL != "":
		return fmt.Sprintf("with the token that the client %q had from %s (see schemaRegistry.bearerAuthClientId, bearerAuthClientSecret and bearerAuthScope)", r.BearerAuthClientID, r.issuer().Address())
	case !r.BasicAuthUserInfo.IsZero():
		user, _, _ := strings.Cut(r.BasicAuthUserInfo.Reveal(), ":")
		return fmt.Sprintf("as the user %q (see schemaRegistry.basicAuthUserInfo)", user)
	}
	if within {
		return "with the user and password within schemaRegistry.url"
	}
	return "without a login (see schemaRegistry.basicAuthUserInfo and bearerAuthToken)"
}
