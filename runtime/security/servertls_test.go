package security

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// handshake gives the certificate that a server shows, and what the client is
// told.
func handshake(t *testing.T, server *tls.Config, client *tls.Config) ([]byte, error) {
	t.Helper()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	s, c := tls.Server(a, server), tls.Client(b, client)
	go func() {
		defer a.Close()
		if s.Handshake() == nil {
			_, _ = s.Write([]byte{1})
		}
	}()
	if err := c.Handshake(); err != nil {
		return nil, err
	}
	if _, err := c.Read(make([]byte, 1)); err != nil {
		return nil, err // the server's verdict comes behind the handshake
	}
	return c.ConnectionState().PeerCertificates[0].Raw, nil
}

// A certificate that is renewed is shown to the next client; one that cannot
// be used is not.
func TestServerRenewed(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")
	want := pair(t, certFile, keyFile, 1)
	var log bytes.Buffer
	cfg, err := (&ServerTLS{CertFile: certFile, KeyFile: keyFile}).Config(slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	client := &tls.Config{InsecureSkipVerify: true}
	for serial := int64(2); serial < 5; serial++ {
		got, err := handshake(t, cfg, client)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("before serial %d: another certificate, or %v", serial, err)
		}
		want = pair(t, certFile, keyFile, serial)
	}
	if got, err := handshake(t, cfg, client); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("the last: another certificate, or %v", err)
	}
	for _, broken := range []func() error{
		func() error { return os.WriteFile(certFile, []byte("half a fi"), 0o600) },
		func() error { return os.Remove(certFile) },
		func() error { pair(t, certFile, filepath.Join(dir, "other.pem"), 9); return nil }, // of another key
	} {
		if err := broken(); err != nil {
			t.Fatal(err)
		}
		log.Reset()
		for range 2 {
			if got, err := handshake(t, cfg, client); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("over a broken file: another certificate, or %v", err)
			}
		}
		if n := strings.Count(log.String(), "cannot be used"); n != 1 {
			t.Errorf("said %d times: %s", n, log.String())
		}
	}
}

// With authorities given, a client must show a certificate of theirs.
func TestServerMutual(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")
	clientCert, clientKey := filepath.Join(dir, "cc.pem"), filepath.Join(dir, "ck.pem")
	otherCert, otherKey := filepath.Join(dir, "oc.pem"), filepath.Join(dir, "ok.pem")
	pair(t, certFile, keyFile, 1)
	pair(t, clientCert, clientKey, 2)
	pair(t, otherCert, otherKey, 3)
	cfg, err := (&ServerTLS{CertFile: certFile, KeyFile: keyFile, ClientCAFile: clientCert}).Config(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cert, key string
		good      bool
	}{{clientCert, clientKey, true}, {otherCert, otherKey, false}, {"", "", false}} {
		client := &tls.Config{InsecureSkipVerify: true}
		if c.cert != "" {
			mine, err := tls.LoadX509KeyPair(c.cert, c.key)
			if err != nil {
				t.Fatal(err)
			}
			client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &mine, nil }
		}
		if _, err := handshake(t, cfg, client); (err == nil) != c.good {
			t.Errorf("client %q: %v", c.cert, err)
		}
	}
	old := &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}
	if _, err := handshake(t, cfg, old); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

// Faults name the option.
func TestServerTLSFaults(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile, empty := filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem"), filepath.Join(dir, "empty.pem")
	pair(t, certFile, keyFile, 1)
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]ServerTLS{
		"worker.rest.tls.certFile, worker.rest.tls.keyFile: ": {CertFile: certFile, KeyFile: empty},
		"worker.rest.tls.clientCAFile: open":                  {CertFile: certFile, KeyFile: keyFile, ClientCAFile: filepath.Join(dir, "none")},
		"holds no PEM certificate":                            {CertFile: certFile, KeyFile: keyFile, ClientCAFile: empty},
	} {
		if _, err := c.Config(nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
