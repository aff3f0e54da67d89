package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
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
	"kcgen.dev/runtime/security"
)

// What an answer means: the worker waits, the task fails, or the record is at
// fault.
func TestVerdicts(t *testing.T) {
	for _, test := range []struct {
		status       int
		header, body string
		want         string
		words        []string
	}{
		{500, "", `{"error_code":50001,"message":"Error in the backend data store"}`, "away", []string{"answers 500", "backend data store"}},
		{502, "", "<html>bad gateway</html>", "away", []string{"answers 502"}},
		{503, "", "", "away", nil},
		{429, "", `{"error_code":429,"message":"slow down"}`, "away", []string{"slow down"}},
		{408, "", "", "away", nil},
		{404, "", "<html>", "away", []string{"schemaRegistry.url", "/apis/ccompat/v7"}},
		{404, "", `{"error_code":404,"message":"HTTP 404 Not Found"}`, "away", []string{"no registry's answer"}},
		{200, "", "<html>please wait</html>", "away", []string{"no registry's answer"}},
		{200, "", "{}", "away", []string{"no registry's answer"}},
		{200, "", `{"schema":5}`, "away", []string{"no registry's answer"}},
		{200, "", "", "away", []string{"no registry's answer"}},
		{401, "", `{"error_code":401,"message":"Unauthorized"}`, "fatal", []string{"answers 401", "without a login (see schemaRegistry.basicAuthUserInfo", "Unauthorized"}},
		{403, "", `{"error_code":40301,"message":"User is denied operation Read on Subject: x"}`, "fatal", []string{"answers 403", "denied operation Read"}},
		{407, "", "", "fatal", []string{"HTTPS_PROXY"}},
		{302, "Location: http://example.com/login", "", "fatal", []string{"schemaRegistry.url"}},
		{422, "", `{"error_code":42205,"message":"Subject x is in read-only mode"}`, "fatal", []string{"read-only mode"}},
		{400, "", `{"error_code":400,"message":"bad"}`, "record", []string{"bad (error 400)"}},
		{404, "", `{"error_code":40403,"message":"Schema 5 not found"}`, "record", []string{"Schema 5 not found (error 40403)"}},
		{413, "", strings.Repeat("long ", 1000), "record", []string{"long  …", "(error 413)"}},
	} {
		t.Run(fmt.Sprintf("%d %.30s", test.status, test.body), func(t *testing.T) {
			f := newFake(t)
			f.answers(test.status, test.header, test.body)
			_, err := read(session(t, Options{}, f.URL()), 5)
			has(t, err, test.want, append(test.words, "registry: schema id 5")...)
			if len(err.Error()) > 2000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}

// A registry that is back is asked again at once.
func TestOutageEnds(t *testing.T) {
	f := newFake(t)
	f.seed()
	s := session(t, Options{AutoRegisterSchemas: true}, f.URL())
	for range 3 {
		f.answers(503, "", "")
		_, err := read(s, 1)
		has(t, err, "away")
		_, err = write(s, "t", "", Schema{Text: stringSchema})
		has(t, err, "away", "schema of the subject t-value")
	}
	f.answers(0, "", "")
	if _, err := read(s, 1); err != nil {
		t.Error(err)
	}
	if _, err := write(s, "t", "", Schema{Text: stringSchema}); err != nil {
		t.Error(err)
	}
}

// A registry that asks for time gets it, from this session at least.
func TestRetryAfter(t *testing.T) {
	for _, after := range []string{"3600", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)} {
		f := newFake(t)
		f.answers(429, "Retry-After: "+after, "")
		s := session(t, Options{}, f.URL())
		_, err := read(s, 1)
		has(t, err, "away", "429")
		_, err = read(s, 1)
		has(t, err, "away", "asked not to be asked")
		if n := f.asked.Load(); n != 1 {
			t.Errorf("%s: asked %d times", after, n)
		}
	}
	now := time.Now()
	for text, want := range map[string]time.Duration{"": 0, "2": 2 * time.Second, "soon": 0, "-1": 0, "99999": maxRest} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// nobody is an address where nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// Connections that fail in whatever way are a registry that is away.
func TestConnections(t *testing.T) {
	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }))
	defer cut.Close()
	half := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"schema":"`))
	}))
	defer half.Close()
	hangs := make(chan struct{})
	hung := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hangs }))
	defer hung.Close()
	defer close(hangs)
	for name, test := range map[string]struct {
		url  string
		word string
	}{
		"refused": {nobody(t), "connection refused"},
		"no name": {"http://registry.invalid:8081", "registry.invalid"},
		"cut":     {cut.URL, "EOF"},
		"half":    {half.URL, "unexpected EOF"},
		"hung":    {hung.URL, "does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			var o Options
			if name == "hung" {
				o.SchemaRegistry.RequestTimeout = 100 * time.Millisecond
			}
			_, err := read(session(t, o, test.url), 1)
			has(t, err, "away", test.url, test.word)
		})
	}
}

