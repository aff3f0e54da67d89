package rest_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"kcgen.dev/runtime/state"
)

// fuzzed are the parts of which requests are made at random.
var fuzzed = struct{ methods, segments, queries, media, bodies []string }{
	methods: []string{"GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "FOO"},
	segments: []string{"connectors", "src", "snk", "nope", "config", "status", "tasks", "0", "9", "-1", "x", "restart", "pause", "resume", "stop",
		"topics", "reset", "offsets", "connector-plugins", "FileStreamSource", "transform.Cast", "validate", "admin", "loggers", "root", "kafka",
		"health", "", "%2F", "%00", "..", "%2e", "%zz", "é", "%F0%9F%98%80", "a%20b", ";x=1", "tasks-config", "fence"},
	queries: []string{"", "?expand=status", "?expand=info&expand=x", "?includeTasks=true", "?onlyFailed=TRUE&includeTasks=", "?%zz", "?a;b", "?connectorsOnly=false",
		"?scope=cluster", "?timeout=x"},
	media: []string{"application/json", "application/json", "application/json", "text/plain", "", "application/json; charset=\"", "é"},
	bodies: []string{"", "{}", "[]", "null", "1", `"`, "{", `{"level":"DEBUG"}`, `{"level":null}`, `{"level":7}`,
		`{"name":"src","config":{"connector.class":"FileStreamSource"}}`, `{"name":1,"config":[]}`, `{"connector.class":"FileStreamSource","tasks.max":"1"}`,
		`{"connector.class":{"a":1}}`, `{"offsets":[{"partition":{"filename":"a"},"offset":{"position":1}}]}`, `{"offsets":[{"partition":{"kafka_topic":"t","kafka_partition":0},"offset":{"kafka_offset":1}}]}`,
		`{"offsets":[null]}`, `{"offsets":{}}`, `{"offsets":[{"partition":[],"offset":1}]}`, "{\"a\":\"\xff\"}", `{"a":1e999999}`, `{"offsets":[{"partition":{"kafka_topic":1,"kafka_partition":1e3}}]}`,
		`{"offsets":[{"partition":{"kafka_topic":"no-such-topic","kafka_partition":0},"offset":{"kafka_offset":1}}]}`,
		`{"offsets":[{"partition":{"kafka_topic":"t","kafka_partition":7},"offset":{"kafka_offset":1}}]}`,
		`{"offsets":[{"partition":{"kafka_topic":"t t/","kafka_partition":0},"offset":{"kafka_offset":1}}]}`,
		strings.Repeat("[", 300), strings.Repeat(`{"":`, 300)},
}

func pick(r *rand.Rand, list []string) string { return list[r.IntN(len(list))] }

// mutate changes some bytes of a text.
func mutate(r *rand.Rand, s string) string {
	b := []byte(s)
	for range r.IntN(4) {
		if len(b) > 0 && r.IntN(3) > 0 {
			b[r.IntN(len(b))] = byte(r.IntN(256))
		} else {
			at := r.IntN(len(b) + 1)
			b = append(b[:at:at], append([]byte(pick(r, fuzzed.bodies)), b[at:]...)...)
		}
	}
	return string(b)
}

// random is a request that nobody should make.
type random struct{ method, target, media, body string }

func randomRequest(r *rand.Rand) random {
	var path strings.Builder
	for range r.IntN(6) {
		fmt.Fprintf(&path, "/%s", pick(r, fuzzed.segments))
	}
	if r.IntN(2) == 0 { // one that there is, more often than by chance
		path.Reset()
		fmt.Fprintf(&path, "/connectors/%s/%s", pick(r, []string{"src", "snk"}), pick(r, fuzzed.segments))
	}
	x := random{target: path.String() + pick(r, fuzzed.queries), body: pick(r, fuzzed.bodies)}
	if r.IntN(3) == 0 {
		x.body = mutate(r, x.body)
	}
	x.method, x.media = pick(r, fuzzed.methods), pick(r, fuzzed.media)
	return x
}

// request is x for a handler.
func (x random) request() *http.Request {
	req := httptest.NewRequest("GET", "/", strings.NewReader(x.body))
	req.Method = x.method
	raw, query, _ := strings.Cut(x.target, "?")
	req.URL.RawQuery = query
	req.URL.RawPath, req.URL.Path = raw, raw
	if u, err := req.URL.Parse(x.target); err == nil && x.target != "" {
		req.URL = u
	}
	req.Header.Set("Content-Type", x.media)
	return req
}

// answers counts the answers to random requests by their codes.
type answers map[int]int

// enough fails the test where the requests have reached too little.
func (a answers) enough(t *testing.T) {
	t.Helper()
	t.Log("answers:", map[int]int(a))
	if a[200] == 0 || a[202] == 0 || a[204] == 0 || a[409] == 0 || a[404] == 0 {
		t.Error("the requests reach too little")
	}
}

// TestRandomRequests asks what nobody should: no answer is a fault of the
// server.
func TestRandomRequests(t *testing.T) {
	n := 100000
	if testing.Short() {
		n = 5000
	}
	const seed = 1
	r := rand.New(rand.NewPCG(seed, seed))
	p := demo()
	h := p.handler()
	codes := answers{}
	for i := range n {
		x := randomRequest(r)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, x.request())
		if codes[w.Code]++; w.Code >= 500 || w.Code < 200 {
			t.Fatalf("request %d of seed %d: %+v: %d %s", i, seed, x, w.Code, w.Body)
		}
		p.herder.conns["src"].target = []state.Target{state.Started, state.Stopped}[r.IntN(2)]
	}
	codes.enough(t)
}

func FuzzRequest(f *testing.F) {
	for _, e := range fuzzed.bodies {
		f.Add("PATCH", "/connectors/src/offsets", e)
		f.Add("PUT", "/connectors/src/config", e)
		f.Add("POST", "/connectors", e)
	}
	p := demo()
	p.herder.conns["src"].target = state.Stopped
	h := p.handler()
	f.Fuzz(func(t *testing.T, method, path, body string) {
		req := httptest.NewRequest("GET", "/", bytes.NewReader([]byte(body)))
		req.Method = method
		req.URL.Path, req.URL.RawPath = path, path
		req.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, req); w.Code >= 500 {
			t.Errorf("%s %q %q: %d %s", method, path, body, w.Code, w.Body)
		}
	})
}
