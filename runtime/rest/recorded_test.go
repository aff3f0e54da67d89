package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kcgen.dev/runtime/offset"
	"kcgen.dev/runtime/state"
)

// exchange is a request, and what Kafka Connect 4.3.1 answered to it.
type exchange struct {
	Label, Method, Path, ContentType, Accept, Body, Allow, Answer string
	Status                                                        int
}

func recorded(t *testing.T) []exchange {
	t.Helper()
	text, err := os.ReadFile("testdata/recorded.jsonl")
	quiet(t, "read", err)
	var out []exchange
	for line := range strings.Lines(string(text)) {
		var e exchange
		quiet(t, "parse "+line, json.Unmarshal([]byte(line), &e))
		out = append(out, e)
	}
	return out
}

// deviations are those of the README's table: by the exchange's number, the
// status that kcgen gives instead.
func deviations(t *testing.T) map[string]int {
	t.Helper()
	text, err := os.ReadFile("README.md")
	quiet(t, "read", err)
	row := regexp.MustCompile(`(?m)^\|[^|]*\|[^|]*\| (\d{3})[^|]*\|[^|]*\| ([0-9, ]+) \|$`)
	out := map[string]int{}
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		status, _ := strconv.Atoi(m[1])
		for n := range strings.SplitSeq(m[2], ", ") {
			out[n] = status
		}
	}
	if len(out) < 10 {
		t.Fatalf("the table of deviations in README.md was not found: %v", out)
	}
	return out
}

// TestRecorded replays a session with Kafka Connect. Where that one made,
// changed or deleted a connector, a new program is deployed.
func TestRecorded(t *testing.T) {
	deviate := deviations(t)
	used := map[string]bool{}
	p := newPipeline()
	for _, e := range recorded(t) {
		number := e.Label[:3]
		happens(p, number)
		got := ask(p.handler(), e)
		if status, is := deviate[number]; is {
			used[number] = true
			if got.Code != status {
				t.Errorf("%s: %s %s: status %d, README.md says %d: %s", e.Label, e.Method, e.Path, got.Code, status, got.Body)
			}
			if got.Code == e.Status && e.Answer != "(long)" && same(e.Answer, got.Body.String()) {
				t.Errorf("%s: is no deviation", e.Label)
			}
		} else {
			compare(t, e, got)
		}
		follow(t, p, e)
	}
	for n := range deviate {
		if !used[n] {
			t.Errorf("README.md names %s, which was not recorded", n)
		}
	}
}

// happens is what the connectors have done by themselves before an exchange.
func happens(p *pipeline, number string) {
	src, snk := p.herder.conns["src"], p.herder.conns["snk"]
	switch number {
	case "055":
		p.herder.conns["bad"].failed = true
	case "074":
		src.offsets = []offset.Position{{Partition: json.RawMessage(`{"filename":"/srv/connect/data/r-in.txt"}`), Offset: json.RawMessage(`{"position":17}`)}}
		snk.offsets = sinkAt("rest-distributed", 0, 3)
		src.topics = []string{"rest-distributed"}
	case "116":
		snk.offsets = sinkAt("rest-distributed", 0, 6)
	case "146":
		p.herder.conns["failing"].failed = true
	case "151":
		p.herder.conns["failing3"].failed = true
	}
}

// follow deploys what an exchange has changed there.
func follow(t *testing.T, p *pipeline, e exchange) {
	t.Helper()
	var changed struct {
		Name   string
		Config map[string]string
	}
	switch {
	case e.Method == "DELETE" && e.Status == 204:
		p.remove(strings.TrimPrefix(e.Path, "/connectors/"))
	case e.Status == 201 || e.Status == 200 && strings.HasSuffix(e.Path, "/config") && e.Method != "GET":
		quiet(t, e.Label, json.Unmarshal([]byte(e.Answer), &changed))
		if changed.Name == "nul" {
			return // null can be no property's value in a spec
		}
		p.deploy(changed.Name, changed.Config)
		var asked struct {
			Initial string `json:"initial_state"`
		}
		_ = json.Unmarshal([]byte(e.Body), &asked)
		if to := map[string]state.Target{"STOPPED": state.Stopped, "PAUSED": state.Paused}[strings.ToUpper(asked.Initial)]; to != "" {
			p.herder.conns[changed.Name].target = to
			p.herder.conns[changed.Name].noTasks = true
		}
	}
}

func ask(h http.Handler, e exchange) *httptest.ResponseRecorder {
	r := httptest.NewRequest(e.Method, "http://127.0.0.1:18084"+e.Path, strings.NewReader(e.Body))
	if e.ContentType != "" {
		r.Header.Set("Content-Type", e.ContentType)
	}
	if e.Accept != "" {
		r.Header.Set("Accept", e.Accept)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func compare(t *testing.T, e exchange, got *httptest.ResponseRecorder) {
	t.Helper()
	body := got.Body.String()
	if e.Method == "HEAD" {
		body = "" // the server keeps it back
	}
	if got.Code != e.Status || e.Answer != "(long)" && !same(e.Answer, body) {
		t.Errorf("%s: %s %s %s\n got %d %s\nwant %d %s", e.Label, e.Method, e.Path, e.Body, got.Code, body, e.Status, e.Answer)
	}
	if want := e.Allow; want != "" && !sameSet(want, got.Header().Get("Allow")) {
		t.Errorf("%s: Allow %s, want %s", e.Label, got.Header().Get("Allow"), want)
	}
	if body != "" && e.Method != "OPTIONS" && got.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%s: Content-Type %s", e.Label, got.Header().Get("Content-Type"))
	}
}

// same compares answers by meaning: the order of names and of connectors is
// that of Java's hash maps there.
func same(a, b string) bool {
	if a == b {
		return true
	}
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return sameSet(a, b)
	}
	return reflect.DeepEqual(sorted(x), sorted(y))
}

func sorted(v any) any {
	list, isList := v.([]any)
	if !isList {
		return v
	}
	slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return list
}

func sameSet(a, b string) bool {
	set := func(s string) map[string]bool {
		m := map[string]bool{}
		for part := range strings.SplitSeq(s, ",") {
			m[strings.TrimSpace(part)] = true
		}
		return m
	}
	return maps.Equal(set(a), set(b))
}

// The answers have the same names in the same order as Kafka Connect's, but
// for maps: some clients compare texts.
func TestOrderOfNames(t *testing.T) {
	p := demo()
	for path, want := range map[string]string{
		"/":                              `{"version":"4.3.1","commit":"26b251a451ce941d","kafka_cluster_id":"qGqO05H6RTykqayM74wKAQ"}`,
		"/connectors/src/status":         `{"name":"src","connector":{"state":"RUNNING","worker_id":"127.0.0.1:18084","version":"4.3.1"},"tasks":[{"id":0,"state":"RUNNING","worker_id":"127.0.0.1:18084","version":"4.3.1"}],"type":"source"}`,
		"/connectors/src/tasks/0/status": `{"id":0,"state":"RUNNING","worker_id":"127.0.0.1:18084","version":"4.3.1"}`,
		"/connectors/nope":               `{"error_code":404,"message":"Connector nope not found"}`,
		"/health":                        `{"status":"healthy","message":"Worker has completed startup and is ready to handle requests."}`,
	} {
		got := ask(p.handler(), exchange{Method: "GET", Path: path})
		if !bytes.Equal(got.Body.Bytes(), []byte(want)) {
			t.Errorf("%s: %s", path, got.Body)
		}
	}
}