// Where one address does not answer the next one is asked, and asked first
// from then on; what one of them says of a record holds.
func TestSeveralAddresses(t *testing.T) {
	one, two := newFake(t), newFake(t)
	two.seed()
	one.answers(503, "", "")
	s := session(t, Options{}, nobody(t)+" , "+one.URL(), two.URL())
	for id := 1; id <= 3; id++ {
		if _, err := read(s, id); err != nil {
			t.Fatal(err)
		}
	}
	if n := one.asked.Load(); n != 1 {
		t.Errorf("the one that is away was asked %d times", n)
	}
	_, err := read(s, 9)
	has(t, err, "record", "40403")
	two.answers(401, "", "")
	_, err = read(s, 10)
	has(t, err, "away", "connection refused", "503", "401") // the others may come back
	one.answers(401, "", "")
	_, err = read(session(t, Options{}, one.URL()+","+two.URL()), 10)
	has(t, err, "fatal", "401")
}

func TestLogins(t *testing.T) {
	const basic, token = "Basic bWU6Y2FuYXJ5OmNhbmFyeQ==", "Bearer canary" // me:canary:canary
	for name, test := range map[string]struct {
		expected string
		set      func(t *testing.T, r *Registry)
		word     string // of the refusal where another login is expected
	}{
		"user info": {basic, func(t *testing.T, r *Registry) { r.BasicAuthUserInfo = reveal(t, "me:canary:canary") }, `as the user "me" (see schemaRegistry.basicAuthUserInfo)`},
		"URL": {basic, func(t *testing.T, r *Registry) {
			r.URL[0] = strings.Replace(r.URL[0], "://", "://me:canary%3Acanary@", 1)
		}, "within schemaRegistry.url"},
		"bearer": {token, func(t *testing.T, r *Registry) { r.BearerAuthToken = reveal(t, "canary") }, "bearerAuthToken (has it expired?)"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, expected := range []string{test.expected, "Basic other"} {
				f := newFake(t, srfake.WithAuth(expected))
				f.SeedSchema("x", 1, 1, sr.Schema{Schema: stringSchema})
				o := Options{SchemaRegistry: Registry{URL: []string{f.URL()}, AllowWithoutTLS: true}}
				test.set(t, &o.SchemaRegistry)
				_, err := read(session(t, o, o.SchemaRegistry.URL...), 1)
				if expected == test.expected {
					has(t, err, "none")
				} else {
					has(t, err, "fatal", test.word)
				}
			}
		})
	}
}

// The password within an address shows in no error.
func TestAddressesShowNoPassword(t *testing.T) {
	closed := strings.Replace(nobody(t), "://", "://me:canary@", 1)
	o := Options{SchemaRegistry: Registry{AllowWithoutTLS: true}}
	_, err := read(session(t, o, closed), 1)
	has(t, err, "away", "connection refused")
	for _, bad := range []string{"ftp://me:canary@x", "https://me:canary@", "http://me:canary@%zz", "https://me:canary@x?y=1", "me:canary", "http://me:canary@x:port"} {
		o.SchemaRegistry.URL = []string{bad}
		_, err := Open(o, Avro, connect.RoleValue)
		has(t, err, "record", "schemaRegistry.url")
	}
}

