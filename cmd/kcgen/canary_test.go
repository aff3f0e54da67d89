package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
)

// The secrets of testdata/canary, by the references that name them. What is
// within a URL is written as URLs have it.
var (
	canaryEnv = []string{"SOURCE_PASSWORD", "SOURCE_HEADER", "SOURCE_TOKEN_1", "KAFKA_PASSWORD", "REST_PASSWORD",
		"KEY_CONVERTER_KEY", "TRANSFORM_KEY", "PREDICATE_KEY", "REGISTRY_TOKEN", "REGISTRY_CLIENT_SECRET", "SINK_PASSWORD"}
	canaryURLs  = []string{"SOURCE_URL_PASSWORD", "TRACING_PASSWORD", "REGISTRY_URL_PASSWORD"}
	canaryProps = []string{"source.token.2", "rest.password"}
	canaryFiles = []string{"nested", "rest", "converter"}
)

// TestCanaries has a secret in every kind of field of a pipeline, whose parts
// fail in every way and tell all that they know; and looks for the secrets
// wherever anything of it can be seen.
func TestCanaries(t *testing.T) {
	if testing.Short() {
		t.Skip("make test looks for secrets in all that a program shows; package secret holds how one is told")
	}
	w := newCanaryWorld(t)
	seen := evidence{}
	w.build(seen)
	log := filepath.Join(w.dir, "log.txt")
	p, address := w.run(log)
	w.await(address)
	w.askEverything(address, seen)
	seen["profiles"] = w.profiles(log)
	if err := p.Process.Signal(syscall.SIGQUIT); err != nil { // every goroutine's stack
		t.Fatal(err)
	}
	_ = p.Wait()
	w.readTopics(seen)
	for _, args := range [][]string{{"version"}, {"offsets", "list"}} {
		out, err := w.command(args...).CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
		seen[strings.Join(args, " ")] = out
	}
	seen.file(t, "log", log)

	// What was to be said is there: it was not looked for in nothing.
	seen.holds(t, "log", "level=DEBUG", "SIGQUIT", "goroutine 1 ", "leaky: poll", "leaky: transform", "leaky: refuse", "leaky: close", "leaky opens",
		"${env:SOURCE_PASSWORD}", "a record failed and is tolerated", "it refuses us", "the token endpoint refused the client")
	seen.holds(t, "generated source", `secret.Ref("${env:TRANSFORM_KEY}")`)
	seen.holds(t, "topic source-letters", "leaky: transform", "leaky: encode", "panic: ", "goroutine ", "${env:TRANSFORM_KEY}", "${env:PREDICATE_KEY}", "${dir:secrets:converter}")
	seen.holds(t, "topic sink-letters", "leaky: refuse", "${env:SINK_PASSWORD}")
	seen.holds(t, "topic connect-status", "FAILED", "panic: ", "it refuses us")
	seen.holds(t, "topic connect-offsets", "leaky")
	seen.holds(t, "topic connect-configs", "target-state-failing")
	seen.holds(t, "REST", "${dir:secrets:converter}", "panic: ", "kafka_connect_")
	seen.holds(t, "profiles", "goroutine ")
	if n := len(w.canaries); n < 20 {
		t.Errorf("%d canaries", n)
	}
	for name, value := range w.canaries {
		for _, form := range forms(value) {
			for where, text := range seen {
				if i := bytes.Index(text, []byte(form)); i >= 0 {
					t.Errorf("%s is in the %s: …%s…", name, where, text[max(0, i-200):min(len(text), i+len(form)+50)])
				}
			}
		}
	}
}

