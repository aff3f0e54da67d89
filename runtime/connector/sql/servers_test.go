package sql

import (
	"testing"
	"time"

	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/mysql"
	"kcgen.dev/runtime/connector/postgres"
	"kcgen.dev/runtime/secret"
	"kcgen.dev/runtime/servertest"
)

// onPostgres is a database on a server.
func onPostgres(t testing.TB, p *servertest.Postgres) (*file, postgres.Database) {
	t.Helper()
	d := postgresOf(t, p.Database(t))
	return &file{t: t, db: shopOf(t, d).pool}, d
}

// onMariaDB is a database on a server.
func onMariaDB(t testing.TB, p *servertest.MySQL) (*file, mysql.Database) {
	t.Helper()
	d := mariaOf(t, p.Database(t))
	return &file{t: t, db: shopOf(t, d).pool}, d
}

func postgresOf(t testing.TB, l servertest.PostgresLogin) postgres.Database {
	t.Helper()
	d := postgres.Database{URL: "postgresql://" + l.Host + "/" + l.Name, User: l.User, Password: secret.Ref("${env:" + servertest.Env(t, l.Password) + "}"), ConnectTimeout: 10 * time.Second}
	if err := secret.Resolve(&d); err != nil {
		t.Fatal(err)
	}
	return d
}

func mariaOf(t testing.TB, l servertest.MySQLLogin) mysql.Database {
	t.Helper()
	d := mysql.Database{URL: "jdbc:mysql://" + l.Host + "/" + l.Name, User: l.User, Password: secret.Ref("${env:" + servertest.Env(t, l.Password) + "}"), ConnectTimeout: 10 * time.Second}
	if err := secret.Resolve(&d); err != nil {
		t.Fatal(err)
	}
	return d
}

// eachMode reads the three rows of table a in each mode, of the table and of a
// query, and has more tested with the offsets that came.
func eachMode(t *testing.T, f *file, d database.Database, rows []string, more func(t *testing.T, s Source, mem memory)) {
	for _, mode := range []string{bulk, incrementing, timestamp, timestampIncrementing} {
		for _, query := range []string{"", "SELECT * FROM a WHERE id > 0"} {
			t.Run(mode+" "+query, func(t *testing.T) {
				s := f.source(mode, byColumns, func(s *Source) {
					s.Connection, s.Query, s.BatchMaxRows = d, query, 2
					if query != "" {
						s.TopicPrefix = "t-a"
					}
					if mode == bulk {
						s.PollInterval = time.Hour
					}
				})
				mem := memory{}
				l := begin(t, s, mem).until(3)
				if got := l.take(); mode != timestamp {
					same(t, got, rows...)
				}
				l.close()
				if mode != bulk {
					more(t, s, mem)
				}
			})
		}
	}
}
