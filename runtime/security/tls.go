package security

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"
)

// Config reads the files. Certificates of the client are read again for each
// connection, so that a renewed one is taken up without a restart. Errors begin
// with the option's name.
func (t *TLS) Config() (*tls.Config, error) {
	cfg := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         t.ServerName,
		InsecureSkipVerify: t.InsecureSkipVerify,
	}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("tls.caFile: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls.caFile: %s holds no PEM certificate", t.CAFile)
		}
	}
	if (t.CertFile == "") != (t.KeyFile == "") {
		return nil, errors.New("tls.certFile and tls.keyFile go together")
	}
	if t.CertFile != "" {
		load := func() (*tls.Certificate, error) {
			cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
			if err != nil {
				return nil, fmt.Errorf("tls.certFile, tls.keyFile: %w", err)
			}
			return &cert, nil
		}
		if _, err := load(); err != nil {
			return nil, err
		}
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return load() }
	}
	return cfg, nil
}

// Lapsed says when the client's certificate has expired, or begins; "" where it
// is valid now, or there is none.
func (t *TLS) Lapsed() string {
	if t == nil || t.CertFile == "" {
		return ""
	}
	cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		return ""
	}
	switch now := time.Now(); {
	case now.After(cert.Leaf.NotAfter):
		return "it expired on " + cert.Leaf.NotAfter.UTC().Format(time.RFC3339)
	case now.Before(cert.Leaf.NotBefore):
		return "it is not valid before " + cert.Leaf.NotBefore.UTC().Format(time.RFC3339)
	}
	return ""
}
