package postgres

import "kcgen.dev/runtime/connector/database"

var _ database.Owners = dialect{}

// MakersOwn is whether who makes a table owns it.
func (dialect) MakersOwn() bool { return true }
