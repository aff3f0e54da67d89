package mysql_test

import (
	"testing"
	"time"

	"kcgen.dev/runtime/connector/mysql"
	"kcgen.dev/runtime/secret"
	"kcgen.dev/runtime/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// eachServer runs a test against MariaDB, and MySQL where that is asked for.
func eachServer(t *testing.T, test func(t *testing.T, s *servertest.MySQL)) {
	t.Helper()
	t.Run("mariadb", func(t *testing.T) { test(t, servertest.SharedMariaDB(t)) })
	if servertest.WithMySQL() {
		t.Run("mysql", func(t *testing.T) { test(t, servertest.SharedMySQL(t)) })
	}
}

// databaseOf is a login as a spec has it.
func databaseOf(t testing.TB, l servertest.MySQLLogin) mysql.Database {
	t.Helper()
	d := mysql.Database{URL: "mysql://" + l.Host + "/" + l.Name, User: l.User, Password: secret.Ref("${env:" + servertest.Env(t, l.Password) + "}"), ConnectTimeout: 10 * time.Second}
	if err := secret.Resolve(&d); err != nil {
		t.Fatal(err)
	}
	return d
}
