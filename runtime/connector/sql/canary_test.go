package sql

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/mysql"
	"kcgen.dev/runtime/connector/postgres"
	"kcgen.dev/runtime/connector/sqlite"
	"kcgen.dev/runtime/connector/sqlserver"
	"kcgen.dev/runtime/secret"
	"kcgen.dev/runtime/servertest"
)

// canary is a password with what URLs and connection strings trip over, plainCanary
// one without.
const (
	canary      = "c'n;rY=%zz@:/ ?#x"
	plainCanary = "hunter2hunter2"
)

// No error, finding or log line shows a password, be it one that the server
// refuses, one for nobody who answers, or one that stands in a URL.
func TestPasswordsAreNotShown(t *testing.T) {
	t.Setenv("SQL_CANARY", canary)
	nobody, liar := nowhere(t), babbler(t)
	mariadb, pg := servertest.SharedMariaDB(t).Database(t), servertest.SharedPostgres(t).Database(t)
	for _, host := range []string{nobody, liar} {
		neverShown(t, postgres.Database{URL: "postgresql://" + host + "/d"})
		neverShown(t, mysql.Database{URL: "mysql://" + host + "/d"})
		neverShown(t, sqlserver.Database{URL: "sqlserver://" + host + ";databaseName=d"})
	}
	neverShown(t, mysql.Database{URL: "mysql://" + mariadb.Host + "/" + mariadb.Name, User: mariadb.User})
	neverShown(t, postgres.Database{URL: "postgresql://" + pg.Host + "/" + pg.Name, User: pg.User})
	for _, form := range []string{"u:%s@h/d", "h/d?password=%s", "h/d&password=%s", "h/d;password=%s", "h/d#%s", "h:%s/d",
		"h;databaseName=d;password=%s", "h;databaseName=d&password=%s"} {
		for _, password := range []string{canary, plainCanary} {
			rest := "://" + fmt.Sprintf(form, password)
			neverShown(t, postgres.Database{URL: "postgresql" + rest})
			neverShown(t, mysql.Database{URL: "mysql" + rest})
			neverShown(t, sqlserver.Database{URL: "sqlserver" + rest})
		}
	}
	neverShown(t, sqlite.Database{File: t.TempDir()})
}

// neverShown has a source and a sink fail with a database.
func neverShown(t *testing.T, d database.Database) {
	t.Helper()
	d = withCanary(t, d)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var log logged
	logger := slog.New(slog.NewTextHandler(&log, nil))
	source := Source{Connection: d, Mode: bulk, TopicPrefix: "t-"}
	tasks, err := source.Tasks(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer tasks[0].Close()
	sourceErr := tasks[0].Open(ctx, connect.SourceContext{Name: "test", Offsets: memory{}, Log: logger})
	sink := (&shop{t: t, db: d}).sink(Sink{})
	_, sinkErr := sink.Open(ctx, connect.SinkContext{Name: "test", Log: logger, Results: &run{t: t}})
	if sourceErr == nil || sinkErr == nil {
		t.Fatalf("%s: no errors: %v, %v", d, sourceErr, sinkErr)
	}
	said := fmt.Sprint(d, sourceErr, sinkErr, source.Check(ctx, connect.CheckContext{Name: "test"}),
		sink.Check(ctx, connect.CheckContext{Name: "test", Topics: []string{"t"}}), log.String())
	said += fmt.Sprintf("%+v %+v", source, sink)
	for _, part := range []string{canary, "c'n", "%zz", plainCanary} {
		if strings.Contains(said, part) {
			t.Fatalf("%T: the password is in: %s", d, said)
		}
	}
}

// withCanary gives a database the password.
func withCanary(t *testing.T, d database.Database) database.Database {
	t.Helper()
	ref := secret.Ref("${env:SQL_CANARY}")
	var err error
	switch x := d.(type) {
	case postgres.Database:
		x.Password, x.ConnectTimeout = ref, 5*time.Second
		err, d = secret.Resolve(&x.Password), x
	case mysql.Database:
		x.Password, x.ConnectTimeout, x.SocketTimeout = ref, 5*time.Second, 5*time.Second
		err, d = secret.Resolve(&x.Password), x
	case sqlserver.Database:
		x.Password, x.ConnectTimeout = ref, 5*time.Second
		err, d = secret.Resolve(&x.Password), x
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// nowhere is an address where nobody listens.
func nowhere(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// babbler is an address of somebody who is no database.
func babbler(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}
