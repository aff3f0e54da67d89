package database

import "database/sql"

// Isolations is a Dialect whose transactions have other levels of isolation than
// those of SQL's standard.
type Isolations interface {
	Isolations() []sql.IsolationLevel
}

// IsolationsOf are the levels that a dialect's transactions may have.
func IsolationsOf(d Dialect) []sql.IsolationLevel {
	if i, ok := d.(Isolations); ok {
		return i.Isolations()
	}
	return []sql.IsolationLevel{sql.LevelReadUncommitted, sql.LevelReadCommitted, sql.LevelRepeatableRead, sql.LevelSerializable}
}
