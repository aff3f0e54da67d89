package database

// Owners is a Dialect of a database in which who makes a table owns it, and
// needs no further right to it.
type Owners interface {
	MakersOwn() bool
}
