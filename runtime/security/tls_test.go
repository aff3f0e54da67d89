package security

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pair writes a certificate and its key, and returns the certificate.
func pair(t *testing.T, certFile, keyFile string, serial int64) []byte {
	t.Helper()
	now := time.Now()
	return pairFor(t, certFile, keyFile, serial, now.Add(-time.Hour), now.Add(time.Hour))
}

func pairFor(t *testing.T, certFile, keyFile string, serial int64, from, to time.Time) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(serial), NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return der
}

// A client's certificate that is renewed is taken up by the next connection.
func TestRenewedCertificate(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")
	first := pair(t, certFile, keyFile, 1)
	cfg, err := (&TLS{CertFile: certFile, KeyFile: keyFile, CAFile: certFile}).Config()
	if err != nil {
		t.Fatal(err)
	}
	for serial, want := int64(2), first; serial < 4; serial++ {
		got, err := cfg.GetClientCertificate(nil)
		if err != nil || !bytes.Equal(got.Certificate[0], want) {
			t.Fatalf("before serial %d: another certificate, or %v", serial, err)
		}
		want = pair(t, certFile, keyFile, serial)
	}
}

// Faults name the option.
func TestTLSFaults(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile, empty := filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem"), filepath.Join(dir, "empty.pem")
	pair(t, certFile, keyFile, 1)
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]TLS{
		"tls.caFile: open":                      {CAFile: filepath.Join(dir, "none")},
		"holds no PEM certificate":              {CAFile: empty},
		"tls.certFile and tls.keyFile go toget": {CertFile: certFile},
		"tls.certFile, tls.keyFile: ":           {CertFile: certFile, KeyFile: empty},
	} {
		if _, err := c.Config(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// A client's certificate whose time is over, or has not come, is told from one
// that the other end does not like.
func TestLapsed(t *testing.T) {
	dir := t.TempDir()
	c := &TLS{CertFile: filepath.Join(dir, "c.pem"), KeyFile: filepath.Join(dir, "k.pem")}
	now := time.Now()
	for want, at := range map[string]time.Duration{"it expired on ": -3 * time.Hour, "it is not valid before ": 3 * time.Hour, "": 0} {
		pairFor(t, c.CertFile, c.KeyFile, 1, now.Add(at-time.Hour), now.Add(at+time.Hour))
		if got := c.Lapsed(); !strings.HasPrefix(got, want) || (got == "") != (want == "") {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for _, c := range []*TLS{nil, {}, {CertFile: "none", KeyFile: "none"}} {
		if got := c.Lapsed(); got != "" {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
