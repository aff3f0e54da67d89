// Package sqlserver is SQL Server for the connectors that speak SQL: see package database.
package sqlserver

import _ "github.com/microsoft/go-mssqldb"
