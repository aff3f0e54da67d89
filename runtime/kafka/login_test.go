package kafka

import (
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"kcgen.dev/runtime/security"
)

// A login that is renewed lets in the clients that are there, and those that
// are made then; one that cannot be used changes nothing.
func TestRenew(t *testing.T) {
	c := cluster(t, kfake.EnableSASL(), kfake.User("SCRAM-SHA-256", "bob", "right"))
	as := func(password string) Cluster {
		return Cluster{Brokers: c.ListenAddrs(), SASL: &SASL{Mechanism: "SCRAM-SHA-256", Username: "bob", Password: reveal(t, password), AllowWithoutTLS: true}}
	}
	k, err := Connect(as("canary-wrong"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if err := k.Wait(within(t), 300*time.Millisecond); err == nil {
		t.Fatal("a wrong password was taken")
	}
	w, err := k.Writer(Producer{}, "w")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close(t.Context())
	for want, bad := range map[string]Cluster{
		"needs sasl.username":  {Brokers: c.ListenAddrs(), SASL: &SASL{Mechanism: "PLAIN", AllowWithoutTLS: true}},
		"do not come or go":    {Brokers: c.ListenAddrs()},
		"kafka.brokers":        {SASL: as("right").SASL},
		"kafka: tls.caFile":    {Brokers: c.ListenAddrs(), SASL: as("right").SASL, TLS: &security.TLS{CAFile: "/nowhere"}},
		"in the clear; add":    {Brokers: c.ListenAddrs(), SASL: &SASL{Mechanism: "PLAIN", Username: "u", Password: reveal(t, "x")}},
		"must be HOST:PORT":    {Brokers: []string{"a/b"}, SASL: as("right").SASL},
		"is not one of PLAIN,": {Brokers: c.ListenAddrs(), SASL: &SASL{Mechanism: "GSSAPI", AllowWithoutTLS: true}},
	} {
		if err := k.Renew(bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if err := k.Renew(as("right")); err != nil {
		t.Fatal(err)
	}
	if err := k.Wait(within(t), time.Minute); err != nil {
		t.Errorf("a new client: %v", err)
	}
	if _, err := k.Exists(within(t), "x"); err != nil {
		t.Errorf("the Conn's own client: %v", err)
	}
	if _, _, err := w.cl.ProducerID(within(t)); err != nil {
		t.Errorf("a writer that was there: %v", err)
	}
}

// Authorities are read anew.
func TestRenewTLS(t *testing.T) {
	t.Parallel()
	old, caFile := certificate(t)
	_, other := certificate(t)
	c := cluster(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{old}}))
	k, err := Connect(Cluster{Brokers: c.ListenAddrs(), TLS: &security.TLS{CAFile: other}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if err := k.Wait(within(t), time.Minute); err == nil || !strings.Contains(err.Error(), "does not hold") {
		t.Fatalf("another authority: %v", err)
	}
	if err := k.Renew(Cluster{Brokers: c.ListenAddrs(), TLS: &security.TLS{CAFile: caFile}}); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Exists(within(t), "x"); err != nil {
		t.Error(err)
	}
}
