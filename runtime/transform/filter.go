package transform

import "kcgen.dev/runtime/connect"

var _ connect.Transform = Filter{}

// Open gives the function that drops.
func (Filter) Open() (connect.Apply, error) {
	return func(*connect.Record) (bool, error) { return false, nil }, nil
}

// Flow leaves no record.
func (Filter) Flow(s *connect.Shape) error {
	*s = connect.Shape{None: true}
	return nil
}
