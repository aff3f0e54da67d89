package connect

import (
	"errors"
	"time"
)

// Forever is the time-out that never comes: "forever" in a spec.
const Forever time.Duration = -1

// ErrRetry marks an error that may go away by itself (Connect's
// RetriableException): wrap it with Retry.
var ErrRetry = errors.New("retriable")

type retryError struct{ error }

func (e retryError) Unwrap() []error { return []error{e.error, ErrRetry} }

// Retry marks err as one to be tried again. Retry(nil) is nil.
func Retry(err error) error {
	if err == nil {
		return nil
	}
	return retryError{err}
}
