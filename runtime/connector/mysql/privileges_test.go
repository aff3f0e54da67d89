package mysql_test

import (
	"context"
	"fmt"
	"testing"

	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/database/databasetest"
	"kcgen.dev/runtime/connector/mysql"
	"kcgen.dev/runtime/servertest"
)

// What a user lacks is what is not granted on all, on the database, on the table
// or on its columns.
func TestLacks(t *testing.T) {
	dialect := mysql.Database{}.Dialect().(interface {
		Lacks(ctx context.Context, q database.Querier, t database.Table, rights []database.Right) ([]database.Right, error)
		Unordered(ctx context.Context, q database.Querier, t database.Table, column string) (string, error)
	})
	asked := []database.Right{database.Select, database.Insert, database.Update, database.Delete, database.Create, database.Alter}
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		l := s.Database(t)
		s.Exec(t, l.Name, "CREATE TABLE a (id INT, v INT)")
		user := servertest.MySQLLogin{Host: l.Host, Name: l.Name, User: servertest.Unique("l@x"), Password: "x"}
		s.Exec(t, "", fmt.Sprintf("CREATE USER '%[1]s'@'%%' IDENTIFIED BY 'x'; GRANT SELECT (id) ON `%[2]s`.a TO '%[1]s'@'%%'; GRANT INSERT ON `%[2]s`.a TO '%[1]s'@'%%'; GRANT CREATE ON `db\\_%%`.* TO '%[1]s'@'%%'", user.User, l.Name))
		defer s.Exec(t, "", fmt.Sprintf("DROP USER '%s'@'%%'", user.User))
		db := databasetest.Open(t, databaseOf(t, user))
		for table, want := range map[string][]database.Right{
			"a": {database.Update, database.Delete, database.Alter}, "b": {database.Select, database.Insert, database.Update, database.Delete, database.Alter},
		} {
			got, err := dialect.Lacks(t.Context(), db, database.Table{Name: table}, asked)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("table %s lacks %v (%v), want %v", table, got, err, want)
			}
		}
		if got, err := dialect.Lacks(t.Context(), databasetest.Open(t, databaseOf(t, l)), database.Table{Schema: l.Name, Name: "a"}, asked); err != nil || len(got) != 0 {
			t.Errorf("the owner lacks %v (%v)", got, err)
		}
		if why, err := dialect.Unordered(t.Context(), db, database.Table{Name: "a"}, "id"); err != nil || why != "" {
			t.Errorf("unordered: %q (%v)", why, err)
		}
	})
}
