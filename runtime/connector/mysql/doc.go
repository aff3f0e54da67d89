// Package mysql is MySQL and MariaDB for the connectors that speak SQL: see package database.
package mysql

import _ "github.com/go-sql-driver/mysql"
