package security

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"kcgen.dev/runtime/secret"
)

// ErrClientRefused marks an answer of a token endpoint that no further try
// changes.
var ErrClientRefused = errors.New("the token endpoint refused the client")

const (
	tokenTimeout = 10 * time.Second
	tokenMaxSize = 1 << 20
	// tokenReserve is the life that a token has left when it is used. A
	// connection logs in again some time before its token ends; with the same
	// token it would have to do so again at once, which brokers refuse.
	tokenReserve = 10 * time.Second
)

// Client is who asks a token endpoint.
type Client struct {
	Endpoint string // URL
	ID       string
	Secret   secret.Secret
	Scope    string // "": none
	// TLS, where given, says whom to trust at the endpoint: a certificate of
	// the client is for another server.
	TLS *TLS
	// AllowWithoutTLS takes an http endpoint too.
	AllowWithoutTLS bool
}

// Tokens fetches tokens by the client credentials grant (RFC 6749, 4.4) and
// keeps each for nine tenths of its life, but never for its last seconds. Its
// methods may be called at the same time.
type Tokens struct {
	who    Client
	client *http.Client

	mu      sync.Mutex
	current string
	until   time.Time
}

// The faults of an endpoint's URL.
var (
	ErrEndpoint = errors.New("must be an http or https URL")
	ErrInClear  = errors.New("is not https and would send the client's secret in the clear")
)

// NewTokens checks the endpoint's URL (ErrEndpoint, ErrInClear) and reads the
// files of TLS. It asks nothing yet.
func NewTokens(c Client) (*Tokens, error) {
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, ErrEndpoint
	}
	if u.Scheme == "http" && !c.AllowWithoutTLS {
		return nil, ErrInClear
	}
	tr := http.DefaultTransport.(*http.Transport).Clone()
	if c.TLS != nil {
		if tr.TLSClientConfig, err = (&TLS{CAFile: c.TLS.CAFile, InsecureSkipVerify: c.TLS.InsecureSkipVerify}).Config(); err != nil {
			return nil, err
		}
	}
	return &Tokens{who: c, client: &http.Client{
		Timeout:   tokenTimeout,
		Transport: tr,
		// A redirect would carry the secret to whom the user has not named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Token gives a token that is good for a while. An error that is no
// ErrClientRefused may go away.
func (t *Tokens) Token(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != "" && time.Now().Before(t.until) {
		return t.current, nil
	}
	token, life, err := t.fetch(ctx)
	if err != nil {
		return "", fmt.Errorf("fetch a token from %s as the client %q: %w", t.who.Address(), t.who.ID, err)
	}
	t.current, t.until = token, time.Now().Add(min(life*9/10, life-tokenReserve))
	return token, nil
}

// Forget drops a token that a server refused, whatever its life.
func (t *Tokens) Forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.current = ""
}

// Address is the endpoint's URL without a password.
func (c Client) Address() string {
	u, err := url.Parse(c.Endpoint)
	if err != nil {
		return "the token endpoint"
	}
	return u.Redacted()
}

func (t *Tokens) fetch(ctx context.Context) (string, time.Duration, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if t.who.Scope != "" {
		form.Set("scope", t.who.Scope)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.who.Endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return "", 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.SetBasicAuth(url.QueryEscape(t.who.ID), url.QueryEscape(t.who.Secret.Reveal()))
	resp, err := t.client.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		if resp.StatusCode >= 400 && resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusRequestTimeout {
			return "", 0, fmt.Errorf("%w: %s", ErrClientRefused, resp.Status)
		}
		return "", 0, errors.New(resp.Status)
	}
	var body struct {
		AccessToken string  `json:"access_token"`
		ExpiresIn   float64 `json:"expires_in"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, tokenMaxSize)).Decode(&body); err != nil {
		return "", 0, errors.New("the answer is no JSON object of at most 1 MiB") // the cause could quote the token
	}
	if body.AccessToken == "" {
		return "", 0, errors.New("the answer holds no access_token")
	}
	life := min(max(body.ExpiresIn, 0), 24*3600)
	return body.AccessToken, time.Duration(life * float64(time.Second)), nil
}
