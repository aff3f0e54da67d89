package mysql_test

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/database/databasetest"
	"kcgen.dev/runtime/connector/mysql"
	"kcgen.dev/runtime/security"
	"kcgen.dev/runtime/servertest"
)

// A URL with more in it than it may have is refused, and not shown.
func TestURL(t *testing.T) {
	for url, want := range map[string]string{
		"jdbc:mysql://db:3307/shop": "MySQL at db:3307/shop", "mariadb://[::1]/shop": "MariaDB at [::1]:3306/shop", "jdbc:mariadb://db/shop": "MariaDB at db:3306/shop",
		"mysql://u:secret@db/shop": "", "mysql://db/shop?password=secret": "", "mysql://db": "", "mysql://db/a/b": "", "postgresql://db/shop": "", "mysql://db:port/secret": "", "": "",
	} {
		d := mysql.Database{URL: url, User: "u"}
		db, err := d.Open()
		if want == "" {
			if err == nil || strings.Contains(err.Error()+d.String(), "secret") {
				t.Errorf("%s: %v", url, err)
			}
			continue
		}
		if err != nil || d.String() != want {
			t.Errorf("%s: %s (%v), want %s", url, d, err, want)
			continue
		}
		db.Close()
	}
	missing := mysql.Database{URL: "mysql://db/shop", User: "u", TLS: &security.TLS{CAFile: "/is/not/there"}}
	if _, err := missing.Open(); err == nil || !strings.Contains(err.Error(), "tls.caFile") {
		t.Errorf("a missing file: %v", err)
	}
}

// A server without TLS, or with a certificate that nobody vouches for, is not
// tried again. (Debian's MariaDB has none, MySQL makes its own.)
func TestTLS(t *testing.T) {
	d := databaseOf(t, servertest.SharedMariaDB(t).Database(t))
	d.TLS = &security.TLS{InsecureSkipVerify: true}
	wantFault(t, d.Dialect(), databasetest.Open(t, d).PingContext(t.Context()), database.Denied)
	if !servertest.WithMySQL() {
		return
	}
	d = databaseOf(t, servertest.SharedMySQL(t).Database(t))
	d.TLS = &security.TLS{}
	wantFault(t, d.Dialect(), databasetest.Open(t, d).PingContext(t.Context()), database.Denied)
	d.TLS.InsecureSkipVerify = true
	var name, cipher string
	if err := databasetest.Open(t, d).QueryRow("SHOW SESSION STATUS LIKE 'Ssl_cipher'").Scan(&name, &cipher); err != nil || cipher == "" {
		t.Errorf("cipher %q (%v)", cipher, err)
	}
}
