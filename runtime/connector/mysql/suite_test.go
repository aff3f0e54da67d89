package mysql_test

import (
	"testing"

	"kcgen.dev/runtime/connector/database/databasetest"
	"kcgen.dev/runtime/servertest"
)

func TestSuite(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		databasetest.Suite{Database: databaseOf(t, s.Database(t)), NameLimit: 64}.Run(t)
	})
}

// What a server's sql_mode makes of quotes and backslashes changes nothing.
func TestSuiteModes(t *testing.T) {
	t.Parallel()
	s := servertest.NewMariaDB(t)
	s.Exec(t, "", "SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT'")
	databasetest.Suite{Database: databaseOf(t, s.Database(t)), NameLimit: 64}.Run(t)
}
