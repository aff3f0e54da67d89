package rest_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kcgen.dev/runtime/rest"
	"kcgen.dev/runtime/security"
)

func serve(t *testing.T, o rest.ServerOptions) *rest.Server {
	t.Helper()
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	s, err := rest.Serve(o)
	quiet(t, "serve", err)
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // whoever still asks is cut off
		_ = s.Close(ctx)
	})
	return s
}

// slow opens connections that say something and then nothing.
func slow(t *testing.T, s *rest.Server, n int, say string) {
	t.Helper()
	for range n {
		c, err := net.Dial("tcp", s.Addr().String())
		quiet(t, "dial", err)
		t.Cleanup(func() { _ = c.Close() })
		_, _ = io.WriteString(c, say)
	}
}

const (
	slowHead = "GET /connectors HTTP/1.1\r\nHost: x\r\nX-Slow: "
	slowBody = "PATCH /connectors/src/offsets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{"
)

// Two thousand clients that send slowly keep nobody out, and hold no more
// connections than there may be. Of a hundred GETs at most one may need a second
// try: that of a connection which became the oldest before it was read. How long
// they took is in the log and no assertion, since it is the machine's load that
// it tells of first; an answer that does not come within half a minute never
// comes.
func TestSlowClients(t *testing.T) {
	clients, most := 1000, 0
	if testing.Short() {
		clients, most = 400, 256
	}
	s := serve(t, rest.ServerOptions{Handler: demo().handler(), MaxConns: most})
	slow(t, s, clients/2, slowHead)
	slow(t, s, clients/2, slowBody)
	var more sync.WaitGroup
	more.Go(func() { slow(t, s, clients/2, slowHead) }) // while others ask
	more.Go(func() { slow(t, s, clients/2, slowBody) })
	var took []time.Duration
	again := 0
	for range 500 {
		begin := time.Now()
		client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
		r, err := client.Get("http://" + s.Addr().String() + "/connectors/src/status")
		if err != nil {
			again++
			r, err = client.Get("http://" + s.Addr().String() + "/connectors/src/status")
		}
		quiet(t, "get", err)
		body, err := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil || r.StatusCode != 200 || len(body) == 0 {
			t.Fatalf("%d %s %v", r.StatusCode, body, err)
		}
		took = append(took, time.Since(begin))
	}
	more.Wait()
	slices.Sort(took)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("%d slow clients, %d MiB of memory with their own: GET p50 %v, p99 %v, longest %v", 2*clients, m.Sys>>20, took[len(took)/2], took[len(took)*99/100], took[len(took)-1])
	if again > len(took)/100 {
		t.Errorf("%d of %d GETs had no answer at first", again, len(took))
	}
	if n := s.Connections(); n > 1024 || most > 0 && n > most {
		t.Errorf("%d connections are open", n)
	}
}

// What is no HTTP, or too much of it, is refused with an answer, and without a
// fault.
func TestMalformed(t *testing.T) {
	s := serve(t, rest.ServerOptions{Handler: demo().handler()})
	for say, want := range map[string]string{
		"NONSENSE\r\n\r\n": "400",
		"GET /connectors HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("y", 64<<10) + "\r\n\r\n": "431",
		"GET /connectors HTTP/1.1\r\n\r\n": "400", // no Host
		"PATCH /connectors/src/offsets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}":                                   "400",
		"PATCH /connectors/src/offsets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n{}\r\n":                "400",
		"PATCH /connectors/src/offsets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: gzip\r\n\r\n{}":                                                  "501",
		"PATCH /connectors/src/offsets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n" + strings.Repeat(" ", 2<<20): "413",
		"GET http://evil.example/connectors HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":                                                                                       "200",
		"GET /connectors HTTP/1.0\r\n\r\n": "200",
	} {
		c, err := net.Dial("tcp", s.Addr().String())
		quiet(t, "dial", err)
		go func() { _, _ = io.WriteString(c, say) }()
		line, err := bufio.NewReader(c).ReadString('\n')
		if _, rest, _ := strings.Cut(line, " "); !strings.HasPrefix(rest, want) {
			t.Errorf("%.80q: %q %v, want %s", say, line, err, want)
		}
		_ = c.Close()
	}
}