// forms are a secret as it is, and as it may be written elsewhere.
func forms(s string) []string {
	quoted, _ := json.Marshal(s)
	out := []string{s, url.QueryEscape(s), url.PathEscape(s), string(quoted[1 : len(quoted)-1]), hex.EncodeToString([]byte(s)), strings.ToUpper(s)}
	for shift := range 3 { // base64 differs with what stands before, and mixes the ends with it
		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			text := e.EncodeToString(append(make([]byte, shift), s...))
			out = append(out, text[4:len(text)-4])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// evidence is what can be seen, by where.
type evidence map[string][]byte

func (e evidence) add(where string, text []byte) { e[where] = append(append(e[where], text...), '\n') }

func (e evidence) file(t *testing.T, where, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	e.add(where, text)
}

func (e evidence) holds(t *testing.T, where string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !bytes.Contains(e[where], []byte(word)) {
			t.Errorf("%q is not in the %s; the test looks at too little", word, where)
		}
	}
}

// canaryWorld is a user's module with the spec, a broker, and a registry that
// tells who asks what it was asked with.
type canaryWorld struct {
	t        *testing.T
	dir      string
	broker   *kfake.Cluster
	server   *httptest.Server
	canaries map[string]string
}

func newCanaryWorld(t *testing.T) *canaryWorld {
	t.Helper()
	w := &canaryWorld{t: t, dir: t.TempDir(), canaries: map[string]string{}}
	w.files()
	w.secrets()
	w.server = httptest.NewTLSServer(http.HandlerFunc(w.registry))
	t.Cleanup(w.server.Close)
	w.certificates()
	var err error
	w.broker, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.DefaultNumPartitions(1), kfake.AllowAutoTopicCreation(),
		kfake.BrokerConfigs(map[string]string{"default.replication.factor": "1"}),
		kfake.TLS(w.server.TLS), kfake.EnableSASL(), kfake.Superuser("PLAIN", "keeper", w.canaries["KAFKA_PASSWORD"]))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.broker.Close)
	t.Setenv("BROKERS", w.broker.ListenAddrs()[0])
	t.Setenv("REGISTRY", w.server.URL)
	t.Setenv("REGISTRY_HOST", strings.TrimPrefix(w.server.URL, "https://"))
	return w
}

// files makes the module.
func (w *canaryWorld) files() {
	module, err := filepath.Abs("../..")
	err = errors.Join(err, os.CopyFS(w.dir, os.DirFS("testdata/canary")), os.Mkdir(filepath.Join(w.dir, "secrets"), 0o755))
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("go.mod", "module example.com/canary\n\ngo 1.26.0\n\nrequire kcgen.dev v0.0.0\n\nreplace kcgen.dev => "+module+"\n")
	w.t.Chdir(w.dir)
}

func (w *canaryWorld) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// secrets invents them, and puts each where its reference says: they are there
// when the program is built, too.
func (w *canaryWorld) secrets() {
	invent := func(name, special string) string {
		w.canaries[name] = fmt.Sprintf("Canary%02d%sÄfter%sthe%sdark", len(w.canaries), special, special, special)
		return w.canaries[name]
	}
	for _, name := range canaryEnv {
		w.t.Setenv(name, invent(name, "+/"))
	}
	for _, name := range canaryURLs {
		w.t.Setenv(name, url.QueryEscape(invent(name, "-&")))
	}
	w.t.Setenv("REGISTRY_USER_INFO", "me:"+invent("REGISTRY_USER_INFO", "<>"))
	var props strings.Builder
	for _, name := range canaryProps {
		fmt.Fprintf(&props, "%s=%s\n", name, invent(name, "&/"))
	}
	w.write("secrets.properties", props.String())
	for _, name := range canaryFiles {
		w.write("secrets/"+name, invent(name, "?$"))
	}
}

// certificates are the test server's own, for all: who is asked matters less
// here than what their keys' files hold.
func (w *canaryWorld) certificates() {
	cert := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.server.Certificate().Raw}))
	der, err := x509.MarshalPKCS8PrivateKey(w.server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		w.t.Fatal(err)
	}
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	lines := strings.Split(key, "\n")
	w.canaries["the key files"] = lines[len(lines)/2]
	for _, name := range []string{"server", "client"} {
		w.write(name+".pem", cert)
		w.write(name+".key", key)
	}
	w.write("ca.pem", cert)
}

