// Package postgres is PostgreSQL for the connectors that speak SQL: see package database.
package postgres

import _ "github.com/jackc/pgx/v5/stdlib"
