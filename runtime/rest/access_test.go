package rest_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"kcgen.dev/runtime/rest"
	"kcgen.dev/runtime/secret"
)

// request is what a test sends; JSON unless it says otherwise.
func request(h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "127.0.0.1:8083"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// users are resolved as those of a pipeline are.
func users(t *testing.T) map[string]secret.Secret {
	t.Helper()
	t.Setenv("OPERATOR", "p4ss:word")
	t.Setenv("VIEWER", "other")
	o := struct{ Users map[string]secret.Secret }{map[string]secret.Secret{"operator": secret.Ref("${env:OPERATOR}"), "viewer": secret.Ref("${env:VIEWER}")}}
	quiet(t, "resolve", secret.Resolve(&o))
	return o.Users
}

func TestBasicAuth(t *testing.T) {
	p := demo()
	p.o.Users = users(t)
	var log strings.Builder
	p.o.Log = slog.New(slog.NewTextHandler(&log, nil))
	h := p.handler()
	for _, c := range []struct {
		path, user, password string
		want                 int
	}{
		{"/connectors", "", "", 401},
		{"/connectors", "operator", "p4ss:word", 200},
		{"/connectors", "viewer", "other", 200},
		{"/connectors", "operator", "other", 401},
		{"/connectors", "operator", "", 401},
		{"/connectors", "nobody", "", 401},
		{"/nope", "", "", 401},
		{"/health", "", "", 200},
		{"/health/", "", "", 200},
		{"/healthy", "", "", 401},
	} {
		r := httptest.NewRequest("GET", c.path, nil)
		if c.user != "" {
			r.SetBasicAuth(c.user, c.password)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.want || (w.Code == 401) != (w.Header().Get("WWW-Authenticate") != "") {
			t.Errorf("%s as %s: %d", c.path, c.user, w.Code)
		}
	}
	r := httptest.NewRequest("PUT", "/connectors/src/pause", nil)
	r.SetBasicAuth("operator", "p4ss:word")
	h.ServeHTTP(httptest.NewRecorder(), r)
	if !strings.Contains(log.String(), "user=operator") || strings.Contains(log.String(), "p4ss") {
		t.Errorf("the log: %s", log.String())
	}

	// A password that was never resolved is nobody's.
	p.o.Users = map[string]secret.Secret{"operator": secret.Ref("${env:OPERATOR}")}
	r = httptest.NewRequest("GET", "/", nil)
	r.SetBasicAuth("operator", "")
	w := httptest.NewRecorder()
	if p.handler().ServeHTTP(w, r); w.Code != 401 {
		t.Errorf("an empty password: %d", w.Code)
	}
}

func TestReadOnly(t *testing.T) {
	p := demo()
	p.o.ReadOnly = true
	h := p.handler()
	for path, want := range map[string]int{
		"PUT /connectors/src/pause": 403, "POST /connectors/src/restart": 403, "DELETE /connectors/src/offsets": 403,
		"PUT /admin/loggers/root": 403, "DELETE /connectors/src": 403, "POST /connectors": 403,
		"GET /connectors/src": 200, "OPTIONS /connectors": 200, "PATCH /connectors": 405,
	} {
		method, target, _ := strings.Cut(path, " ")
		if w := request(h, method, target, ""); w.Code != want {
			t.Errorf("%s: %d, want %d: %s", path, w.Code, want, w.Body)
		}
	}
	// Judging a configuration changes nothing.
	if w := request(h, "PUT", "/connector-plugins/FileStreamSink/config/validate", `{"connector.class":"FileStreamSink","topics":"t","name":"n"}`); w.Code != 200 {
		t.Errorf("validate: %d %s", w.Code, w.Body)
	}
}

// Pages of other sites cannot ask.
func TestForeignSites(t *testing.T) {
	p := demo()
	p.o.Hosts = []string{"localhost", "connect.example"}
	h := p.handler()
	for _, c := range []struct {
		method  string
		headers []string
		want    int
	}{
		{"POST", nil, 204},
		{"POST", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"POST", []string{"Origin", "https://evil.example"}, 403},
		{"POST", []string{"Origin", "http://127.0.0.1:8083"}, 204},
		{"POST", []string{"Host", "evil.example"}, 403},
		{"POST", []string{"Host", "evil.example:8083"}, 403},
		{"POST", []string{"Host", "LOCALHOST:8083"}, 204},
		{"POST", []string{"Host", "connect.example"}, 204},
		{"POST", []string{"Host", "[::1]:8083"}, 204},
		{"POST", []string{"Host", "[::1]"}, 204},
		{"POST", []string{"Host", "localhost.evil.example"}, 403},
	} {
		if w := request(h, c.method, "/connectors/src/restart", "", c.headers...); w.Code != c.want {
			t.Errorf("%v: %d, want %d", c.headers, w.Code, c.want)
		}
	}
}

func TestBodies(t *testing.T) {
	h := demo().handler()
	const path = "/connectors/src/offsets"
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"empty":          {" ", 400},
		"null":           {"null", 400},
		"list":           {"[]", 400},
		"trailing":       {"{} {}", 400},
		"duplicate":      {`{"offsets":[],"offsets":[]}`, 400},
		"deep":           {strings.Repeat("[", 200000), 400},
		"deep object":    {strings.Repeat(`{"a":`, 101) + "1" + strings.Repeat("}", 101), 400},
		"surrogate":      {`{"offsets":[{"partition":{"filename":"\ud800"},"offset":null}]}`, 400},
		"no UTF-8":       {"{\"offsets\":\"\xff\"}", 400},
		"byte order":     {"\ufeff{}", 400},
		"not a number":   {`{"offsets":[{"partition":{"filename":"a"},"offset":{"position":NaN}}]}`, 400},
		"twice":          {`{"offsets":[{"partition":{"filename":"a"}},{"partition":{"filename":"a"}}]}`, 400},
		"unknown inside": {`{"offsets":[{"partition":{"filename":"a"},"offset":null,"x":1}]}`, 400},
		"long":           {`{"offsets":"` + strings.Repeat("x", 1<<20) + `"}`, 413},
		"long numbers":   {`{"offsets":[{"partition":{"filename":` + strings.Repeat("9", 100000) + `},"offset":null}]}`, 400},
	} {
		if w := request(h, "PATCH", path, c.body); w.Code != c.want {
			t.Errorf("%s: %d, want %d: %.200s", name, w.Code, c.want, w.Body)
		}
	}
	if w := request(h, "PATCH", path, "{}", "Content-Encoding", "gzip"); w.Code != 415 {
		t.Errorf("gzip: %d", w.Code)
	}
	for media, want := range map[string]int{"": 415, "text/plain": 415, "application/json; charset=utf-8": 400, "application/x-www-form-urlencoded": 415, ";": 415} {
		if w := request(h, "PATCH", path, "{}", "Content-Type", media); w.Code != want {
			t.Errorf("%q: %d, want %d", media, w.Code, want)
		}
	}
}

func TestPaths(t *testing.T) {
	p := demo()
	p.deploy("a/b c", map[string]string{"connector.class": "FileStreamSource"})
	p.deploy("..", map[string]string{"connector.class": "FileStreamSource"})
	p.o.Routes = map[string]http.Handler{"/metrics": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(299) })}
	h := p.handler()
	for target, want := range map[string]int{
		"GET /connectors/a%2Fb%20c/status": 200, "GET /connectors/a%2fb%20c/": 200, "GET /connectors/a/b%20c": 404,
		"GET /connectors/%2e%2e/status": 200, "GET /connectors/../status": 200, "GET /connectors/%2e/status": 404,
		"GET /connectors//status": 404, "GET //connectors": 404, "GET /connectors/src%00": 400, "GET /connectors/%0a": 404,
		"GET /connectors/" + strings.Repeat("x", 10000): 404, "GET /connectors/😀": 404,
		"GET /connectors/src/tasks/0/status": 200, "GET /connectors/src/tasks/+0/status": 404, "GET /connectors/src/tasks/-1/status": 404,
		"GET /connectors/src/tasks/99999999999999999999/status": 404,
		"POST /connectors/src/tasks":                            405, "PUT /connectors/src/fence": 404,
		"GET /connectors?expand=status&expand=;": 400, "GET /connectors?%zz": 400,
		"GET /metrics": 299, "POST /metrics": 404, "TRACE /connectors": 405, "GREET /connectors": 405,
	} {
		method, path, _ := strings.Cut(target, " ")
		w := request(h, method, path, "")
		if w.Code != want {
			t.Errorf("%.60s: %d, want %d: %.200s", target, w.Code, want, w.Body)
		}
		if w.Code == 405 && w.Header().Get("Allow") == "" {
			t.Errorf("%s: no Allow", target)
		}
		if w.Body.Len() > 1000 {
			t.Errorf("%.60s: the answer shows it all", target)
		}
	}
}