// registry answers who may ask, and tells all others what they showed.
func (w *canaryWorld) registry(rw http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	if r.URL.Path == "/token" || password != w.canaries["REGISTRY_USER_INFO"] {
		rw.WriteHeader(http.StatusUnauthorized)
		told := fmt.Sprintf("we do not know %s: %s %s", r.Header.Get("Authorization"), user, password)
		_ = json.NewEncoder(rw).Encode(map[string]any{"error_code": 401, "message": told, "error_description": told})
		return
	}
	switch {
	case r.Method == http.MethodPost:
		fmt.Fprint(rw, `{"id":7}`)
	case strings.HasPrefix(r.URL.Path, "/schemas/ids/"):
		fmt.Fprint(rw, `{"schema":"\"string\""}`)
	default:
		rw.WriteHeader(http.StatusNotFound)
		fmt.Fprint(rw, `{"error_code":40401,"message":"no"}`)
	}
}

// build makes the program by kcgen's own commands.
func (w *canaryWorld) build(seen evidence) {
	for _, args := range [][]string{{"types", "./leaky"}, {"vet", "canary.cue"}, {"generate", "canary.cue"}, {"build", "-o", "canary", "canary.cue"}} {
		var out, stderr bytes.Buffer
		if code := kcgen(args, &out, &stderr); code != 0 {
			w.t.Fatalf("%v: exit code %d: %s", args, code, &stderr)
		}
		seen.add("output of "+args[0], append(out.Bytes(), stderr.Bytes()...))
		if args[0] == "generate" {
			seen.add("generated source", out.Bytes())
		}
	}
	seen.file(w.t, "binary", filepath.Join(w.dir, "canary"))
}

func (w *canaryWorld) command(args ...string) *exec.Cmd {
	return exec.CommandContext(w.t.Context(), filepath.Join(w.dir, "canary"), args...)
}

var servesAt = regexp.MustCompile(`serving Kafka Connect's REST API" at=([0-9.:]+)`)

// run starts the program and says where its REST API is.
func (w *canaryWorld) run(log string) (*exec.Cmd, string) {
	f, err := os.Create(log)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	p := w.command("-log-level", "debug-4", "-progress", "on", "-pprof", "127.0.0.1:0")
	p.Stdout, p.Stderr = f, f
	if err := p.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = p.Process.Kill() })
	return p, "https://" + w.logged(log, servesAt)
}

// logged waits for a line of the log.
func (w *canaryWorld) logged(log string, what *regexp.Regexp) string {
	w.t.Helper()
	var text []byte
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(20 * time.Millisecond) {
		text, _ = os.ReadFile(log)
		if m := what.FindSubmatch(text); m != nil {
			return string(m[1])
		}
	}
	w.t.Fatalf("no %v in the log:\n%s", what, text)
	return ""
}

// await waits until all that is to fail has, and its letters are written.
func (w *canaryWorld) await(address string) {
	w.t.Helper()
	var text string
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(50 * time.Millisecond) {
		_, body := w.ask("GET", address+"/connectors?expand=status", "")
		var all map[string]struct {
			Status struct{ Tasks []struct{ State string } }
		}
		text = string(body)
		if json.NewDecoder(bytes.NewReader(body)).Decode(&all) != nil {
			continue
		}
		done := 0
		for _, name := range []string{"panicking", "wrong-user", "wrong-token", "wrong-client", "breaking"} {
			if c := all[name].Status.Tasks; len(c) == 1 && c[0].State == "FAILED" {
				done++
			}
		}
		for name, at := range map[string]string{"failing": `"at":6`, "refusing": `"kafka_offset":3`, "misreading": `"kafka_offset":3`} {
			_, offsets := w.ask("GET", address+"/connectors/"+name+"/offsets", "")
			if text += string(offsets); bytes.Contains(offsets, []byte(at)) {
				done++
			}
		}
		if done == 8 {
			return
		}
	}
	w.t.Fatalf("the tasks do not fail as they should: %s", text)
}

func (w *canaryWorld) ask(method, address, body string) (int, []byte) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.SetBasicAuth("operator", w.canaries["REST_PASSWORD"])
	req.Header.Set("Content-Type", "application/json")
	resp, err := w.server.Client().Do(req)
	if err != nil {
		return 0, []byte(err.Error()) // it is starting
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, fmt.Appendf(text, "\n%v", resp.Header)
}

