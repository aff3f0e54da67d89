package transform

import "kcgen.dev/runtime/connect"

var _ connect.Transform = Filter{}

// Open gives the function that drops.
func (Filter) Open() (connect.Apply, error) {
	return func(*connect.Record) (bool, error) { return false, nil }, nil
}
