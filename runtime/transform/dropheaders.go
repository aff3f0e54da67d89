package transform

import (
	"errors"
	"fmt"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = DropHeaders{}

// Open gives the function that does it.
func (h DropHeaders) Open() (connect.Apply, error) {
	if len(h.Headers) == 0 {
		return nil, fmt.Errorf("transform: open DropHeaders: %w", errors.New("no header to drop"))
	}
	names := make(map[string]bool, len(h.Headers))
	for _, name := range h.Headers {
		names[name] = true
	}
	return func(r *connect.Record) (bool, error) {
		r.Headers = without(r.Headers, names)
		return true, nil
	}, nil
}

// Flow changes nothing: no more is known of headers.
func (DropHeaders) Flow(*connect.Shape) error { return nil }

// without is the headers of other names: the same list where none has to go,
// and otherwise a new one, as the old may be another record's too.
func without(in []connect.Header, names map[string]bool) []connect.Header {
	stay := 0
	for i := range in {
		if !names[in[i].Key] {
			stay++
		}
	}
	switch stay {
	case len(in):
		return in
	case 0:
		return nil
	}
	out := make([]connect.Header, 0, stay)
	for i := range in {
		if !names[in[i].Key] {
			out = append(out, in[i])
		}
	}
	return out
}