// A stop lets a request end that is being answered, and waits for nobody who
// has asked nothing yet.
func TestClose(t *testing.T) {
	begun, finish := make(chan bool), make(chan bool)
	o := demo().o
	o.Routes = map[string]http.Handler{"/metrics": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-finish
		_, _ = io.WriteString(w, "done")
	})}
	s := serve(t, rest.ServerOptions{Handler: rest.New(o)})
	slow(t, s, 10, slowHead)
	slow(t, s, 10, slowBody)
	slow(t, s, 10, "")
	answer := make(chan string)
	go func() {
		r, err := http.Get("http://" + s.Addr().String() + "/metrics")
		if err != nil {
			answer <- err.Error()
			return
		}
		b, _ := io.ReadAll(r.Body)
		answer <- string(b)
	}()
	<-begun
	closed := make(chan error)
	go func() { closed <- s.Close(context.Background()) }()
	for s.Connections() > 1 { // all have gone but the one that is answered
		time.Sleep(time.Millisecond)
	}
	close(finish)
	if got := <-answer; got != "done" {
		t.Errorf("the request that was being answered: %s", got)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", s.Addr().String()); err == nil {
		t.Error("it still listens")
	}
}

// A stop ends in its time, whatever still hangs.
func TestCloseBound(t *testing.T) {
	begun, finish := make(chan bool), make(chan bool)
	o := demo().o
	o.Routes = map[string]http.Handler{"/metrics": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(begun); <-finish })}
	s := serve(t, rest.ServerOptions{Handler: rest.New(o)})
	go func() {
		if r, err := http.Get("http://" + s.Addr().String() + "/metrics"); err == nil {
			_ = r.Body.Close()
		}
	}()
	<-begun
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := s.Close(ctx); err == nil {
		t.Error("nobody is told that a request was cut off")
	}
	close(finish)
}

func TestPortTaken(t *testing.T) {
	s := serve(t, rest.ServerOptions{Handler: http.NotFoundHandler()})
	_, err := rest.Serve(rest.ServerOptions{Listen: s.Addr().String(), Handler: http.NotFoundHandler()})
	if err == nil || !strings.Contains(err.Error(), "worker.rest.listen") {
		t.Error(err)
	}
}

// A fault of an endpoint is the client's 500 and nobody else's.
func TestPanic(t *testing.T) {
	o := demo().o
	o.Herder = nil
	w := httptest.NewRecorder()
	rest.New(o).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 500 || strings.Contains(w.Body.String(), "nil") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Two thousand connectors with their statuses and configurations in one answer.
func BenchmarkExpand(b *testing.B) {
	p := newPipeline()
	for i := range 2000 {
		p.deploy(fmt.Sprint("connector-", i), map[string]string{"connector.class": "FileStreamSource", "file": "in.txt", "topic": "t", "tasks.max": "1"})
	}
	h := p.handler()
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/connectors?expand=status&expand=info", nil))
		if w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}

func BenchmarkStatus(b *testing.B) {
	h := demo().handler()
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/connectors/src/status", nil))
		if w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}

// certificates writes a certificate of 127.0.0.1 that is its own authority.
func certificates(t *testing.T, dir, name string) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	quiet(t, "key", err)
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	quiet(t, "certificate", err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	quiet(t, "key", err)
	certFile, keyFile = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	quiet(t, "write", errors.Join(os.WriteFile(certFile, certPEM, 0o600),
		os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600)))
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return certFile, keyFile, pool
}

// Over TLS with certificates both ways; clients that never shake hands keep
// nobody out.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile, pool := certificates(t, dir, "server")
	mineFile, mineKey, _ := certificates(t, dir, "client")
	cfg, err := (&security.ServerTLS{CertFile: certFile, KeyFile: keyFile, ClientCAFile: mineFile}).Config(nil)
	quiet(t, "config", err)
	s := serve(t, rest.ServerOptions{Handler: demo().handler(), TLS: cfg, MaxConns: 64})
	mine, err := tls.LoadX509KeyPair(mineFile, mineKey)
	quiet(t, "load", err)
	get := func(pool *x509.CertPool, certs ...tls.Certificate) (int, error) {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: certs}}}
		r, err := client.Get("https://" + s.Addr().String() + "/connectors")
		if err != nil {
			return 0, err
		}
		return r.StatusCode, r.Body.Close()
	}
	slow(t, s, 100, "\x16\x03\x01") // the beginning of a hello
	if code, err := get(pool, mine); code != 200 || err != nil {
		t.Error(code, err)
	}
	if code, err := get(pool); err == nil {
		t.Errorf("without a certificate: %d", code)
	}
	_, _, pool = certificates(t, dir, "server") // renewed
	if code, err := get(pool, mine); code != 200 || err != nil {
		t.Error("renewed:", code, err)
	}
	if n := s.Connections(); n > 64 {
		t.Errorf("%d connections", n)
	}
}
