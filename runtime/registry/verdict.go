package registry

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/twmb/franz-go/pkg/sr"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/security"
)

// away is an error of several endpoints, of which one at least may come back:
// it hides that another one is beyond hope.
type away struct{ err error }

func (a away) Error() string { return a.err.Error() }

func (away) Is(target error) bool { return target == connect.ErrUnavailable }

// The registry's own codes that are looked at.
const (
	codeSubject = 40401
	codeVersion = 40402
	codeSchema  = 40403
	codeMode    = 42205 // not permitted: the registry or the subject is read-only
)

// verdict says what an error of an exchange means: nil and the record's own
// errors pass, all else becomes Unavailable or Fatal.
func (e *endpoint) verdict(err error) error {
	var said *sr.ResponseError
	var token tokenError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &said):
		e.hush(said)
		return e.status(said, err)
	case errors.Is(err, errTooLarge):
		return err
	case !errors.As(err, &token):
	case errors.Is(err, security.ErrClientRefused):
		return connect.Fatal(fmt.Errorf("%w (see schemaRegistry.bearerAuthClientId, bearerAuthClientSecret and bearerAuthScope)", token.error))
	default:
		return connect.Unavailable(token.error)
	}
	if why := refusal(err); why != "" {
		return connect.Fatal(fmt.Errorf("%s: %s: %w", e.address, why, err))
	}
	if isGarbage(err) {
		return connect.Unavailable(fmt.Errorf("%s gives no registry's answer: is schemaRegistry.url right, path included? %w", e.address, err))
	}
	var trip *url.Error
	if errors.As(err, &trip) {
		err = trip.Err // the rest repeats the address, twice
	}
	return connect.Unavailable(fmt.Errorf("%s does not answer: %w", e.address, err))
}

// refusal is why no further try of a connection will do; "" where there is
// hope.
func refusal(err error) string {
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &cert):
		return "the certificate does not hold (see schemaRegistry.tls.caFile and serverName)"
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "the port does not speak TLS (see schemaRegistry.url)"
	case strings.Contains(err.Error(), "remote error: tls:") && strings.Contains(err.Error(), "certificate"):
		return "the client's certificate was refused, or is missing (see schemaRegistry.tls.certFile and keyFile)"
	}
	return ""
}

// isGarbage reports whether there was an answer, with something else in it.
func isGarbage(err error) bool {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	return errors.As(err, &syntax) || errors.As(err, &kind) || errors.Is(err, errNoID)
}

// status judges an answer that is an error.
func (e *endpoint) status(said *sr.ResponseError, err error) error {
	told := fmt.Sprintf("%s answers %d", e.address, said.StatusCode)
	switch code := said.StatusCode; {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return connect.Fatal(fmt.Errorf("%s: it refuses us %s: %s", told, e.login, brief(said.Error())))
	case code == http.StatusProxyAuthRequired:
		return connect.Fatal(fmt.Errorf("%s: the proxy wants a login (see HTTPS_PROXY and HTTP_PROXY)", told))
	case code < 400:
		return connect.Fatal(fmt.Errorf("%s: it sends us elsewhere, where we do not follow with credentials; give schemaRegistry.url the right address", told))
	case said.ErrorCode == codeMode:
		return connect.Fatal(fmt.Errorf("%s: it is read-only or otherwise not in the mode to register schemas: %s", told, brief(said.Error())))
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code == http.StatusTooEarly, code >= 500:
		return connect.Unavailable(fmt.Errorf("%s: %s", told, brief(said.Error())))
	case code == http.StatusNotFound && said.ErrorCode < 10000:
		return connect.Unavailable(fmt.Errorf("%s, which is no registry's answer: is the path of schemaRegistry.url right (Apicurio: …/apis/ccompat/v7)? %s", told, brief(said.Error())))
	}
	return err
}

// explain adds what to do to an error that is the record's.
func (s *Session) explain(q question, err error) error {
	var said *sr.ResponseError
	if !errors.As(err, &said) {
		return err
	}
	told := answered{said, err}
	if err != error(said) { // of a reference, or explained already
		return told
	}
	switch code := said.ErrorCode; {
	case code == codeSchema && q.what == whatID:
		return fmt.Errorf("the registry has no schema of that id; the topic may hold data that was written with another registry: %w", told)
	case q.what == whatLatest && (code == codeSubject || code == codeVersion):
		return fmt.Errorf("nothing is registered there yet; register the schema first: %w", told)
	case q.what == whatSchema && (code == codeSchema || code == codeSubject):
		return fmt.Errorf("it is not registered there, and autoRegisterSchemas is false; register it first: %w", told)
	case said.StatusCode == http.StatusUnprocessableEntity:
		return fmt.Errorf("the registry refuses it: %w", told)
	}
	return told
}

// answered is a registry's answer as an error: its words, kept short, and its
// code.
type answered struct {
	said *sr.ResponseError
	err  error // with what was put around it
}

func (a answered) Error() string {
	text := a.err.Error()
	if text == a.said.Error() {
		text = brief(text)
	}
	code := a.said.ErrorCode
	if code == 0 {
		code = a.said.StatusCode
	}
	return fmt.Sprintf("%s (error %d)", text, code)
}

func (a answered) Unwrap() error { return a.err }

// statusOf is the HTTP status of an error; 0 where there was none.
func statusOf(err error) int {
	var said *sr.ResponseError
	if errors.As(err, &said) {
		return said.StatusCode
	}
	return 0
}

// isUnknown reports whether a registry says that it has not what was asked for.
func isUnknown(err error) bool { return statusOf(err) == http.StatusNotFound }

// maxWords is the most of a registry's message that an error holds.
const maxWords = 1000

// brief makes one line of a message, and cuts it.
func brief(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= maxWords {
		return text
	}
	return strings.ToValidUTF8(text[:maxWords], "") + " …"
}
