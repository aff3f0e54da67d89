package registry

import (
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/secret"
)

// reveal is a secret that was resolved.
func reveal(t *testing.T, value string) secret.Secret {
	t.Helper()
	t.Setenv("KCGEN_TEST_SECRET", value)
	s := secret.Ref("${env:KCGEN_TEST_SECRET}")
	if err := secret.Resolve(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// fake is a registry of the test's own, which counts what it is asked.
type fake struct {
	*srfake.Registry
	asked atomic.Int64
}

func newFake(t *testing.T, opts ...srfake.Option) *fake {
	t.Helper()
	f := &fake{Registry: srfake.New(opts...)}
	t.Cleanup(f.Close)
	f.Intercept(func(http.ResponseWriter, *http.Request) bool { f.asked.Add(1); return false })
	return f
}

// answers has the registry answer everything, or nothing special again (0).
func (f *fake) answers(status int, header, body string) {
	f.ClearInterceptors()
	f.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		f.asked.Add(1)
		if status == 0 {
			return false
		}
		if k, v, ok := strings.Cut(header, ": "); ok {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
		return true
	})
}

// session opens a session for values.
func session(t *testing.T, o Options, urls ...string) *Session {
	t.Helper()
	o.SchemaRegistry.URL = urls
	s, err := Open(o, Avro, connect.RoleValue)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// settled asks until there is an answer, for as long as none has come yet: the
// machine may be slow.
func settled(ask func() (Schema, error)) (Schema, error) {
	for {
		got, err := ask()
		if err == nil || !strings.Contains(err.Error(), "still asking") {
			return got, err
		}
	}
}

func read(s *Session, id int) (Schema, error) {
	return settled(func() (Schema, error) { return s.Read(id) })
}

func write(s *Session, topic, record string, own Schema) (Schema, error) {
	return settled(func() (Schema, error) { return s.Write(topic, record, own) })
}

// nature is what the worker does with an error.
func nature(err error) string {
	switch {
	case err == nil:
		return "none"
	case errors.Is(err, connect.ErrUnavailable):
		return "away"
	case errors.Is(err, connect.ErrFatal):
		return "fatal"
	}
	return "record"
}

// has fails the test unless err is of a nature and says the words.
func has(t *testing.T, err error, want string, words ...string) {
	t.Helper()
	if nature(err) != want {
		t.Fatalf("%v is %s, want %s", err, nature(err), want)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%v lacks %q", err, w)
		}
	}
	if err != nil && strings.Contains(err.Error(), "canary") {
		t.Errorf("a secret in %v", err)
	}
}

// trust writes the certificate of a test server for tls.caFile.
func trust(t *testing.T, srv *httptest.Server) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const (
	stringSchema = `"string"`
	userSchema   = `{"type":"record","name":"User","fields":[{"name":"id","type":"int"}]}`
	orderSchema  = `{"type":"record","name":"Order","fields":[{"name":"by","type":"User"}]}`
	teamSchema   = `{"type":"record","name":"Team","fields":[{"name":"orders","type":{"type":"array","items":"Order"}}]}`
)

// seed puts schemas that refer to each other into a registry: ids 1 to 3.
func (f *fake) seed() {
	f.SeedSchema("user", 1, 1, sr.Schema{Schema: userSchema})
	f.SeedSchema("order", 1, 2, sr.Schema{Schema: orderSchema, References: []sr.SchemaReference{{Name: "User", Subject: "user", Version: 1}}})
	f.SeedSchema("team-value", 1, 3, sr.Schema{Schema: teamSchema, References: []sr.SchemaReference{
		{Name: "User", Subject: "user", Version: 1}, {Name: "Order", Subject: "order", Version: 1}}})
}

const minute = time.Minute