func TestHealth(t *testing.T) {
	p := demo()
	for _, c := range []struct {
		err     error
		code    int
		live    int // with ?live
		message string
	}{
		{nil, 200, 200, `"healthy"`},
		{errors.Join(rest.ErrStarting, errors.New("reading the offsets topic")), 503, 503, "reading the offsets topic"},
		{errors.New("no broker answers"), 500, 500, "no broker answers"},
		{rest.ErrApart, 500, 200, rest.ErrApart.Error()},
	} {
		p.herder.health = c.err
		w := request(p.handler(), "GET", "/health", "")
		if live := request(p.handler(), "GET", "/health?live", ""); w.Code != c.code || live.Code != c.live || !strings.Contains(w.Body.String(), c.message) {
			t.Errorf("%v: %d (live %d) %s", c.err, w.Code, live.Code, w.Body)
		}
	}
}

// A herder that hangs holds nobody for longer than the time of a request.
func TestHangingHerder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := demo()
		p.herder.hang = true
		h := p.handler()
		if w := request(h, "GET", "/health", ""); w.Code != 500 || !strings.Contains(w.Body.String(), "did not answer within 1s") {
			t.Errorf("health: %d %s", w.Code, w.Body)
		}
		if w := request(h, "GET", "/", ""); w.Code != 500 || !strings.Contains(w.Body.String(), "timed out") {
			t.Errorf("/: %d %s", w.Code, w.Body)
		}
	})
}

