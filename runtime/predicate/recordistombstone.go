package predicate

import "kcgen.dev/runtime/connect"

var _ connect.Predicate = RecordIsTombstone{}

// Open gives the test.
func (RecordIsTombstone) Open() (connect.Test, error) {
	return (*connect.Record).IsTombstone, nil
}
