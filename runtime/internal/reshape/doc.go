// Package reshape makes maps and structs of others by plans. What a transform
// does to the fields of a record depends mostly on the keys or on the schema,
// of which many records have the same: the plan is made once for those, and says
// for each place of the new map or struct what comes there. The plans of
// transforms that follow each other are put together, so that a record which
// many of them change is copied once.
//
// A plan holds only where all is well. Whatever does not fit (a null where a
// value is required, a cast that fails) is left to the transforms themselves, one
// by one, which say what is wrong with what.
//
//	plan.go  what a plan is    run.go   a plan at work
//	then.go  two plans as one  join.go  many transforms as one
package reshape
