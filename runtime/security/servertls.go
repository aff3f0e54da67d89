package security

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Config reads the files. When they have changed, the next connection reads
// them again; what is there then and cannot be used (half a file, a key of
// another certificate) is said to the log, and the former goes on. Errors begin
// with the option's name. A nil log is silence.
func (t *ServerTLS) Config(log *slog.Logger) (*tls.Config, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &serverFiles{options: *t, log: log}
	first, err := s.load(s.stamps())
	if err != nil {
		return nil, err
	}
	s.current.Store(first)
	cfg := first.config.Clone()
	cfg.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return s.latest(), nil }
	return cfg, nil
}

// serverFiles are the files of a server's TLS.
type serverFiles struct {
	options ServerTLS
	log     *slog.Logger
	current atomic.Pointer[loaded]
	failed  atomic.Pointer[stamps] // the files that could not be used last
	one     sync.Mutex             // who reads; the others go on with what there is
}

type loaded struct {
	config *tls.Config
	from   stamps
}

// stamps say which state of the files was read; nil is a file that is not
// there.
type stamps [3]os.FileInfo

func (s *serverFiles) stamps() stamps {
	var out stamps
	for i, name := range []string{s.options.CertFile, s.options.KeyFile, s.options.ClientCAFile} {
		if name != "" {
			out[i], _ = os.Stat(name)
		}
	}
	return out
}

func (a stamps) equal(b stamps) bool {
	for i := range a {
		if (a[i] == nil) != (b[i] == nil) {
			return false
		}
		if a[i] != nil && (!os.SameFile(a[i], b[i]) || !a[i].ModTime().Equal(b[i].ModTime()) || a[i].Size() != b[i].Size()) {
			return false
		}
	}
	return true
}

// latest is the configuration of the files as they are, or as they last could
// be used.
func (s *serverFiles) latest() *tls.Config {
	now := s.stamps()
	have := s.current.Load()
	if failed := s.failed.Load(); now.equal(have.from) || failed != nil && now.equal(*failed) || !s.one.TryLock() {
		return have.config
	}
	defer s.one.Unlock()
	next, err := s.load(now)
	if err != nil {
		s.failed.Store(&now)
		s.log.Error("the server's certificate has changed and cannot be used; the former one goes on", "error", err)
		return have.config
	}
	s.current.Store(next)
	s.log.Info("the server's certificate was read again", "file", s.options.CertFile)
	return next.config
}

func (s *serverFiles) load(from stamps) (*loaded, error) {
	o := s.options
	cert, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("worker.rest.tls.certFile, worker.rest.tls.keyFile: %w", err)
	}
	if leaf := cert.Leaf; leaf != nil && time.Now().After(leaf.NotAfter) {
		s.log.Warn("the server's certificate has expired: clients will refuse it", "file", o.CertFile, "expired", leaf.NotAfter)
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}}
	if o.ClientCAFile != "" {
		pem, err := os.ReadFile(o.ClientCAFile)
		if err != nil {
			return nil, fmt.Errorf("worker.rest.tls.clientCAFile: %w", err)
		}
		cfg.ClientCAs = x509.NewCertPool()
		if !cfg.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("worker.rest.tls.clientCAFile: %s holds no PEM certificate", o.ClientCAFile)
		}
		cfg.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return &loaded{cfg, from}, nil
}
