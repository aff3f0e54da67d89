package predicate

import "kcgen.dev/runtime/connect"

var _ connect.Split = RecordIsTombstone{}

// Open gives the test.
func (RecordIsTombstone) Open() (connect.Test, error) {
	return (*connect.Record).IsTombstone, nil
}

// Split tells the values that are null from those that are not.
func (RecordIsTombstone) Split(s connect.Shape) (yes, no *connect.Shape) {
	nulls := s.Value.Nulls
	if nulls != connect.NullsNever {
		is := s
		is.Value.Nulls = connect.NullsAlways
		yes = &is
	}
	if nulls != connect.NullsAlways {
		not := s
		not.Value.Nulls, not.Value.Typed = connect.NullsNever, false
		no = &not
	}
	return yes, no
}