// Redirects are not followed: neither credentials nor schemas go to others.
func TestRedirects(t *testing.T) {
	other := newFake(t)
	other.seed()
	f := newFake(t)
	for _, status := range []int{301, 302, 307, 308} {
		f.answers(status, "Location: "+other.URL()+"/schemas/ids/1", "")
		o := Options{SchemaRegistry: Registry{BearerAuthToken: reveal(t, "canary"), AllowWithoutTLS: true}, AutoRegisterSchemas: true}
		s := session(t, o, f.URL())
		_, err := read(s, 1)
		has(t, err, "fatal", fmt.Sprint(status))
		_, err = write(s, "t", "", Schema{Text: userSchema})
		has(t, err, "fatal", fmt.Sprint(status))
	}
	if n := other.asked.Load(); n != 0 {
		t.Errorf("the other was asked %d times", n)
	}
}

func TestOptionFaults(t *testing.T) {
	pw := reveal(t, "me:canary")
	issuer := Registry{BearerAuthIssuerEndpointURL: "https://idp/token", BearerAuthClientID: "i", BearerAuthClientSecret: pw}
	with := func(r Registry, f func(*Registry)) Registry { f(&r); return r }
	for want, r := range map[string]Registry{
		"schemaRegistry.url is empty":         {URL: []string{" , "}},
		"is not https":                        {URL: []string{"http://x"}, BasicAuthUserInfo: pw},
		"http://x is not https":               {URL: []string{"http://me:canary@x"}},
		"takes one login":                     {URL: []string{"https://x"}, BasicAuthUserInfo: pw, BearerAuthToken: pw},
		"stands beside":                       with(issuer, func(r *Registry) { r.BasicAuthUserInfo = pw }),
		"needs bearerAuthClientId":            with(issuer, func(r *Registry) { r.BearerAuthClientID = "" }),
		"must be an http or https URL":        with(issuer, func(r *Registry) { r.BearerAuthIssuerEndpointURL = "idp" }),
		"bearerAuthIssuerEndpointUrl is not":  with(issuer, func(r *Registry) { r.BearerAuthIssuerEndpointURL = "http://idp" }),
		"no colon":                            {URL: []string{"https://x"}, BasicAuthUserInfo: reveal(t, "canary")},
		"schemaRegistry.tls.caFile":           {URL: []string{"https://x"}, TLS: &security.TLS{CAFile: "/nowhere"}},
		"schemaRegistry.tls.certFile and tls": {URL: []string{"https://x"}, TLS: &security.TLS{CertFile: "x"}},
	} {
		if r.URL == nil {
			r.URL = []string{"https://x"}
		}
		_, err := Open(Options{SchemaRegistry: r}, Avro, connect.RoleValue)
		has(t, err, "record", "registry: schemaRegistry", want)
	}
	if _, err := Open(Options{SchemaRegistry: Registry{URL: []string{"https://x"}}}, Avro, connect.RoleHeader); err == nil {
		t.Error("headers have no subject")
	}
}

func TestTLS(t *testing.T) {
	fake := srfake.NewRegistry()
	fake.SeedSchema("x", 1, 1, sr.Schema{Schema: stringSchema})
	srv := httptest.NewTLSServer(fake.Handler())
	defer srv.Close()
	plain := newFake(t)
	for name, test := range map[string]struct {
		url   string
		tls   *security.TLS
		want  string
		words []string
	}{
		"good":       {srv.URL, &security.TLS{CAFile: trust(t, srv)}, "none", nil},
		"trusting":   {srv.URL, &security.TLS{InsecureSkipVerify: true}, "none", nil},
		"other name": {srv.URL, &security.TLS{CAFile: trust(t, srv), ServerName: "other"}, "fatal", []string{"does not hold", "serverName"}},
		"unknown CA": {srv.URL, nil, "fatal", []string{"does not hold", "schemaRegistry.tls.caFile"}},
		"no TLS":     {strings.Replace(plain.URL(), "http:", "https:", 1), nil, "fatal", []string{"does not speak TLS"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(session(t, Options{SchemaRegistry: Registry{TLS: test.tls}}, test.url), 1)
			has(t, err, test.want, test.words...)
		})
	}
}

