package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"kcgen.dev/runtime/offset"
)

// Error is an answer that is no success. Its body is Kafka Connect's:
// {"error_code": …, "message": …}.
type Error struct {
	Status  int    `json:"error_code"`
	Message string `json:"message"`
}

func (e *Error) Error() string { return e.Message }

func fail(status int, format string, args ...any) error {
	return &Error{status, fmt.Sprintf(format, args...)}
}

// plain is the answer that Kafka Connect's server gives by itself.
func plain(status int) error {
	return fail(status, "HTTP %d %s", status, http.StatusText(status))
}

// answer is what an endpoint gives. Without a body there is none.
type answer struct {
	status int
	body   any
}

func ok(body any) (answer, error) { return answer{http.StatusOK, body}, nil }

// asError is the answer to an error of a Herder.
func asError(c *call, err error) *Error {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, ErrNotStopped):
		name := c.arg(0)
		return &Error{http.StatusBadRequest, "Connectors must be in the STOPPED state before their offsets can be modified. " +
			"This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/" + name + "/stop' endpoint"}
	case errors.Is(err, ErrResumed):
		return &Error{http.StatusConflict, "Connector " + c.arg(0) + " was resumed while its offsets were modified: its tasks may have gone on at the old ones. " +
			"Stop it, look at its offsets, and modify them again"}
	case errors.Is(err, offset.ErrShape):
		return &Error{http.StatusBadRequest, err.Error()}
	case errors.Is(err, ErrRebalancing):
		return &Error{http.StatusConflict, "Cannot complete request momentarily because the group is rebalancing; try again"}
	case errors.Is(err, ErrStarting):
		return &Error{http.StatusServiceUnavailable, "Worker is still starting up."}
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{http.StatusInternalServerError, "Request timed out. What was asked for may have happened, or may still happen."}
	}
	return &Error{http.StatusInternalServerError, err.Error()}
}

// write sends an answer. JSON is as Kafka Connect writes it: <, > and & as
// they are.
func write(w http.ResponseWriter, a answer) {
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(a.body); err != nil { // only of a Herder's broken JSON
		a.status = http.StatusInternalServerError
		b.Reset()
		b.WriteString(`{"error_code":500,"message":"the answer is no JSON"}`)
	}
	body := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(body)
}

func writeError(w http.ResponseWriter, e *Error) { write(w, answer{e.Status, e}) }
