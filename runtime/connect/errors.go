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

// ErrUnavailable marks an error of a system that is away and that the record
// cannot do without, such as a Schema Registry that does not answer: wrap it
// with Unavailable.
var ErrUnavailable = errors.New("unavailable")

type unavailableError struct{ error }

func (e unavailableError) Unwrap() []error { return []error{e.error, ErrUnavailable} }

// Unavailable marks err as no fault of the record: the worker says so, tries
// again with back-off until the system is back or the task is to stop, and
// neither drops the record nor sends it to a dead letter queue, whatever
// errors.* say. Unavailable(nil) is nil.
func Unavailable(err error) error {
	if err == nil {
		return nil
	}
	return unavailableError{err}
}

// ErrFatal marks an error that no record is at fault for and no time mends,
// such as a password that a Schema Registry refuses: wrap it with Fatal.
var ErrFatal = errors.New("fatal")

type fatalError struct{ error }

func (e fatalError) Unwrap() []error { return []error{e.error, ErrFatal} }

// Fatal marks err as no fault of the record: its task fails, with the offsets
// before the record, whatever errors.* say, since the next record would fare
// no better. Fatal(nil) is nil.
func Fatal(err error) error {
	if err == nil {
		return nil
	}
	return fatalError{err}
}
