package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/sr"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/security"
)

// client asks the registries of a list, of which one is as good as the other.
type client struct {
	endpoints []*endpoint
	current   atomic.Int32 // the one that answered last
	tokens    *security.Tokens
}

// endpoint is one address of a registry.
type endpoint struct {
	address string // without a password
	login   string // who asks there, for errors
	client  *sr.Client
	rest    atomic.Int64           // Unix nanoseconds before which it wants no question
	shown   atomic.Pointer[string] // the credentials that it was asked with last
}

func (c *client) byID(ctx context.Context, id int) (s sr.Schema, err error) {
	err = c.ask(ctx, func(cl *sr.Client) error { s, err = cl.SchemaByID(ctx, id); return given(len(s.Schema), err) })
	return s, err
}

func (c *client) byVersion(ctx context.Context, subject string, version int) (s sr.SubjectSchema, err error) {
	err = c.ask(ctx, func(cl *sr.Client) error { s, err = cl.SchemaByVersion(ctx, subject, version); return given(s.ID, err) })
	return s, err
}

func (c *client) register(ctx context.Context, subject string, s sr.Schema, normalize bool) (id int, err error) {
	params := with(ctx, normalize)
	err = c.ask(ctx, func(cl *sr.Client) error {
		if id, err = cl.RegisterSchema(params, subject, s, -1, -1); isConflict(err) {
			return conflict(ctx, cl, subject, s, err)
		}
		return given(id, err)
	})
	return id, err
}

func (c *client) lookup(ctx context.Context, subject string, s sr.Schema, normalize bool) (id int, err error) {
	err = c.ask(ctx, func(cl *sr.Client) error {
		found, err := cl.LookupSchema(with(ctx, normalize), subject, s)
		id = found.ID
		return given(id, err)
	})
	return id, err
}

// version is asked of what is deleted too: topics hold data for longer.
func (c *client) version(ctx context.Context, subject string, s sr.Schema) (version int, err error) {
	err = c.ask(ctx, func(cl *sr.Client) error {
		found, err := cl.LookupSchema(sr.WithParams(ctx, sr.ShowDeleted), subject, s)
		version = found.Version
		return given(version, err)
	})
	return version, err
}

// errNoID is an answer without what was asked for.
var errNoID = errors.New("it holds neither a schema nor an id nor a version")

func given(id int, err error) error {
	if err == nil && id <= 0 {
		return errNoID
	}
	return err
}

func with(ctx context.Context, normalize bool) context.Context {
	if normalize {
		return sr.WithParams(ctx, sr.Normalize)
	}
	return ctx
}

// ask puts a question to one endpoint after the other, from the one that
// answered last, until one gives an answer. Without an answer the registry is
// away; only where each has refused us will time not help.
func (c *client) ask(ctx context.Context, question func(*sr.Client) error) error {
	n := len(c.endpoints)
	first := int(c.current.Load())
	var all []error
	hope := false
	for i := range n {
		at := (first + i) % n
		err := c.askOne(c.endpoints[at], question)
		if !errors.Is(err, connect.ErrUnavailable) && !errors.Is(err, connect.ErrFatal) {
			c.current.Store(int32(at))
			return err
		}
		hope = hope || errors.Is(err, connect.ErrUnavailable)
		all = append(all, err)
	}
	err := all[0]
	for _, e := range all[1:] {
		err = fmt.Errorf("%w; %w", err, e)
	}
	if hope {
		return away{err}
	}
	return err
}

func (c *client) askOne(e *endpoint, question func(*sr.Client) error) error {
	if wait := time.Until(time.Unix(0, e.rest.Load())); wait > 0 {
		return connect.Unavailable(fmt.Errorf("%s asked not to be asked for another %s", e.address, wait.Round(time.Second)))
	}
	err := question(e.client)
	if c.tokens != nil && statusOf(err) == http.StatusUnauthorized {
		c.tokens.Forget() // it may have been withdrawn before its time
		err = question(e.client)
	}
	return e.verdict(err)
}

const (
	// maxAnswer is the largest answer that is read.
	maxAnswer = 16 << 20
	// maxRest is the longest that a registry may ask for (Retry-After).
	maxRest = 5 * time.Minute
)

// errTooLarge is an answer beyond maxAnswer.
var errTooLarge = fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20)

// exchange bounds an answer, and hears what its headers ask for.
type exchange struct {
	next     http.RoundTripper
	endpoint *endpoint
}

// RoundTrip does one exchange.
func (x *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	shown := req.Header.Get("Authorization")
	x.endpoint.shown.Store(&shown)
	resp, err := x.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable {
		if d := retryAfter(resp.Header.Get("Retry-After"), time.Now()); d > 0 {
			x.endpoint.rest.Store(time.Now().Add(d).UnixNano())
		}
	}
	resp.Body = &bounded{resp.Body, maxAnswer}
	return resp, nil
}

// retryAfter reads a number of seconds, or a date.
func retryAfter(text string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, maxRest)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(at.Sub(now), maxRest)
}

// bounded is a body that fails behind its bound.
type bounded struct {
	io.ReadCloser
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if len(p) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if n > b.left {
		return b.left, errTooLarge
	}
	b.left -= n
	return n, err
}