// A configuration that changes nothing is accepted.
func TestSameConfig(t *testing.T) {
	h := demo().handler()
	const same = `{"connector.class":"FileStreamSource","tasks.max":1,"file":"in.txt","topic":"t"}` // batch.size is the default
	for _, c := range []struct {
		method, body string
		want         int
	}{
		{"PUT", same, 200},
		{"PUT", strings.Replace(same, "{", `{"batch.size":"2000","name":"src",`, 1), 200},
		{"PUT", strings.Replace(same, "{", `{"batch.size":null,`, 1), 200},
		{"PUT", strings.Replace(same, "{", `{"batch.size":"1",`, 1), 409},
		{"PUT", strings.Replace(same, "{", `{"name":"other",`, 1), 400},
		{"PUT", strings.Replace(same, `"file":"in.txt",`, "", 1), 409},
		{"PATCH", `{"file":"in.txt"}`, 200},
		{"PATCH", `{}`, 200},
		{"PATCH", `{"nothing":null}`, 200},
		{"PATCH", `{"batch.size":null}`, 200},
		{"PATCH", `{"file":null}`, 409},
		{"PATCH", `{"file":"other"}`, 409},
		{"PATCH", `{"name":"other"}`, 400},
		{"PATCH", `{"tasks.max":"x"}`, 400},
	} {
		w := request(h, c.method, "/connectors/src/config", c.body)
		if w.Code != c.want || c.want == 409 && !strings.Contains(w.Body.String(), "kcgen build") {
			t.Errorf("%s %s: %d, want %d: %s", c.method, c.body, w.Code, c.want, w.Body)
		}
	}
}

// basic is the header of a login.
func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestKnownHosts(t *testing.T) {
	for addr, want := range map[string]string{"127.0.0.1:8083": "[localhost connect]", "[::1]:8083": "[localhost connect]", "10.0.0.1:8083": "[]", "0.0.0.0:8083": "[]"} {
		a, err := net.ResolveTCPAddr("tcp", addr)
		quiet(t, addr, err)
		if got := fmt.Sprint(rest.KnownHosts(a, "connect:8083")); got != want {
			t.Errorf("%s: %s", addr, got)
		}
	}
}
