package postgres_test

import (
	"context"
	"database/sql"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/postgres"
	"kcgen.dev/runtime/secret"
	"kcgen.dev/runtime/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// fresh is a database of the test's own, as the options name it.
func fresh(t testing.TB) (postgres.Database, *sql.DB) {
	t.Helper()
	return open(t, servertest.SharedPostgres(t).Database(t))
}

func open(t testing.TB, l servertest.PostgresLogin) (postgres.Database, *sql.DB) {
	t.Helper()
	d := login(t, l)
	db, err := d.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return d, db
}

func login(t testing.TB, l servertest.PostgresLogin) postgres.Database {
	t.Helper()
	d := postgres.Database{URL: "jdbc:postgresql://" + l.Host + "/" + l.Name, User: l.User, Password: secret.Ref("${env:" + servertest.Env(t, l.Password) + "}")}
	if err := secret.Resolve(&d); err != nil {
		t.Fatal(err)
	}
	return d
}

func exec(t testing.TB, q database.Querier, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := q.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func conn(t testing.TB, db *sql.DB) *sql.Conn {
	t.Helper()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// read is all rows of a query.
func read(t testing.TB, c *sql.Conn, query string, known []database.Column, m database.Mapping, args ...any) ([]database.Column, [][]connect.Value, error) {
	t.Helper()
	rows, err := postgres.Database{}.Dialect().Rows(context.WithoutCancel(t.Context()), c, query, args, known, m)
	if err != nil {
		return nil, nil, err
	}
	var all [][]connect.Value
	for {
		row := make([]connect.Value, len(rows.Columns()))
		more, err := rows.Next(row)
		if err != nil {
			if e := rows.Close(); e != nil {
				t.Errorf("close: %v", e)
			}
			return rows.Columns(), all, err
		}
		if !more {
			return rows.Columns(), all, rows.Close()
		}
		for i, v := range row {
			if s := rows.Columns()[i].Schema; connect.Validate(s, v) != nil {
				t.Errorf("column %s: %v is no %v", rows.Columns()[i].Name, v, s)
			}
		}
		all = append(all, row)
	}
}

// standard is what the options are by default.
var standard = database.Mapping{Numeric: "none", Granularity: "connect_logical"}
