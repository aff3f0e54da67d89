// Package sqlite is SQLite for the connectors that speak SQL: see package database.
package sqlite

import _ "modernc.org/sqlite"
