package kafka

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
)

// errToken marks an answer of the token endpoint that no further try changes.
var errToken = errors.New("the token endpoint refused the client")

const (
	tokenTimeout = 10 * time.Second
	tokenMaxSize = 1 << 20
	// tokenReserve is the life that a token has left when it is used. A
	// connection logs in again some time before its token ends; with the same
	// token it would have to do so again at once, which brokers refuse.
	tokenReserve = 10 * time.Second
)

// endpointDown is a failure of the token endpoint that may go away. The client
// library tries again what says Temporary; it must not see the cause, whose
// dial error it would take for the broker's, and fail records by.
type endpointDown struct{ text string }

func (e endpointDown) Error() string { return e.text }

// Temporary makes the client library try again.
func (endpointDown) Temporary() bool { return true }

// tokenSource fetches tokens by the client credentials grant (RFC 6749, 4.4)
// and keeps each for nine tenths of its life, but never for its last seconds.
type tokenSource struct {
	s      *SASL
	client *http.Client

	mu      sync.Mutex
	current string
	until   time.Time
}

func newTokenSource(s *SASL, t *TLS) (*tokenSource, error) {
	u, err := url.Parse(s.TokenEndpointURL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, fmt.Errorf("kafka: sasl.tokenEndpointUrl must be an http or https URL")
	}
	if u.Scheme == "http" && !s.AllowWithoutTLS {
		return nil, errors.New("kafka: sasl.tokenEndpointUrl is not https and would send the client's secret in the clear; set sasl.allowWithoutTLS for a test")
	}
	tr := http.DefaultTransport.(*http.Transport).Clone()
	if t != nil {
		if tr.TLSClientConfig, err = (&TLS{CAFile: t.CAFile, InsecureSkipVerify: t.InsecureSkipVerify}).config(); err != nil {
			return nil, err
		}
	}
	return &tokenSource{s: s, client: &http.Client{
		Timeout:   tokenTimeout,
		Transport: tr,
		// A redirect would carry the secret to whom the user has not named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func (t *tokenSource) token(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != "" && time.Now().Before(t.until) {
		return t.current, nil
	}
	token, life, err := t.fetch(ctx)
	if err != nil {
		err = fmt.Errorf("kafka: fetch a token from %s as the client %q: %w", t.s.endpoint(), t.s.ClientID, err)
		if errors.Is(err, errToken) || ctx.Err() != nil {
			return "", err
		}
		return "", endpointDown{err.Error()}
	}
	t.current, t.until = token, time.Now().Add(min(life*9/10, life-tokenReserve))
	return token, nil
}

// forget drops a token that a broker refused, whatever its life.
func (t *tokenSource) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.current = ""
}

// endpoint is the token endpoint's URL without a password.
func (s *SASL) endpoint() string {
	u, err := url.Parse(s.TokenEndpointURL)
	if err != nil {
		return "kafka.sasl.tokenEndpointUrl"
	}
	return u.Redacted()
}

func (t *tokenSource) fetch(ctx context.Context) (string, time.Duration, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if t.s.Scope != "" {
		form.Set("scope", t.s.Scope)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.s.TokenEndpointURL, strings.NewReader(form.Encode()))
	if err != nil {
		return "", 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.SetBasicAuth(url.QueryEscape(t.s.ClientID), url.QueryEscape(t.s.ClientSecret.Reveal()))
	resp, err := t.client.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		if resp.StatusCode >= 400 && resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusRequestTimeout {
			return "", 0, fmt.Errorf("%w (see kafka.sasl.clientId, kafka.sasl.clientSecret and scope): %s", errToken, resp.Status)
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
