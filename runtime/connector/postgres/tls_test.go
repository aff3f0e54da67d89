package postgres_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/postgres"
	"kcgen.dev/runtime/security"
	"kcgen.dev/runtime/servertest"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	p := servertest.NewPostgres(t)
	l := p.Database(t)
	plain := login(t, l)
	withTLS := func(tls security.TLS) postgres.Database {
		d := plain
		d.TLS = &tls
		return d
	}
	if fault, err := ping(t, withTLS(security.TLS{InsecureSkipVerify: true})); fault != database.Denied || !strings.Contains(err.Error(), "TLS") {
		t.Errorf("a server without TLS is fault %d: %v", fault, err)
	}
	cert, key := selfSigned(t, "db.example")
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, []byte(cert), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"server.crt": cert, "server.key": key} {
		p.Exec(t, "postgres", fmt.Sprintf("COPY (SELECT unnest(string_to_array('%s', E'\\n'))) TO PROGRAM 'cat > %s && chmod 600 %[2]s'", text, name))
	}
	p.Exec(t, "postgres", "ALTER SYSTEM SET ssl = on")
	if err := p.Restart(); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name string
		tls  security.TLS
		want bool
	}{
		{"any certificate", security.TLS{InsecureSkipVerify: true}, true},
		{"its authority and name", security.TLS{CAFile: ca, ServerName: "db.example"}, true},
		{"another name", security.TLS{CAFile: ca}, false},
		{"another authority", security.TLS{ServerName: "db.example"}, false},
	} {
		d := withTLS(x.tls)
		fault, err := ping(t, d)
		if (err == nil) != x.want || err != nil && fault != database.Denied {
			t.Errorf("%s: fault %d, %v", x.name, fault, err)
		}
		if !x.want {
			continue
		}
		db, err := d.Open()
		if err != nil {
			t.Fatal(err)
		}
		if got := text(t, db, "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()").String; !strings.HasPrefix(got, "TLS") {
			t.Errorf("%s: the connection speaks %q", x.name, got)
		}
		db.Close()
	}
	d := withTLS(security.TLS{CAFile: filepath.Join(t.TempDir(), "none")})
	if _, err := d.Open(); err == nil || !strings.Contains(err.Error(), "tls.caFile") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func ping(t *testing.T, d postgres.Database) (database.Fault, error) {
	t.Helper()
	db, err := d.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.PingContext(t.Context())
	return dialect.Fault(err), err
}

func selfSigned(t *testing.T, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}

// A standby is taken where one is wanted, and the options of a session hold.
func TestSession(t *testing.T) {
	l := servertest.SharedPostgres(t).Database(t)
	d := login(t, l)
	d.ApplicationName, d.CurrentSchema, d.TargetServerType = "orders-pipeline", `Other, "$user"`, "primary"
	d.URL = "postgresql://127.0.0.1:1," + l.Host + "/" + l.Name // the first is nobody
	db, err := d.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	exec(t, db, `CREATE SCHEMA "Other"`, `CREATE TABLE "Other".t (id int)`)
	got := text(t, db, `SELECT concat_ws(' ', current_setting('application_name'), current_setting('search_path'), current_setting('TimeZone'),
		current_setting('client_encoding'), to_regclass('t') IS NOT NULL, pg_is_in_recovery())`).String
	if want := `orders-pipeline "Other","$user" UTC UTF8 t f`; got != want {
		t.Errorf("the session is %s, want %s", got, want)
	}
	d.TargetServerType = "secondary"
	if fault, err := ping(t, d); fault != database.Away {
		t.Errorf("without a standby it is fault %d: %v", fault, err)
	}
	d.TargetServerType = "preferSecondary"
	if _, err := ping(t, d); err != nil {
		t.Errorf("without a standby the primary would do: %v", err)
	}
}