// askEverything asks for all that there is, and for what there is not.
func (w *canaryWorld) askEverything(address string, seen evidence) {
	_, body := w.ask("GET", address+"/connectors/failing/config", "")
	config, _, _ := bytes.Cut(body, []byte("\n"))
	requests := []struct{ method, path, body string }{
		{"PUT", "/admin/loggers/root?scope=cluster", `{"level":"TRACE"}`},
		{"PUT", "/connectors/failing/config", string(config)},
		{"PUT", "/connectors/failing/config", `{"connector.class":"leaky.Source","password":"another"}`},
		{"PUT", "/connector-plugins/leaky.Source/config/validate", string(config)},
		{"PUT", "/connector-plugins/leaky.Source/config/validate", `{"connector.class":"leaky.Source"}`},
		{"PATCH", "/connectors/failing/offsets", `{"offsets":[{"partition":{"leaky":"all"},"offset":{"at":1}}]}`}, // it runs
		{"POST", "/connectors/panicking/restart?includeTasks=true&onlyFailed=true", ""},
		{"PUT", "/connectors/failing/pause", ""}, {"PUT", "/connectors/failing/resume", ""},
		{"DELETE", "/connectors/failing", ""}, {"POST", "/connectors", `{`}, {"GET", "/nowhere", ""},
	}
	for _, path := range []string{"/", "/health", "/metrics", "/connectors?expand=info&expand=status", "/connector-plugins?connectorsOnly=false",
		"/connector-plugins/leaky.Source/config", "/connector-plugins/leaky.Transform/config", "/connector-plugins/avro.Converter/config", "/admin/loggers"} {
		requests = append(requests, struct{ method, path, body string }{"GET", path, ""})
	}
	for _, c := range []string{"failing", "panicking", "wrong-user", "wrong-token", "wrong-client", "refusing", "breaking", "misreading"} {
		for _, path := range []string{"", "/config", "/status", "/tasks", "/tasks/0/status", "/topics", "/offsets"} {
			requests = append(requests, struct{ method, path, body string }{"GET", "/connectors/" + c + path, ""})
		}
	}
	for _, r := range requests {
		code, text := w.ask(r.method, address+r.path, r.body)
		if code == 0 || code >= 500 || r.method == "PATCH" && code != 400 {
			w.t.Errorf("%s %s: %d %s", r.method, r.path, code, text)
		}
		seen.add("REST", fmt.Appendf(nil, "%s %s: %d %s", r.method, r.path, code, text))
	}
}

var profilesAt = regexp.MustCompile(`serving profiles" at=(\S+)`)

func (w *canaryWorld) profiles(log string) (all []byte) {
	at := w.logged(log, profilesAt)
	for _, path := range []string{"goroutine?debug=2", "heap?debug=1", "cmdline"} {
		resp, err := http.Get(at + path)
		if err != nil {
			w.t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		if err = errors.Join(err, resp.Body.Close()); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, text...)
	}
	return all
}

// readTopics reads all there are to their ends.
func (w *canaryWorld) readTopics(seen evidence) {
	dialer := &tls.Dialer{NetDialer: &net.Dialer{}, Config: &tls.Config{RootCAs: w.server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}}
	opts := []kgo.Opt{kgo.Dialer(dialer.DialContext), kgo.SASL(plain.Auth{User: "keeper", Pass: w.canaries["KAFKA_PASSWORD"]}.AsMechanism())}
	adm := kadm.NewClient(client(w.t, w.broker.ListenAddrs()[0], opts...))
	ends, err := adm.ListEndOffsets(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	ends.Each(func(end kadm.ListedOffset) {
		cl := client(w.t, w.broker.ListenAddrs()[0], append(opts, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{end.Topic: {end.Partition: kgo.NewOffset().At(0)}}))...)
		for next := int64(0); next < end.Offset; {
			fetches := cl.PollFetches(w.t.Context())
			if err := fetches.Err(); err != nil {
				w.t.Fatal(err)
			}
			for _, r := range fetches.Records() {
				next = r.Offset + 1
				seen.add("topic "+r.Topic, fmt.Appendf(nil, "%s\n%s\n", r.Key, r.Value))
				for _, h := range r.Headers {
					seen.add("topic "+r.Topic, fmt.Appendf(nil, "%s: %s", h.Key, h.Value))
				}
			}
		}
	})
}
