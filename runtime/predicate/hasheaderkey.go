package predicate

import (
	"errors"

	"kcgen.dev/runtime/connect"
)

var _ connect.Predicate = HasHeaderKey{}

// Open gives the test. A name that is empty is an error.
func (p HasHeaderKey) Open() (connect.Test, error) {
	if p.Name == "" {
		return nil, errors.New("predicate: open HasHeaderKey: the name is empty")
	}
	return func(r *connect.Record) bool {
		for i := range r.Headers {
			if r.Headers[i].Key == p.Name {
				return true
			}
		}
		return false
	}, nil
}
