package sql

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/servertest"
)

// eachShop runs a test on a database of each kind, of its own.
func eachShop(t *testing.T, test func(t *testing.T, s *shop)) {
	t.Run("sqlite", func(t *testing.T) { test(t, newShop(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, postgresShop(t)) })
	t.Run("mariadb", func(t *testing.T) { test(t, mariaShop(t)) })
}

func postgresShop(t testing.TB) *shop {
	t.Helper()
	return shopOf(t, postgresOf(t, servertest.SharedPostgres(t).Database(t)))
}

func mariaShop(t testing.TB) *shop {
	t.Helper()
	return shopOf(t, mariaOf(t, servertest.SharedMariaDB(t).Database(t)))
}

// spoken is a statement with names in double quotes as the database quotes them.
func (s *shop) spoken(text string) string {
	if q := string(s.db.Dialect().AppendIdentifier(nil, "x")); q[0] == '`' {
		return strings.ReplaceAll(text, `"`, "`")
	}
	return text
}

// quoted is a name as it stands in a statement.
func (s *shop) quoted(name string) string {
	return string(s.db.Dialect().AppendIdentifier(nil, name))
}

// in is the shop in another test, without tables.
func (s *shop) in(t testing.TB) *shop {
	t.Helper()
	d := s.db.Dialect()
	tables, err := d.Tables(t.Context(), s.pool, "", []string{"TABLE"})
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if _, err := s.pool.Exec(string(database.AppendTable([]byte("DROP TABLE "), d, table))); err != nil {
			t.Fatal(err)
		}
	}
	return shopOf(t, s.db) // a new pool: plans of the old tables are cached
}