// A token comes from the token endpoint, goes along with what Confluent's cloud
// wants, and is fetched anew when the registry does not take it any more.
func TestTokens(t *testing.T) {
	var given atomic.Int64
	status := http.StatusOK
	idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, pw, _ := r.BasicAuth()
		if id != "client" || pw != "canary" || r.PostFormValue("scope") != "sr" {
			t.Errorf("asked by %s with %v", id, r.PostForm)
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"access_token":"canary-%d","expires_in":3600}`, given.Add(1))
	}))
	defer idp.Close()
	f := newFake(t)
	f.seed()
	var good atomic.Value
	good.Store("Bearer canary-1")
	f.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("target-sr-cluster") != "lsrc-1" || r.Header.Get("Confluent-Identity-Pool-Id") != "pool-1" {
			t.Errorf("headers %v", r.Header)
		}
		if r.Header.Get("Authorization") != good.Load() {
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		return false
	})
	o := Options{SchemaRegistry: Registry{
		BearerAuthIssuerEndpointURL: idp.URL, BearerAuthClientID: "client", BearerAuthClientSecret: reveal(t, "canary"), BearerAuthScope: "sr",
		BearerAuthLogicalCluster: "lsrc-1", BearerAuthIdentityPoolID: "pool-1", AllowWithoutTLS: true,
	}}
	s := session(t, o, f.URL())
	if _, err := read(s, 3); err != nil { // with two references
		t.Fatal(err)
	}
	good.Store("Bearer canary-2")
	if _, err := read(s, 1); err != nil {
		t.Fatal(err)
	}
	if n := given.Load(); n != 2 {
		t.Errorf("%d tokens were fetched", n)
	}
	good.Store("none")
	_, err := read(s, 2)
	has(t, err, "fatal", "401", `the client "client"`, "bearerAuthClientSecret")
	status = http.StatusServiceUnavailable
	_, err = read(s, 4)
	has(t, err, "away", "503", idp.URL)
	status = http.StatusUnauthorized
	_, err = read(s, 5)
	has(t, err, "fatal", "refused the client", "see schemaRegistry.bearerAuthClientId, bearerAuthClientSecret")
}

// An answer is read to its bound and no further.
func TestLargeAnswer(t *testing.T) {
	f := newFake(t)
	f.answers(200, "", `{"schema":"`+strings.Repeat("x", maxAnswer)+`"}`)
	_, err := read(session(t, Options{}, f.URL()), 1)
	has(t, err, "record", "larger than 16 MiB")
}

// A registry whose schemas refer to ever more schemas is left.
func TestEndlessReferences(t *testing.T) {
	var n atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		next := fmt.Sprintf("r%d", n.Add(1))
		_ = json.NewEncoder(w).Encode(map[string]any{"id": 1, "subject": "s", "version": 1, "schema": stringSchema,
			"references": []map[string]any{{"name": next, "subject": next, "version": 1}}})
	}))
	defer srv.Close()
	_, err := read(session(t, Options{}, srv.URL), 1)
	has(t, err, "record", "refers to more than 1000 schemas")
}

// A 409 says which rule, and what of the schema; the old schema is left out.
func TestConflict(t *testing.T) {
	const old = `{oldSchema: '{"type":"record","name":"canary"}'}`
	conflict := `{"error_code":409,"message":"Schema being registered is incompatible with an earlier schema for subject \"t-value\""}`
	for name, test := range map[string]struct {
		config, check string
		words         []string
	}{
		"told": {`{"compatibilityLevel":"BACKWARD"}`,
			`{"is_compatible":false,"messages":["{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'The field 'b' at path '/fields/1' in the new schema has no default value'}","{oldSchemaVersion: 1}",` + quote(old) + `,"{validateFields: 'false', compatibility: 'BACKWARD'}"]}`,
			[]string{"under the rule BACKWARD", "READER_FIELD_MISSING_DEFAULT_VALUE", "'/fields/1'", "{oldSchemaVersion: 1}", "(error 409)"}},
		"not told": {"", "", []string{"incompatible with an earlier schema"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.ClearInterceptors()
			f.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
				body := conflict
				switch {
				case strings.HasPrefix(r.URL.Path, "/config/t-value") && r.URL.Query().Get("defaultToGlobal") == "true":
					body = test.config
				case strings.HasPrefix(r.URL.Path, "/compatibility/subjects/t-value/versions") && r.URL.Query().Get("verbose") == "true":
					body = test.check
				default:
					f.asked.Add(1)
					w.WriteHeader(http.StatusConflict)
				}
				if body == "" {
					w.WriteHeader(http.StatusNotFound)
				}
				_, _ = w.Write([]byte(body))
				return true
			})
			s := session(t, Options{AutoRegisterSchemas: true}, f.URL())
			for range 5 {
				_, err := write(s, "t", "", Schema{Text: userSchema})
				has(t, err, "record", append(test.words, "registry: schema of the subject t-value")...)
			}
			if n := f.asked.Load(); n > 2 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// Who asked may add to a refusal how the schema differs from the latest, and
// to nothing else.
func TestDiffers(t *testing.T) {
	f := newFake(t)
	f.SeedSchema("user", 1, 1, sr.Schema{Schema: userSchema})
	f.SeedSchema("order-value", 1, 2, sr.Schema{Schema: orderSchema, References: []sr.SchemaReference{{Name: "User", Subject: "user", Version: 1}}})
	f.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		refused := r.Method == http.MethodPost && !strings.HasPrefix(r.URL.Path, "/subjects/nonsense-value")
		if refused {
			w.WriteHeader(http.StatusConflict)
			_, _ = w.Write([]byte(`{"error_code":409,"message":"no"}`))
		}
		return refused
	})
	s := session(t, Options{AutoRegisterSchemas: true}, f.URL())
	var latest Schema
	differs := func(err error, why error) error {
		return Differs(err, func(l Schema) error { latest = l; return why })
	}
	_, refused := write(s, "order", "", Schema{Text: stringSchema})
	has(t, differs(refused, errors.New("field by is gone")), "record", "no (error 409); beside the latest version: field by is gone")
	if latest.Text != orderSchema || len(latest.Imports) != 1 {
		t.Errorf("compared with %+v", latest)
	}
	if err := differs(refused, nil); err != refused {
		t.Errorf("%v, want %v", err, refused)
	}
	_, unknown := write(s, "gone", "", Schema{Text: stringSchema})
	_, nonsense := write(s, "nonsense", "", Schema{Text: "{"})
	for _, err := range []error{nil, unknown, nonsense} {
		if got := differs(err, errors.New("why")); got != err {
			t.Errorf("%v, want %v", got, err)
		}
	}
}

func quote(s string) string { b, _ := json.Marshal(s); return string(b) }

// Proxies are the environment's, as everywhere in Go.
func TestProxy(t *testing.T) {
	r := Registry{URL: []string{"https://registry:8081"}}
	b, err := r.open()
	if err != nil {
		t.Fatal(err)
	}
	x := b.(*client).endpoints[0].client.OptValue(sr.HTTPClient).(*http.Client).Transport.(*exchange)
	if x.next.(*http.Transport).Proxy == nil {
		t.Error("there is no look into the environment")
	}
}

// References are resolved where the pipeline starts, several addresses in one
// string included.
func TestReferencesInTheSpec(t *testing.T) {
	f := newFake(t)
	f.seed()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "login"), []byte("me:pw"), 0o600); err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(f.URL())
	t.Setenv("KCGEN_TEST_URLS", nobody(t)+","+f.URL())
	t.Setenv("KCGEN_TEST_HOST", u.Host)
	for _, address := range []string{"${env:KCGEN_TEST_URLS}", "http://${env:KCGEN_TEST_HOST}"} {
		o := Options{SchemaRegistry: Registry{URL: []string{address}, BasicAuthUserInfo: secret.Ref("${dir:" + dir + ":login}"), AllowWithoutTLS: true}}
		if err := secret.Resolve(&o); err != nil {
			t.Fatal(err)
		}
		if _, err := read(session(t, o, o.SchemaRegistry.URL...), 1); err != nil {
			t.Error(err)
		}
	}
}
